//! What a middleware refuses at start, with the remedy in the message; and what can only be refused later.

use std::time::Duration;

use actix_web::web;
use sessions::{
    BuildErrorKind, CookieStore, DeviceAddress, Key, KeyRing, MemoryStore, Session, SessionData,
    SessionMiddleware, SessionMiddlewareBuilder, SessionOptions, store::AdmissionPolicy,
};

use crate::{
    account::Login,
    engine::Engine,
    site::{Cart, NONE, Site, cookie, line, lines, shop, with_tea},
};

fn cookies() -> SessionMiddlewareBuilder {
    SessionMiddleware::builder(CookieStore::sealed(KeyRing::generate().unwrap()))
}

#[track_caller]
fn assert_refused(sessions: SessionMiddlewareBuilder, kind: BuildErrorKind, message: &str) {
    let refused = sessions.build().unwrap_err();
    assert_eq!(
        (refused.kind(), refused.to_string().as_str()),
        (kind, message)
    );
}

const NEEDS_SERVER: &str = "`principal_limit`, `device_info` and `encrypt_at_rest` need a store on the server, and this session is kept \
                            in a cookie; set them in the options of the sessions that are kept on the server, or of their `Store`";

#[test]
fn what_a_cookie_cannot_do_is_refused() {
    let options: [fn(SessionOptions) -> SessionOptions; 3] = [
        |all| all.principal_limit(1, AdmissionPolicy::Refuse),
        |all| all.device_info(DeviceAddress::Peer),
        |all| all.encrypt_at_rest(Key::generate().unwrap()),
    ];
    for option in options {
        let kind = BuildErrorKind::NeedsServerSide;
        let of_all = format!("options of all sessions: {NEEDS_SERVER}");
        assert_refused(cookies().options(option), kind, &of_all);
        let of_one = format!("session `login`: {NEEDS_SERVER}");
        assert_refused(cookies().session::<Login>(option), kind, &of_one);
        // Where one session of several is on the server, it alone is asked for it.
        let mixed = cookies().session::<Login>(|login| option(login.store(MemoryStore::new())));
        assert!(mixed.build().is_ok());
    }
}

#[test]
fn a_limit_is_refused_where_the_store_cannot_count() {
    let engine = Engine::memory();
    engine.ledger.hide_index();
    let store = engine.store();
    let sessions = SessionMiddleware::builder(store)
        .session::<Login>(|login| login.principal_limit(3, AdmissionPolicy::EvictOldest));
    assert_refused(
        sessions,
        BuildErrorKind::NoPrincipalLimit,
        "session `login`: `principal_limit` needs a store that can count by principal, as all of this crate can but memcached and a Redis cluster, and one of your own if its index says so by `limits`; keep the session in one, or leave the limit out",
    );
}

#[test]
fn a_store_is_given_time_to_answer() {
    let sessions = SessionMiddleware::builder(MemoryStore::new());
    assert_refused(
        sessions.options(|all| all.store_timeout(Duration::ZERO)),
        BuildErrorKind::StoreTimeoutIsZero,
        "options of all sessions: a `store_timeout` of zero gives no store time to answer; give it a second or more",
    );
    // A cookie waits for nobody.
    let sessions = cookies().options(|all| all.store_timeout(Duration::ZERO));
    assert!(sessions.build().is_ok());
}

#[derive(SessionData)]
#[session(name = "cart")]
struct Trolley {
    wheels: u32,
}

#[test]
fn one_name_for_two_types_is_refused_whatever_the_store() {
    let twice = SessionMiddleware::builder(MemoryStore::new())
        .session::<Cart>(|cart| cart)
        .session::<Trolley>(|trolley| trolley.store(MemoryStore::new()));
    assert_eq!(twice.build().unwrap_err().kind(), BuildErrorKind::NameTwice);

    // Types that were not named are found out by the first request that has both.
    let site = Site::open(
        Engine::memory(),
        |all| all,
        |app| {
            app.route(
                "/both",
                web::get().to(|_: Session<Cart>, _: Session<Trolley>| async { "both" }),
            );
            shop(app);
        },
    );
    let mut browser = with_tea(&site);
    let reply = browser.get("/both");
    assert_eq!((reply.status, reply.text()), (500, ""));
    assert_eq!(browser.get("/show").text(), "Loaded tea");
}

#[test]
fn a_record_has_a_length_that_the_options_say() {
    for engine in Engine::each() {
        let site = Site::open(engine, |all| all.max_length(200), shop);
        let mut browser = with_tea(&site);
        let old = cookie(&browser);
        let long = "x".repeat(200);
        for path in [
            format!("/items/{long}"),
            format!("/renew/{long}"),
            format!("/save/{long}"),
        ] {
            let reply = browser.get(&path);
            assert_eq!((reply.status, reply.text()), (500, ""), "{path}");
            assert_eq!(reply.set_cookies(), NONE);
            assert_eq!(
                site.engine.tally(),
                "load 1",
                "nothing is sent to the store"
            );
        }
        assert_eq!(browser.get("/show").text(), "Loaded tea");
        assert_eq!(cookie(&browser), old);
        let mut newcomer = site.browser();
        assert_eq!(newcomer.get(&format!("/items/{long}")).status, 500);
        assert_eq!(site.live().len(), 1);
    }
}

#[test]
fn a_megabyte_fits_and_no_more_unless_the_options_say_so() {
    let grow = |app: &mut web::ServiceConfig| {
        app.route(
            "/grow/{bytes}",
            web::get().to(
                |mut cart: Session<Cart>, bytes: web::Path<usize>| async move {
                    cart.items_mut().push("x".repeat(*bytes));
                    "grown"
                },
            ),
        );
        shop(app);
    };
    for engine in Engine::each() {
        let site = Site::open(engine, |all| all, grow);
        let reply = site.browser().get("/grow/1048000");
        assert_eq!((reply.status, lines(&reply)), (200, vec![line("cart")]));
        assert_eq!(site.browser().get("/grow/1048576").status, 500);
        let unlimited = Site::open(Engine::beside(&site.engine), |all| all.max_length(0), grow);
        let status = unlimited.browser().get("/grow/1048576").status;
        // The files' store has a limit of its own.
        assert!(status == 200 || site.engine.name == "files", "{status}");
    }
}
