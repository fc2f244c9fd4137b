//! Several sessions, by type and by name.

use actix_web::{HttpRequest, HttpResponse, Result, web};
use sessions::{CookieStore, Registry, Session, SessionData, SessionErrorKind, SessionMiddleware};
use sessions_tests::Browser;

use super::site::{Cart, Login, builder, get, ring, sealed, serve};

async fn add_to(sessions: Registry, request: HttpRequest) -> Result<String> {
    let (name, item) = request.query_string().split_once('=').unwrap();
    let mut cart = sessions.named::<Cart>(name.to_owned()).await?;
    cart.items_mut().push(item.to_owned());
    Ok(format!("{:?}", cart.items()))
}

#[test]
fn two_stores_by_name_keep_two_sessions_of_one_type() {
    let sessions = SessionMiddleware::builder(CookieStore::sealed(ring(1)))
        .named::<Cart>("guest-cart", |guest| {
            guest.store(CookieStore::signed(ring(2))).insecure_http()
        })
        .build()
        .unwrap();
    let site = serve(&sessions, |app| {
        app.route("/add", web::get().to(add_to));
    });
    let mut browser = Browser::new(&site);
    assert_eq!(browser.get("/add?cart=milk").text(), r#"["milk"]"#);
    assert_eq!(browser.get("/add?guest-cart=tea").text(), r#"["tea"]"#);
    assert_eq!(browser.get("/add?cart=jam").text(), r#"["milk", "jam"]"#);
    let names: Vec<&str> = browser
        .jar
        .cookies()
        .iter()
        .map(|cookie| cookie.name.as_str())
        .collect();
    assert_eq!(names, ["guest-cart", "__Host-cart"]);
}

#[test]
fn a_name_that_no_cookie_may_have_is_an_error() {
    let site = serve(&sealed(1), |app| {
        app.route(
            "/",
            web::get().to(async |sessions: Registry| {
                let error = sessions.named::<Cart>("session:key").await.unwrap_err();
                assert_eq!(error.kind(), SessionErrorKind::Misconfigured);
                let source = std::error::Error::source(&error).unwrap().to_string();
                HttpResponse::Ok().body(source)
            }),
        );
    });
    let page = get(&site, "/", "");
    assert!(page.text().contains("cannot hold ':'"), "{}", page.text());
}

#[test]
fn one_name_as_two_types_is_an_error_and_the_first_stays() {
    #[derive(SessionData)]
    #[session(name = "cart")]
    struct OtherCart {
        count: u32,
    }
    let site = serve(&sealed(1), |app| {
        app.route(
            "/",
            web::get().to(async |mut cart: Session<Cart>, sessions: Registry| {
                cart.items_mut().push("milk".to_owned());
                let error = sessions.get::<OtherCart>().await.unwrap_err();
                assert_eq!(error.kind(), SessionErrorKind::NameTaken);
                format!("{:?}", sessions.get::<Cart>().await.unwrap().items())
            }),
        )
        .route(
            "/other",
            web::get().to(async |other: Session<OtherCart>| other.count().to_string()),
        );
    });
    let page = get(&site, "/", "");
    assert_eq!(page.text(), r#"["milk"]"#);
    assert_eq!(page.set_cookies().len(), 1);
    // Not in a request of its own either: what one type wrote, the other would read.
    let page = get(&site, "/other", "");
    assert_eq!((page.status, page.text()), (500, ""));
}

#[test]
fn saving_without_a_session_is_no_error_and_sends_nothing() {
    let site = serve(&sealed(1), |app| {
        app.route(
            "/",
            web::get().to(async |sessions: Registry| {
                sessions.save_all().await.unwrap();
                sessions.save_all().await.unwrap();
                ""
            }),
        );
    });
    let page = get(&site, "/", "");
    assert_eq!(
        (page.status, page.set_cookies(), page.header("vary")),
        (200, vec![], None)
    );
}

#[test]
fn saving_all_saves_all_at_once() {
    let site = serve(&sealed(1), |app| {
        app.route(
            "/",
            web::get().to(async |sessions: Registry| {
                let mut cart = sessions.get::<Cart>().await.unwrap();
                let mut login = sessions.get::<Login>().await.unwrap();
                cart.items_mut().push("milk".to_owned());
                login.set_name("Ada");
                sessions.save_all().await.unwrap();
                // What fails afterwards does not take it back.
                HttpResponse::InternalServerError().finish()
            }),
        );
    });
    let page = get(&site, "/", "");
    assert_eq!((page.status, page.set_cookies().len()), (500, 2));
}

#[test]
fn every_session_that_cannot_be_saved_is_in_the_error() {
    let site = serve(&sealed(1), |app| {
        app.route(
            "/",
            web::get().to(async |sessions: Registry| {
                let mut cart = sessions.get::<Cart>().await.unwrap();
                let mut guest = sessions.named::<Cart>("guest-cart").await.unwrap();
                let mut login = sessions.get::<Login>().await.unwrap();
                cart.set_coupon("x".repeat(5000));
                guest.set_coupon("x".repeat(5000));
                login.set_name("Ada");
                let errors = sessions.save_all().await.unwrap_err();
                let names: Vec<&str> = errors.iter().map(|error| error.session()).collect();
                let text = format!("{names:?} {errors}");
                cart.clear();
                guest.clear();
                text
            }),
        );
    });
    let page = get(&site, "/", "");
    assert_eq!(
        page.text(),
        "[\"cart\", \"guest-cart\"] session `cart` is too large; bound what visitors can fill, or keep it on the server and raise `max_length`; \
         session `guest-cart` is too large; bound what visitors can fill, or keep it on the server and raise `max_length`"
    );
    assert_eq!(page.set_cookies().len(), 1);
    assert!(page.set_cookies()[0].starts_with("__Host-login="));
}

#[test]
fn a_session_is_nobody_s_without_the_middleware() {
    let site = sessions_tests::Server::start(|| {
        actix_web::App::new().route(
            "/",
            web::get().to(async |cart: Session<Cart>| cart.items().len().to_string()),
        )
    });
    let page = get(&site, "/", "");
    assert_eq!((page.status, page.text()), (500, ""));
}

#[test]
fn two_types_under_one_name_are_refused_at_start() {
    #[derive(SessionData)]
    #[session(name = "cart")]
    struct OtherCart {
        count: u32,
    }
    let error = builder(1)
        .session::<Cart>(|cart| cart)
        .session::<OtherCart>(|cart| cart)
        .build()
        .unwrap_err();
    assert_eq!(error.session(), Some("cart"));
}
