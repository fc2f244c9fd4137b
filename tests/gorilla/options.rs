//! What a cookie says beside its value, for each option.

use std::time::Duration;

use actix_web::web;
use sessions::{
    CookieStore, MaxAge, NamePrefix, SameSite, Session, SessionMiddleware, SessionOptions,
};
use sessions_tests::{Browser, Server};

use super::site::{Cart, DAY, at, builder, clock, filled, get, ring, serve, shop};

/// The `Set-Cookie` line of a cart, with `…` for its value.
fn line(options: fn(SessionOptions) -> SessionOptions) -> String {
    let sessions = builder(1).clock(clock().clock()).options(options).build();
    let reply = get(&shop(&sessions.unwrap()), "/add?milk", "");
    let line = reply.set_cookies()[0];
    let (name, rest) = line.split_once('=').unwrap();
    let value = rest.split(';').next().unwrap();
    format!("{name}=…{}", &rest[value.len()..])
}

#[test]
fn the_defaults_are_those_of_one_host() {
    assert_eq!(
        line(|all| all),
        "__Host-cart=…; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure; Path=/"
    );
}

#[test]
fn each_option_writes_its_attribute_and_nothing_else() {
    for (options, expected) in [
        (
            (|all| all.name_prefix(NamePrefix::Secure).path("/shop"))
                as fn(SessionOptions) -> SessionOptions,
            "__Secure-cart=…; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure; Path=/shop",
        ),
        (
            |all| {
                all.name_prefix(NamePrefix::Secure)
                    .domain("foo.example.com")
            },
            "__Secure-cart=…; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure; Path=/; Domain=foo.example.com",
        ),
        (
            |all| all.max_age(MaxAge::AtMost(Duration::from_secs(3600))),
            "__Host-cart=…; Max-Age=3600; HttpOnly; SameSite=Lax; Secure; Path=/",
        ),
        (
            |all| all.max_age(MaxAge::BrowserSession),
            "__Host-cart=…; HttpOnly; SameSite=Lax; Secure; Path=/",
        ),
        (
            |all| all.absolute_timeout(Duration::from_secs(8 * 24 * 60 * 60)),
            "__Host-cart=…; Max-Age=691200; HttpOnly; SameSite=Lax; Secure; Path=/",
        ),
        (
            |all| all.same_site(SameSite::Strict),
            "__Host-cart=…; Max-Age=2592000; HttpOnly; SameSite=Strict; Secure; Path=/",
        ),
        (
            |all| all.same_site(SameSite::None),
            "__Host-cart=…; Max-Age=2592000; HttpOnly; SameSite=None; Secure; Path=/",
        ),
        (
            |all| all.same_site(SameSite::None).partitioned(true),
            "__Host-cart=…; Max-Age=2592000; HttpOnly; SameSite=None; Partitioned; Secure; Path=/",
        ),
        (
            SessionOptions::insecure_http,
            "cart=…; Max-Age=2592000; HttpOnly; SameSite=Lax; Path=/",
        ),
        (
            SessionOptions::dangerous_script_access,
            "__Host-cart=…; Max-Age=2592000; SameSite=Lax; Secure; Path=/",
        ),
        (
            |all| all.name_prefix(NamePrefix::HostHttp),
            "__Host-Http-cart=…; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure; Path=/",
        ),
        (
            |all| {
                all.name_prefix(NamePrefix::Secure)
                    .path("/foo/bar")
                    .domain("foo.example.com")
                    .max_age(MaxAge::AtMost(Duration::from_secs(3600)))
                    .same_site(SameSite::None)
                    .partitioned(true)
                    .dangerous_script_access()
            },
            "__Secure-cart=…; Max-Age=3600; SameSite=None; Partitioned; Secure; Path=/foo/bar; Domain=foo.example.com",
        ),
    ] {
        assert_eq!(line(options), expected);
    }
}

#[test]
fn attributes_that_browsers_refuse_are_refused_at_start() {
    for (options, rule) in [
        (
            (|all| all.domain("example.com")) as fn(SessionOptions) -> SessionOptions,
            "__Host-",
        ),
        (|all| all.path("/shop"), "Path=/"),
        (
            |all| all.insecure_http().same_site(SameSite::None),
            "SameSite=None requires Secure",
        ),
        (
            |all| all.insecure_http().partitioned(true),
            "Partitioned requires Secure",
        ),
        (
            |all| all.max_age(MaxAge::AtMost(Duration::ZERO)),
            "max age below one second",
        ),
        (
            |all| all.max_age(MaxAge::AtMost(Duration::from_millis(999))),
            "max age",
        ),
        (
            |all| all.name_prefix(NamePrefix::Secure).path("/a;b"),
            "path cannot hold",
        ),
        (
            |all| {
                all.name_prefix(NamePrefix::Secure)
                    .domain("example.com\r\nX: y")
            },
            "is not a host name",
        ),
    ] {
        let error = builder(1).options(options).build().unwrap_err().to_string();
        assert!(error.contains(rule), "{error}");
    }
}

#[test]
fn options_changed_after_the_build_are_nobody_s() {
    let options = SessionOptions::new().name_prefix(NamePrefix::Secure);
    let shared = options.clone();
    let sessions = builder(1).options(move |_| shared).build().unwrap();
    let _later = options.path("/foo");
    let reply = get(&shop(&sessions), "/add?milk", "");
    assert!(reply.set_cookies()[0].ends_with("; Path=/"), "{reply:?}");
}

#[test]
fn a_type_has_options_of_its_own() {
    let sessions = builder(1)
        .session::<Cart>(|cart| cart.same_site(SameSite::Strict))
        .build()
        .unwrap();
    let reply = get(&shop(&sessions), "/add?milk", "");
    assert_eq!(
        reply.set_cookies()[0].split_once("; ").unwrap().1,
        "Max-Age=2592000; HttpOnly; SameSite=Strict; Secure; Path=/"
    );
}

fn lifetimes(sessions: &SessionMiddleware) -> Server {
    serve(sessions, |app| {
        app.route(
            "/",
            web::get().to(async |cart: Session<Cart>| format!("{:?}", cart.items())),
        )
        .route(
            "/add",
            web::get().to(async |mut cart: Session<Cart>| {
                cart.items_mut().push("milk".to_owned());
                ""
            }),
        )
        .route(
            "/remember",
            web::get().to(async |mut cart: Session<Cart>| {
                cart.remember(Duration::from_secs(90 * 24 * 60 * 60));
                ""
            }),
        )
        .route(
            "/forget",
            web::get().to(async |mut cart: Session<Cart>| {
                cart.forget_on_close();
                ""
            }),
        )
        .route(
            "/end",
            web::get().to(async |mut cart: Session<Cart>| {
                cart.destroy();
                ""
            }),
        )
        .route(
            "/end-and-begin",
            web::get().to(async |mut cart: Session<Cart>| {
                cart.destroy();
                cart.items_mut().push("tea".to_owned());
                ""
            }),
        );
    })
}

#[test]
fn a_session_remembered_at_run_time_stays_so_when_it_is_written_again() {
    let clock = clock();
    let site = lifetimes(&builder(1).clock(clock.clock()).build().unwrap());
    let mut browser = Browser::new(&site);
    browser.get("/add");
    let remembered = browser.get("/remember");
    let attributes = |line: &str| line.split_once("; ").unwrap().1.to_owned();
    assert_eq!(
        attributes(remembered.set_cookies()[0]),
        "Max-Age=7776000; HttpOnly; SameSite=Lax; Secure; Path=/"
    );

    // Three times as long as idleness is allowed to last otherwise, and past the configured end.
    clock.advance(DAY * 40);
    browser.advance(DAY * 40);
    browser.jar.restart();
    let written = browser.get("/add");
    assert_eq!(
        attributes(written.set_cookies()[0]),
        "Max-Age=4320000; HttpOnly; SameSite=Lax; Secure; Path=/"
    );
    assert_eq!(browser.get("/").text(), r#"["milk", "milk"]"#);

    clock.advance(DAY * 50);
    assert_eq!(browser.get("/").text(), "[]");
}

#[test]
fn a_session_to_be_forgotten_ends_with_the_browser_and_stays_so_when_it_is_written_again() {
    let site = lifetimes(&builder(1).clock(clock().clock()).build().unwrap());
    let mut browser = Browser::new(&site);
    browser.get("/add");
    for path in ["/forget", "/add"] {
        let reply = browser.get(path);
        let line = reply.set_cookies()[0];
        assert_eq!(
            line.split_once("; ").unwrap().1,
            "HttpOnly; SameSite=Lax; Secure; Path=/"
        );
    }
    assert_eq!(browser.get("/").text(), r#"["milk", "milk"]"#);
    browser.jar.restart();
    assert_eq!(browser.get("/").text(), "[]");
}

#[test]
fn a_lifetime_alone_creates_no_session() {
    let site = lifetimes(&builder(1).build().unwrap());
    for path in ["/remember", "/forget", "/end"] {
        assert_eq!(get(&site, path, "").set_cookies(), [""; 0], "{path}");
    }
}

#[test]
fn a_destroyed_session_leaves_with_a_line_that_removes_its_cookie() {
    let site = lifetimes(&builder(1).build().unwrap());
    let mut browser = Browser::new(&site);
    browser.get("/add");
    assert_eq!(
        browser.get("/end").set_cookies(),
        [
            "__Host-cart=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT"
        ]
    );
    assert!(browser.jar.cookies().is_empty());
    assert_eq!(browser.get("/").text(), "[]");
}

#[test]
fn a_removal_repeats_what_tells_the_cookie_from_others() {
    let sessions = builder(1)
        .options(|all| {
            all.name_prefix(NamePrefix::Secure)
                .path("/")
                .domain("shop.example")
                .same_site(SameSite::None)
                .partitioned(true)
        })
        .build()
        .unwrap();
    let site = lifetimes(&sessions);
    let held = filled(&site, "milk");
    assert_eq!(
        get(&site, "/end", held).set_cookies(),
        [
            "__Secure-cart=; HttpOnly; SameSite=None; Partitioned; Secure; Path=/; Domain=shop.example; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT"
        ]
    );
}

#[test]
fn what_is_written_after_the_end_begins_another_session() {
    let site = lifetimes(&builder(1).build().unwrap());
    let mut browser = Browser::new(&site);
    browser.get("/add");
    browser.get("/end-and-begin");
    assert_eq!(browser.get("/").text(), r#"["tea"]"#);
}

#[test]
fn a_cookie_with_a_max_age_is_gone_from_the_browser_after_it() {
    let sessions = SessionMiddleware::builder(CookieStore::signed(ring(1)))
        .options(|all| all.max_age(MaxAge::AtMost(Duration::from_secs(3600))))
        .build()
        .unwrap();
    let site = lifetimes(&sessions);
    let mut browser = Browser::new(&site);
    browser.get("/add");
    browser.advance(Duration::from_secs(3599));
    assert_eq!(browser.get("/").text(), r#"["milk"]"#);
    browser.advance(Duration::from_secs(1));
    assert_eq!(browser.get("/").text(), "[]");
}

#[test]
fn the_age_that_is_sent_never_exceeds_what_browsers_keep() {
    let clock = clock();
    let sessions = builder(1)
        .clock(clock.clock())
        .options(|all| all.absolute_timeout(DAY * 1000))
        .build()
        .unwrap();
    let line = get(&lifetimes(&sessions), "/add", "");
    assert!(line.set_cookies()[0].contains("; Max-Age=34560000; "));
    // The clock's own end does not overflow either.
    clock.set(at(u64::from(u32::MAX) * 200));
    assert_eq!(get(&lifetimes(&sessions), "/add", "").status, 200);
}
