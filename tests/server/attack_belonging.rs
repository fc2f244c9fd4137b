//! Whom a session belongs to is what it was when it was saved, whatever a handler does meanwhile.

use std::pin::pin;

use actix_web::{HttpResponse, web};
use futures_util::FutureExt as _;
use sessions::{DeviceAddress, Session, SessionMiddleware, test_util::Verb};

use crate::{
    account::{Login, account, logged_in},
    engine::Engine,
    site::{Cart, Site, told},
};

/// Has a field open while the store is busy with a save.
#[expect(
    clippy::await_holding_refcell_ref,
    reason = "what the library must bear is what a handler should not do"
)]
async fn save_with_a_guard(mut login: Session<Login>, mut again: Session<Login>) -> String {
    login.items_mut().push("tea".to_owned());
    let mut saving = pin!(login.save());
    assert!(saving.as_mut().now_or_never().is_none());
    let guard = again.items_mut();
    let saved = saving.await;
    drop(guard);
    told(saved)
}

/// Gives the session to somebody else while the store is busy with a save, and fails.
async fn save_and_pass_on(mut login: Session<Login>, mut again: Session<Login>) -> HttpResponse {
    login.items_mut().push("tea".to_owned());
    let mut saving = pin!(login.save());
    assert!(saving.as_mut().now_or_never().is_none());
    again.set_user("bob");
    let saved = saving.await;
    HttpResponse::InternalServerError().body(told(saved))
}

/// Asks for the list while a field is open.
async fn end_all_with_a_guard(login: Session<Login>, mut again: Session<Login>) -> String {
    let guard = again.items_mut();
    let sessions = login.principal_sessions();
    drop(guard);
    match sessions {
        Ok(sessions) => format!("{:?}", sessions.end_all().await.ok()),
        Err(error) => format!("{:?}", error.kind()),
    }
}

/// Has a session of each kind.
async fn log_in_with_a_cart(mut login: Session<Login>, mut cart: Session<Cart>) -> &'static str {
    login.set_user("ada");
    cart.items_mut().push("tea".to_owned());
    "in"
}

fn routes(app: &mut web::ServiceConfig) {
    app.route("/guard", web::to(save_with_a_guard))
        .route("/pass-on", web::to(save_and_pass_on))
        .route("/end-all-with-a-guard", web::to(end_all_with_a_guard));
    account(app);
}

#[test]
fn a_session_stays_on_its_principal_s_list_whatever_happens_while_it_is_saved() {
    for (path, said) in [("/guard", "saved"), ("/pass-on", "saved")] {
        for engine in Engine::each() {
            let site = Site::open(engine, |all| all, routes);
            let browser = logged_in(&site, "ada");
            let mut other = browser.clone();
            // The first try conflicts, so that the record is made anew while the handler meddles.
            let (reply, _) =
                site.overtake(&browser, path, Verb::Update, || other.get("/items/cup"));
            assert_eq!(reply.text(), said, "{path}");
            assert_eq!(other.get("/end-all").text(), "1", "{path}");
            assert_eq!(site.live(), [], "{path}");
        }
    }
}

#[test]
fn a_list_that_cannot_be_asked_for_is_an_error_and_not_empty() {
    for engine in Engine::each() {
        let site = Site::open(engine, |all| all, routes);
        let mut browser = logged_in(&site, "ada");
        assert_eq!(browser.get("/end-all-with-a-guard").text(), "GuardAlive");
        assert_eq!(site.live().len(), 1);
    }
}

#[test]
fn each_session_keeps_the_address_that_its_own_options_trust() {
    let engine = Engine::memory();
    let sessions = SessionMiddleware::builder(engine.store())
        .options(|all| all.device_info(DeviceAddress::Forwarded))
        .session::<Login>(|login| login.device_info(DeviceAddress::Peer));
    let site = Site::with(engine, sessions, |app| {
        app.route("/both", web::to(log_in_with_a_cart));
    });
    let spoofed = &["X-Forwarded-For: 203.0.113.7"];
    assert_eq!(site.browser().send("GET", "/both", spoofed, "").status, 200);
    let live = site.live().into_iter();
    let kept = live.map(|(_, record)| {
        let address = record.device.and_then(|device| device.address);
        (record.principal.is_some(), address.unwrap_or_default())
    });
    let mut kept: Vec<_> = kept.collect();
    kept.sort_unstable();
    let expected = [(false, "203.0.113.7"), (true, "127.0.0.1")];
    assert_eq!(kept, expected.map(|(of, address)| (of, address.to_owned())));
}
