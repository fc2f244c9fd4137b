//! Whom a cookie session belongs to.

use std::time::{Duration, UNIX_EPOCH};

use actix_web::{
    HttpResponse,
    web::{self, ServiceConfig},
};
use sessions::{KeyRing, Session, SessionData, SessionErrorKind};
use sessions_tests::{Browser, Reply};

use crate::{
    journal,
    site::{NONE, line, lines, removal, sealed, sealed_under, serve, still},
};

#[derive(SessionData)]
struct Login {
    #[session(principal)]
    user: Option<String>,
    cart: Vec<String>,
    #[session(flash)]
    notes: Vec<String>,
    #[session(skip)]
    scratch: u32,
}

/// What can be seen of the session, with the handle and the times in headers.
fn shown(login: &mut Session<Login>) -> HttpResponse {
    let seconds = |time: std::time::SystemTime| time.duration_since(UNIX_EPOCH).unwrap().as_secs();
    let authenticated = login.authenticated_at().map(seconds);
    HttpResponse::Ok()
        .insert_header(("x-handle", login.handle().to_string()))
        .insert_header(("x-created", seconds(login.created_at())))
        .insert_header(("x-authenticated", format!("{authenticated:?}")))
        .body(format!(
            "{:?} {:?} {:?} {}",
            *login.user(),
            *login.cart(),
            login.read().notes,
            login.scratch()
        ))
}

fn routes(app: &mut ServiceConfig) {
    app.route(
        "/show",
        web::get().to(|mut login: Session<Login>| async move { shown(&mut login) }),
    )
    .route(
        "/fill",
        web::get().to(|mut login: Session<Login>| async move {
            login.cart_mut().push("tea".to_owned());
            login.push_notes("hello");
            shown(&mut login)
        }),
    )
    .route(
        "/login/{user}",
        web::get().to(
            |mut login: Session<Login>, user: web::Path<String>| async move {
                login.set_scratch(9);
                login.cart_mut().push("before".to_owned());
                login.set_user(user.into_inner());
                let at_once = login.cart().join(",");
                login.cart_mut().push("after".to_owned());
                let mut reply = shown(&mut login);
                let name = actix_web::http::header::HeaderName::from_static("x-at-once");
                reply.headers_mut().insert(name, at_once.parse().unwrap());
                reply
            },
        ),
    )
    .route(
        "/logout",
        web::get().to(|mut login: Session<Login>| async move {
            let user = login.take_user();
            assert!(login.cart().is_empty());
            format!("{user:?}")
        }),
    )
    .route(
        "/switch",
        web::get().to(|mut login: Session<Login>| async move {
            login.take_user();
            login.cart_mut().push("anew".to_owned());
            shown(&mut login)
        }),
    );
}

fn handle(reply: &Reply) -> String {
    reply.header("x-handle").unwrap().to_owned()
}

#[test]
fn from_nobody_to_somebody_the_data_stays_and_the_handle_changes() {
    let server = serve(sealed(), routes);
    let mut browser = Browser::new(&server);
    let before = browser.get("/fill");
    assert_eq!(before.header("x-authenticated"), Some("None"));
    let reply = browser.get("/login/ada");
    assert_eq!(lines(&reply), [line("login")]);
    assert_eq!(reply.header("x-at-once"), Some("tea,before"));
    let after = browser.get("/show");
    assert_eq!(
        after.text(),
        r#"Some("ada") ["tea", "before", "after"] ["hello"] 0"#
    );
    assert_ne!(handle(&after), handle(&before));
    assert_eq!(handle(&after), handle(&reply));
    assert_eq!(after.header("x-authenticated"), Some("Some(1700000000)"));
}

#[test]
fn from_one_to_another_everything_else_is_reset_at_the_call() {
    let server = serve(sealed(), routes);
    let mut browser = Browser::new(&server);
    browser.get("/fill");
    let ada = browser.get("/login/ada");
    let bob = browser.get("/login/bob");
    assert_eq!(bob.header("x-at-once"), Some(""));
    assert_eq!(bob.text(), r#"Some("bob") ["after"] [] 0"#);
    assert_ne!(handle(&ada), handle(&bob));
    assert_eq!(browser.get("/show").text(), r#"Some("bob") ["after"] [] 0"#);
}

#[test]
fn from_one_to_another_the_session_begins_anew_and_otherwise_it_does_not() {
    let (clock, keys) = (still(), KeyRing::generate().unwrap());
    let server = serve(sealed_under(&keys).clock(clock.clock()), routes);
    let mut browser = Browser::new(&server);
    browser.get("/fill");
    for (path, begun) in [
        ("/login/ada", Duration::ZERO),
        ("/login/ada", Duration::ZERO),
        ("/login/bob", Duration::from_secs(180)),
        ("/login/bob", Duration::from_secs(180)),
    ] {
        clock.advance(Duration::from_mins(1));
        let begun = (still().now() + begun).duration_since(UNIX_EPOCH).unwrap();
        for path in [path, "/show"] {
            let created = browser.get(path).header("x-created").map(str::to_owned);
            assert_eq!(created, Some(begun.as_secs().to_string()), "{path}");
        }
    }
}

#[test]
fn the_same_one_again_is_an_authentication_and_keeps_the_data() {
    let (clock, keys) = (still(), KeyRing::generate().unwrap());
    let server = serve(sealed_under(&keys).clock(clock.clock()), routes);
    let mut browser = Browser::new(&server);
    let first = browser.get("/login/ada");
    clock.advance(Duration::from_secs(60));
    let second = browser.get("/login/ada");
    // A fresh absolute deadline.
    assert_eq!(lines(&second), [line("login")]);
    assert_eq!(second.header("x-at-once"), Some("before,after,before"));
    assert_eq!(first.header("x-authenticated"), Some("Some(1700000000)"));
    assert_eq!(second.header("x-authenticated"), Some("Some(1700000060)"));
    // A cookie session has no other identity than its handle.
    assert_ne!(handle(&first), handle(&second));
}

#[test]
fn setting_the_same_one_renews_even_where_nothing_else_changes() {
    let server = serve(sealed(), |app| {
        app.route(
            "/",
            web::get().to(|mut login: Session<Login>| async move {
                login.set_user("ada");
                login.handle().to_string()
            }),
        );
    });
    let mut browser = Browser::new(&server);
    let first = browser.get("/");
    let second = browser.get("/");
    assert_eq!(lines(&second), [line("login")]);
    assert_ne!(first.text(), second.text());
}

#[test]
fn taking_it_ends_the_session_and_what_follows_is_another() {
    let server = serve(sealed(), routes);
    let mut browser = Browser::new(&server);
    let reply = browser.get("/logout");
    assert_eq!((reply.text(), reply.set_cookies()), ("None", vec![]));
    let ada = browser.get("/login/ada");
    let reply = browser.get("/logout");
    assert_eq!(reply.text(), "Some(\"ada\")");
    assert_eq!(reply.set_cookies(), [removal("login")]);
    assert_eq!(browser.get("/show").text(), "None [] [] 0");

    browser.get("/login/ada");
    let reply = browser.get("/switch");
    assert_eq!(lines(&reply), [line("login")]);
    assert_eq!(reply.text(), r#"None ["anew"] [] 0"#);
    assert_eq!(reply.header("x-authenticated"), Some("None"));
    assert_ne!(handle(&reply), handle(&ada));
}

#[test]
fn taking_nobody_out_of_a_session_does_not_end_it() {
    let server = serve(sealed(), |app| {
        routes(app);
        app.route(
            "/take",
            web::get().to(|mut login: Session<Login>| async move {
                format!("{:?} {:?}", login.take_user(), *login.cart())
            }),
        );
    });
    let mut browser = Browser::new(&server);
    browser.get("/fill");
    let reply = browser.get("/take");
    assert_eq!(
        (reply.text(), reply.set_cookies()),
        (r#"None ["tea"]"#, vec![])
    );
    assert_eq!(browser.get("/show").text(), r#"None ["tea"] ["hello"] 0"#);
}

async fn behind_the_setter(mut login: Session<Login>, how: web::Path<String>) -> HttpResponse {
    login.cart_mut().push("more".to_owned());
    login.write().user = (how.as_str() != "nobody").then(|| how.into_inner());
    let error = login.save().await.unwrap_err();
    assert_eq!(error.kind(), SessionErrorKind::PrincipalChanged);
    HttpResponse::Ok().body("mallory")
}

#[test]
fn a_change_behind_the_setter_is_refused_and_the_old_session_stays() {
    journal::open();
    let server = serve(sealed(), |app| {
        routes(app);
        app.route("/write/{how}", web::get().to(behind_the_setter));
    });
    let mut guest = Browser::new(&server);
    guest.get("/fill");
    let mut ada = Browser::new(&server);
    ada.get("/login/ada");
    for (browser, how, kept) in [
        (&guest, "mallory", r#"None ["tea"] ["hello"] 0"#),
        (&ada, "mallory", r#"Some("ada") ["before", "after"] [] 0"#),
        (&ada, "nobody", r#"Some("ada") ["before", "after"] [] 0"#),
    ] {
        let mut browser = browser.clone();
        let reply = browser.get(&format!("/write/{how}"));
        assert_eq!((reply.status, reply.text()), (500, ""));
        assert_eq!(reply.set_cookies(), NONE);
        assert_eq!(browser.get("/show").text(), kept);
    }
    assert!(
        !journal::about("the principal of session `login` was changed through `write()`")
            .is_empty()
    );
    assert_eq!(
        journal::about("mallory")
            .iter()
            .filter(|line| line.starts_with("ERROR"))
            .count(),
        0
    );
}

#[test]
fn a_login_whose_request_fails_did_not_happen() {
    let server = serve(sealed(), |app| {
        routes(app);
        app.route(
            "/fail",
            web::get().to(|mut login: Session<Login>| async move {
                login.set_user("eve");
                HttpResponse::InternalServerError().finish()
            }),
        );
    });
    let mut browser = Browser::new(&server);
    let before = browser.get("/fill");
    assert_eq!(browser.get("/fail").set_cookies(), NONE);
    let after = browser.get("/show");
    assert_eq!(after.text(), r#"None ["tea"] ["hello"] 0"#);
    assert_eq!(handle(&after), handle(&before));
}

#[test]
fn how_long_ago_somebody_logged_in_is_asked_of_the_clock_that_a_test_turns() {
    let clock = still();
    let sessions = sealed().clock(clock.clock());
    let server = serve(sessions, |app| {
        routes(app);
        app.route(
            "/lately",
            web::get().to(|login: Session<Login>| async move {
                let minutes =
                    [5, 10].map(|minutes| login.authenticated_within(Duration::from_mins(minutes)));
                format!("{minutes:?}")
            }),
        );
    });
    let mut browser = Browser::new(&server);
    browser.get("/fill");
    assert_eq!(browser.get("/lately").text(), "[false, false]");
    browser.get("/login/ada");
    for (passed, lately) in [
        (299, "[true, true]"),
        (1, "[false, true]"),
        (300, "[false, false]"),
    ] {
        clock.advance(Duration::from_secs(passed));
        assert_eq!(browser.get("/lately").text(), lately, "{passed}");
    }
}
