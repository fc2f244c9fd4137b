//! Logins and logouts beside a cookie of Go's that nobody imported.

use actix_web::web::{self, ServiceConfig};
use sessions::{MemoryStore, Session, SessionMiddleware};

use crate::site::{Login, Site, ann_s, import, lines, removal, show};

/// Writes something first, as a page that counts its visits does, and logs out.
async fn count_and_log_out(mut login: Session<Login>) -> String {
    let visits = login.visits() + 1;
    login.set_visits(visits);
    format!("{:?}", login.take_user())
}

async fn log_in_bob(mut login: Session<Login>) -> &'static str {
    login.set_user(78);
    login.forget_on_close();
    "in"
}

fn routes(app: &mut ServiceConfig) {
    app.route("/", web::to(show))
        .route("/bob", web::to(log_in_bob))
        .route("/count-and-log-out", web::to(count_and_log_out));
}

fn site() -> Site {
    let sessions = SessionMiddleware::builder(MemoryStore::new())
        .session::<Login>(|login| login.import(import()));
    Site::with(sessions, routes)
}

/// A session of ours that has ended, and its cookie beside Go's.
const ENDED: &str = "__Host-login=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

#[test]
fn who_logs_in_where_somebody_s_session_has_ended_is_not_followed_by_them() {
    let site = site();
    // Ann's computer: her session here has ended, her cookie of Go's has not. Bob logs in, for as long as the browser is open.
    let mut browser = site.browser();
    assert!(
        browser
            .jar
            .store(&format!("{ENDED}; Secure; Path=/"), "shop.example")
    );
    let reply = browser.get("/bob");
    assert_eq!(reply.text(), "in");
    browser.jar.restart();
    let shown = browser.get("/");
    assert_eq!(
        (lines(&reply).contains(&removal("session")), shown.text()),
        (true, "New nobody  0 new=true")
    );
}

#[test]
fn nobody_who_logs_out_is_not_brought_back_whatever_was_written_first() {
    let site = site();
    let cookies = format!("{ENDED}; {}", ann_s());
    let reply = site.get(&cookies, "/count-and-log-out");
    assert_eq!(reply.text(), "None");
    assert!(
        lines(&reply).contains(&removal("session")),
        "{:?}",
        lines(&reply)
    );
}
