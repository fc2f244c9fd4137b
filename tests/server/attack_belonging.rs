//! Whom a session belongs to is what it was when it was saved, whatever a handler does meanwhile.

use std::pin::pin;

use actix_web::{HttpResponse, web};
use futures_util::FutureExt as _;
use sessions::{Session, test_util::Verb};

use crate::{
    account::{Login, account, logged_in},
    engine::Engine,
    site::{Site, told},
};

/// Has a field open while the store is busy with a save.
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
