//! When the store is asked, and when it is not.

use actix_web::{
    Error, HttpResponse,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    middleware::{Next, from_fn},
    web::{self, ServiceConfig},
};
use futures_util::future::join;
use sessions::{
    Registry, Session, SessionData, SessionError, SessionErrorKind, SessionMiddleware,
    store::StoreErrorKind,
    test_util::{Fault, Verb},
};

use crate::{
    engine::Engine,
    site::{Cart, MINUTE, NONE, Site, cookie, line, lines, shop, show, with_tea},
};

/// 43 characters that nobody was given.
fn made_up(number: usize) -> String {
    format!("{number:0>42}A")
}

#[test]
fn a_handler_that_takes_no_session_asks_nothing_and_sends_nothing() {
    for engine in Engine::each() {
        let site = Site::open(
            engine,
            |all| all,
            |app| {
                app.route("/registry", web::get().to(|_: Registry| async { "none" }));
                shop(app);
            },
        );
        let mut browser = with_tea(&site);
        for path in ["/plain", "/registry"] {
            let reply = browser.get(path);
            assert_eq!(reply.status, 200);
            assert_eq!(reply.header("vary"), None, "{path}");
            assert_eq!(reply.header("cache-control"), None, "{path}");
            assert_eq!(reply.set_cookies(), NONE, "{path}");
        }
        assert_eq!(site.engine.tally(), "", "{}", site.engine.name);
    }
}

#[test]
fn what_is_read_beside_the_request_s_sessions_is_the_visitor_s_too() {
    async fn stored(sessions: Registry) -> Result<String, SessionError> {
        let cart = sessions.load_fresh::<Cart>().await?;
        Ok(format!("{:?}", cart.is_some()))
    }
    for engine in Engine::each() {
        let site = Site::open(
            engine,
            |all| all,
            |app| {
                app.route("/stored", web::get().to(stored));
                shop(app);
            },
        );
        for (mut browser, body) in [(site.browser(), "false"), (with_tea(&site), "true")] {
            let reply = browser.get("/stored");
            assert_eq!(reply.text(), body);
            assert_eq!(reply.header("vary"), Some("Cookie"));
            assert_eq!(reply.set_cookies(), NONE);
        }
    }
}

#[test]
fn a_visitor_who_only_reads_costs_nothing_and_gets_nothing() {
    for engine in Engine::each() {
        let site = Site::shop(engine);
        let mut browser = site.browser();
        for path in [
            "/show",
            "/idle",
            "/renew",
            "/remember",
            "/forget",
            "/clear",
            "/destroy",
        ] {
            let reply = browser.get(path);
            assert_eq!((reply.status, reply.set_cookies()), (200, vec![]), "{path}");
        }
        assert_eq!(site.engine.tally(), "", "{}", site.engine.name);
        assert_eq!(site.events.take(), NONE);
    }
}

#[test]
fn each_deed_costs_one_load_and_one_write_and_one_call_more_where_a_token_dies() {
    for engine in Engine::each() {
        let site = Site::shop(engine);
        let mut browser = site.browser();
        for (path, calls) in [
            ("/items/tea", "create 1"),
            ("/show", "load 1"),
            ("/idle", "load 1"),
            ("/items/cup", "load 1, update 1"),
            ("/remember", "load 1, update 1"),
            ("/renew", "load 1, create 1, rename 1"),
            ("/renew/milk", "load 1, create 1, rename 1"),
            ("/destroy", "load 2, delete 1"),
        ] {
            browser.get(path);
            assert_eq!(site.engine.tally(), calls, "{path} {}", site.engine.name);
        }
    }
}

async fn look<B: MessageBody + 'static>(
    cart: Result<Session<Cart>, SessionError>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    drop(cart);
    next.call(request).await
}

type Sight = Result<Session<Cart>, SessionError>;

/// Asks in every way there is, at once and one after the other, and says what was seen.
async fn ask_all(
    (first, (second, third)): (Sight, (Sight, Option<Session<Cart>>)),
    fourth: Sight,
    registry: Registry,
) -> HttpResponse {
    let (fifth, sixth) = join(registry.get::<Cart>(), registry.named::<Cart>("cart")).await;
    let third = third.ok_or("nothing");
    let seen = [first, second, fourth, fifth, sixth].map(|sight| match sight {
        Ok(cart) => cart.items().join(","),
        Err(error) => format!("{:?}", error.kind()),
    });
    let third = third.map(|cart| cart.items().join(","));
    HttpResponse::Ok().body(format!("{} {third:?}", seen.join(" ")))
}

fn asking(app: &mut ServiceConfig) {
    app.service(
        web::scope("/ask")
            .wrap(from_fn(look))
            .wrap(from_fn(look))
            .service(web::resource("").wrap(from_fn(look)).to(ask_all)),
    );
    shop(app);
}

const SEEN: &str = r#"tea tea tea tea tea Ok("tea")"#;

#[test]
fn a_session_is_loaded_once_however_many_ask_for_it() {
    for engine in Engine::each() {
        let site = Site::open(engine, |all| all, asking);
        let mut browser = with_tea(&site);
        assert_eq!(browser.get("/ask").text(), SEEN, "{}", site.engine.name);
        assert_eq!(site.engine.tally(), "load 1");
    }
}

#[test]
fn a_session_that_is_being_loaded_is_not_asked_for_again() {
    for engine in Engine::each() {
        // Without the middlewares in front, all extractors of the handler wait together.
        let site = Site::open(
            engine,
            |all| all,
            |app| {
                app.route("/together", web::get().to(ask_all));
                shop(app);
            },
        );
        let browser = with_tea(&site);
        let (reply, tally) =
            site.overtake(&browser, "/together", Verb::Load, || site.engine.tally());
        assert_eq!((reply.text(), tally.as_str()), (SEEN, "load 1"));
        assert_eq!(site.engine.tally(), "");
    }
}

#[test]
fn an_error_is_remembered_like_a_session() {
    for engine in Engine::each() {
        let site = Site::open(engine, |all| all, asking);
        let mut browser = with_tea(&site);
        let down = Fault::Error(StoreErrorKind::Unavailable);
        site.engine.faults.fail(Verb::Load, 1, down);
        let reply = browser.get("/ask");
        let kind = format!("{:?}", SessionErrorKind::StoreUnavailable);
        let seen = [&*kind; 5].join(" ");
        assert_eq!(reply.text(), format!("{seen} Err(\"nothing\")"));
        assert_eq!(reply.set_cookies(), NONE);
        assert_eq!(site.engine.tally(), "load 1", "{}", site.engine.name);
        assert_eq!(browser.get("/ask").text(), SEEN);
    }
}

#[test]
fn a_rejection_is_remembered_too_and_told_once() {
    let site = Site::open(Engine::memory(), |all| all, asking);
    let reply = site.get_with(&format!("__Host-cart={}", made_up(1)), "/ask");
    assert_eq!(reply.text(), r#"     Ok("")"#);
    assert_eq!(site.engine.tally(), "load 1");
    assert_eq!(site.events.take(), ["rejected cart: not in the store"]);
}

#[test]
fn what_has_not_the_form_of_a_token_never_reaches_the_store() {
    let site = Site::shop(Engine::memory());
    let long = "A".repeat(4000);
    let trailing = format!("{}B", "A".repeat(42));
    let plus = format!("+{}", made_up(1).split_at(1).1);
    let cases = [
        "",
        "A",
        &made_up(1)[1..],
        &format!("{}A", made_up(1)),
        &format!("{}=", &made_up(1)[1..]),
        &format!("%41{}", &made_up(1)[1..]),
        &plus,
        &trailing,
        &long,
        "../../../../etc/passwd/../../../../etc/passw",
        "........................................../",
    ];
    for value in cases {
        let reply = site.get_with(&format!("__Host-cart={value}"), "/show");
        assert_eq!(reply.text(), "Rejected(Malformed) ", "{value}");
        assert_eq!(reply.set_cookies(), NONE);
        assert_eq!(site.events.take(), ["rejected cart: malformed"], "{value}");
    }
    assert_eq!(site.engine.tally(), "");
}

#[test]
fn of_fifty_cookies_of_one_name_four_are_looked_up_at_most() {
    for engine in Engine::each() {
        let site = Site::shop(engine);
        let token = cookie(&with_tea(&site));
        let many: Vec<String> = (0..50)
            .map(|number| format!("__Host-cart={}", made_up(number)))
            .collect();
        let reply = site.get_with(&many.join("; "), "/show");
        assert_eq!(reply.text(), "Rejected(Unknown) ");
        assert_eq!(site.engine.tally(), "load 4");
        assert_eq!(site.events.take(), ["rejected cart: not in the store"]);

        // A neighbor that is no token takes nobody's place, and one that leads nowhere is no event where another leads home.
        let broken = vec!["__Host-cart=broken"; 46].join("; ");
        let header = format!("{broken}; {}; {token}", many[..3].join("; "));
        assert_eq!(site.shown_to(&header), "Loaded tea");
        assert_eq!(site.engine.tally(), "load 4");
        assert_eq!(site.events.take(), NONE);
    }
}

#[derive(SessionData)]
struct Visit {
    count: u32,
}

#[test]
fn two_sessions_of_a_request_are_two_loads_and_a_cookie_of_another_name_is_none() {
    let engine = Engine::memory();
    let sessions = SessionMiddleware::builder(engine.store());
    let site = Site::with(
        engine,
        sessions.options(|all| all.store_timeout(MINUTE)),
        |app| {
            app.route(
                "/both",
                web::get().to(
                    |mut cart: Session<Cart>, mut visit: Session<Visit>| async move {
                        cart.items_mut().push("tea".to_owned());
                        let count = visit.count() + 1;
                        visit.set_count(count);
                        format!("{} {count}", cart.items().join(","))
                    },
                ),
            )
            .route("/show", web::get().to(show));
        },
    );
    let mut browser = site.browser();
    assert_eq!(lines(&browser.get("/both")), [line("cart"), line("visit")]);
    assert_eq!(site.engine.tally(), "create 2");
    assert_eq!(browser.get("/both").text(), "tea,tea 2");
    assert_eq!(site.engine.tally(), "load 2, update 2");
    assert_eq!(browser.get("/show").text(), "Loaded tea,tea");
    assert_eq!(site.engine.tally(), "load 1");
}
