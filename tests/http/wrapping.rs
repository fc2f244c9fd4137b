//! Where a middleware may stand: around anything, beside others, inside another of its kind.

use actix_web::{
    App, Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    error::ErrorRequestTimeout,
    middleware::{Condition, Next, from_fn},
    web,
};
use futures_util::FutureExt as _;
use sessions::{
    CookieStore, KeyRing, NamePrefix, Registry, SameSite, Session, SessionData, SessionError,
    SessionMiddleware,
};
use sessions_tests::{Browser, Server};

use crate::{
    journal,
    site::{Cart, NONE, add, line, lines, list, sealed, still},
};

#[derive(SessionData)]
struct Admin {
    notes: Vec<String>,
}

async fn note(mut admin: Session<Admin>, mut cart: Session<Cart>) -> String {
    admin.notes_mut().push("note".to_owned());
    cart.items_mut().push("tea".to_owned());
    format!("{} {}", admin.notes().len(), cart.items().len())
}

#[test]
fn it_wraps_an_app_a_scope_a_resource_and_a_route() {
    let sessions = sealed().build().unwrap();
    let server = Server::start(move || {
        let sessions = || sessions.clone();
        App::new()
            .service(
                web::scope("/scope")
                    .wrap(sessions())
                    .route("/{item}", web::get().to(add)),
            )
            .service(web::resource("/resource/{item}").wrap(sessions()).to(add))
            .route("/route/{item}", web::get().to(add).wrap(sessions()))
            .service(web::scope("/app").wrap(sessions()).service(
                web::scope("/a").service(web::scope("/b").route("/{item}", web::get().to(add))),
            ))
            .route("/bare", web::get().to(list))
    });
    let mut browser = Browser::new(&server);
    for path in ["/scope/1", "/resource/2", "/route/3", "/app/a/b/4"] {
        assert_eq!(lines(&browser.get(path)), [line("cart")], "{path}");
    }
    assert_eq!(browser.get("/route/5").text(), "1,2,3,4,5");
    assert_eq!(browser.get("/bare").status, 500);
}

#[test]
fn a_route_without_the_middleware_says_what_to_add() {
    journal::open();
    #[derive(SessionData)]
    struct Bare {
        count: u32,
    }
    let server = Server::start(|| {
        App::new()
            .route(
                "/",
                web::get().to(|bare: Session<Bare>| async move { bare.count().to_string() }),
            )
            .route(
                "/kind",
                web::get().to(|bare: Result<Session<Bare>, SessionError>| async move {
                    format!("{:?}", bare.unwrap_err().kind())
                }),
            )
            .route(
                "/option",
                web::get()
                    .to(|bare: Option<Session<Bare>>| async move { bare.is_none().to_string() }),
            )
            .route(
                "/registry",
                web::get().to(|_: Registry| async { "registry" }),
            )
    });
    let mut browser = Browser::new(&server);
    let reply = browser.get("/");
    assert_eq!((reply.status, reply.text()), (500, ""));
    assert_eq!(
        journal::about("session `bare`").first().map(String::as_str),
        Some(
            "ERROR session not available error=no session middleware answers for session `bare` on this route; \
             add `.wrap(sessions.clone())` to the App, after any middleware that uses sessions itself"
        )
    );
    assert_eq!(browser.get("/kind").text(), "MiddlewareMissing");
    assert_eq!(browser.get("/option").text(), "true");
    let reply = browser.get("/registry");
    assert_eq!((reply.status, reply.text()), (500, ""));
}

#[test]
fn it_can_be_switched_on_and_off() {
    let sessions = sealed().build().unwrap();
    let server = Server::start(move || {
        App::new()
            .service(
                web::scope("/on")
                    .wrap(Condition::new(true, sessions.clone()))
                    .route("/{item}", web::get().to(add)),
            )
            .service(
                web::scope("/off")
                    .wrap(Condition::new(false, sessions.clone()))
                    .route("/{item}", web::get().to(add)),
            )
    });
    let mut browser = Browser::new(&server);
    assert_eq!(lines(&browser.get("/on/tea")), [line("cart")]);
    let reply = browser.get("/off/tea");
    assert_eq!((reply.status, reply.set_cookies()), (500, vec![]));
}

async fn with_cart<B: MessageBody + 'static>(
    mut cart: Session<Cart>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    cart.items_mut().push("in".to_owned());
    let response = next.call(request).await?;
    cart.items_mut().push("out".to_owned());
    Ok(response)
}

/// Reads what the middlewares inside it set.
async fn count_cookies<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let mut response = next.call(request).await?;
    let count = response.headers().get_all("set-cookie").count();
    let value = count.to_string().parse().map_err(Error::from)?;
    let name = actix_web::http::header::HeaderName::from_static("x-cookies");
    response.headers_mut().insert(name, value);
    Ok(response)
}

#[test]
fn middleware_inside_uses_the_handlers_session_and_middleware_outside_sees_the_cookie() {
    let sessions = sealed().build().unwrap();
    let server = Server::start(move || {
        App::new()
            .wrap(from_fn(with_cart))
            .wrap(sessions.clone())
            .wrap(from_fn(count_cookies))
            .route("/{item}", web::get().to(add))
            .route("/", web::get().to(list))
    });
    let mut browser = Browser::new(&server);
    let reply = browser.get("/tea");
    assert_eq!(reply.text(), "in,tea");
    assert_eq!(lines(&reply), [line("cart")]);
    assert_eq!(reply.header("x-cookies"), Some("1"));
    assert_eq!(browser.get("/").text(), "in,tea,out,in");
}

#[test]
fn middleware_outside_has_no_session() {
    let sessions = sealed().build().unwrap();
    let server = Server::start(move || {
        App::new()
            .wrap(sessions.clone())
            .wrap(from_fn(with_cart))
            .route("/{item}", web::get().to(add))
    });
    let reply = Browser::new(&server).get("/tea");
    assert_eq!((reply.status, reply.text()), (500, ""));
    assert_eq!(reply.set_cookies(), NONE);
}

fn nested() -> SessionMiddleware {
    let store = CookieStore::sealed(KeyRing::generate().unwrap());
    SessionMiddleware::nested()
        .clock(still().clock())
        .session::<Admin>(|admin| {
            admin
                .store(store)
                .name_prefix(NamePrefix::Secure)
                .path("/admin")
                .same_site(SameSite::Strict)
        })
        .build()
        .unwrap()
}

const OF_NESTED: &str =
    "__Secure-admin=*; Max-Age=2592000; HttpOnly; SameSite=Strict; Secure; Path=/admin";

#[test]
fn a_nested_one_answers_for_the_types_it_names_and_the_outer_one_for_the_others() {
    let (outer, inner) = (sealed().build().unwrap(), nested());
    let server = Server::start(move || {
        App::new()
            .wrap(outer.clone())
            .service(
                web::scope("/admin")
                    .wrap(inner.clone())
                    .route("", web::get().to(note)),
            )
            .route("/outside", web::get().to(note))
    });
    let mut browser = Browser::new(&server);
    let reply = browser.get("/admin");
    assert_eq!(reply.text(), "1 1");
    assert_eq!(lines(&reply), [OF_NESTED.to_owned(), line("cart")]);
    assert_eq!(reply.all("vary"), ["Cookie"]);
    assert_eq!(reply.all("cache-control"), ["no-store"]);
    // Outside of the scope the same type is another session.
    let reply = browser.get("/outside");
    assert_eq!(reply.text(), "1 2");
    assert_eq!(lines(&reply), [line("admin"), line("cart")]);
    assert_eq!(browser.get("/admin").text(), "2 3");
    assert_eq!(browser.get("/outside").text(), "2 4");
}

#[test]
fn a_nested_one_alone_answers_for_nothing_else() {
    journal::open();
    #[derive(SessionData)]
    struct Unnamed {
        count: u32,
    }
    let inner = nested();
    let server = Server::start(move || {
        App::new()
            .wrap(inner.clone())
            .route(
                "/admin",
                web::get().to(|mut admin: Session<Admin>| async move {
                    admin.notes_mut().push("note".to_owned());
                    "noted"
                }),
            )
            .route(
                "/other",
                web::get().to(|other: Session<Unnamed>| async move { other.count().to_string() }),
            )
    });
    let mut browser = Browser::new(&server);
    assert_eq!(lines(&browser.get("/admin")), [OF_NESTED]);
    let reply = browser.get("/other");
    assert_eq!((reply.status, reply.text()), (500, ""));
    assert_eq!(
        journal::about("for session `unnamed` on this route; add `.wrap(sessions.clone())`").len(),
        1
    );
}

async fn look_first<B: MessageBody + 'static>(
    admin: Session<Admin>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    drop(admin);
    next.call(request).await
}

#[test]
fn a_session_that_was_opened_outside_of_its_nested_one_is_not_used_with_other_options() {
    let (outer, inner) = (sealed().build().unwrap(), nested());
    let server = Server::start(move || {
        App::new()
            .wrap(from_fn(look_first))
            .wrap(outer.clone())
            .service(
                web::scope("/admin")
                    .wrap(inner.clone())
                    .route("", web::get().to(note))
                    .route(
                        "/kind",
                        web::get().to(|admin: Result<Session<Admin>, SessionError>| async move {
                            let error = admin.unwrap_err();
                            format!("{:?} {error}", error.kind())
                        }),
                    )
                    .route("/cart/{item}", web::get().to(add)),
            )
            .route("/outside", web::get().to(note))
    });
    let mut browser = Browser::new(&server);
    let reply = browser.get("/admin");
    assert_eq!((reply.status, reply.text()), (500, ""));
    assert_eq!(reply.set_cookies(), NONE);
    assert_eq!(
        browser.get("/admin/kind").text(),
        "OptionsDiffer session `admin` was opened by a middleware outside of the nested one that has options for it; open it \
         inside, or give it its options in the outer session middleware"
    );
    // What only the outer one answers for is open to both.
    assert_eq!(lines(&browser.get("/admin/cart/tea")), [line("cart")]);
    assert_eq!(browser.get("/outside").text(), "1 2");
}

/// Polls what is inside once, drops it, and goes on without.
async fn give_up<B: MessageBody + 'static>(
    registry: Registry,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    assert!(next.call(request).now_or_never().is_none());
    let mut admin = registry.get::<Admin>().await?;
    admin.notes_mut().push("gave up".to_owned());
    Err(ErrorRequestTimeout("late"))
}

#[test]
fn a_nested_one_is_left_when_its_request_is_given_up() {
    let (outer, inner) = (sealed().build().unwrap(), nested());
    let server = Server::start(move || {
        App::new()
            .wrap(from_fn(give_up))
            .wrap(outer.clone())
            .service(
                web::scope("/admin")
                    .wrap(inner.clone())
                    .route("", web::get().to(std::future::pending::<String>)),
            )
    });
    let reply = Browser::new(&server).get("/admin");
    assert_eq!((reply.status, reply.text()), (408, "late"));
    assert_eq!(lines(&reply), [line("admin")]);
}

#[test]
fn of_two_whole_ones_the_inner_answers_and_the_outer_saves_once() {
    let outer = sealed().build().unwrap();
    let inner = sealed()
        .options(|all| all.same_site(SameSite::Strict))
        .build()
        .unwrap();
    let server = Server::start(move || {
        App::new()
            .wrap(from_fn(count_cookies))
            .wrap(inner.clone())
            .wrap(from_fn(count_cookies))
            .wrap(outer.clone())
            .route("/{item}", web::get().to(add))
    });
    let mut browser = Browser::new(&server);
    let reply = browser.get("/tea");
    assert_eq!(
        lines(&reply),
        [line("cart").replace("SameSite=Lax", "SameSite=Strict")]
    );
    assert_eq!(reply.header("x-cookies"), Some("0"));
    assert_eq!(browser.get("/cup").text(), "tea,cup");
}

#[test]
fn one_middleware_wrapped_twice_saves_once() {
    let sessions = sealed().build().unwrap();
    let server = Server::start(move || {
        App::new()
            .wrap(sessions.clone())
            .wrap(sessions.clone())
            .route("/{item}", web::get().to(add))
    });
    let mut browser = Browser::new(&server);
    assert_eq!(lines(&browser.get("/tea")), [line("cart")]);
    assert_eq!(browser.get("/cup").text(), "tea,cup");
}

#[test]
fn every_session_has_the_attributes_of_its_options() {
    let store = CookieStore::sealed(KeyRing::generate().unwrap());
    let sessions = SessionMiddleware::builder(store)
        .clock(still().clock())
        .options(|all| all.name_prefix(NamePrefix::Secure).domain("shop.example"))
        .session::<Cart>(|cart| cart.same_site(SameSite::None).partitioned(true))
        .named::<Cart>("guest", |guest| {
            guest.max_age(sessions::MaxAge::AtMost(std::time::Duration::from_mins(1)))
        })
        .build()
        .unwrap();
    let server = Server::start(move || {
        App::new().wrap(sessions.clone()).route(
            "/",
            web::get().to(|registry: Registry| async move {
                let mut all = [
                    registry.get::<Cart>().await?,
                    registry.named::<Cart>("guest").await?,
                    registry.named::<Cart>("other").await?,
                ];
                for cart in &mut all {
                    cart.set_count(1);
                }
                registry
                    .get::<Admin>()
                    .await?
                    .notes_mut()
                    .push("note".to_owned());
                Ok::<_, SessionError>("written")
            }),
        )
    });
    let embedded = "HttpOnly; SameSite=None; Partitioned; Secure; Path=/; Domain=shop.example";
    let shared = "HttpOnly; SameSite=Lax; Secure; Path=/; Domain=shop.example";
    assert_eq!(
        lines(&Browser::new(&server).get("/")),
        [
            format!("__Secure-cart=*; Max-Age=2592000; {embedded}"),
            // What is said of its name comes before what is said of its type.
            format!("__Secure-guest=*; Max-Age=60; {embedded}"),
            format!("__Secure-other=*; Max-Age=2592000; {embedded}"),
            format!("__Secure-admin=*; Max-Age=2592000; {shared}"),
        ]
    );
}
