//! Logouts that say goodbye first.

use actix_web::web::{self, ServiceConfig};
use sessions::Session;

use crate::{
    account::{Login, account, logged_in},
    engine::Engine,
    site::{Site, cookie},
};

/// Leaves a message for the next page, and logs out.
async fn say_goodbye(mut login: Session<Login>) -> String {
    login.items_mut().push("goodbye".to_owned());
    format!("{:?}", login.take_user())
}

/// Renews, as some do whenever rights change, and logs out.
async fn renew_and_log_out(mut login: Session<Login>) -> String {
    login.renew();
    format!("{:?}", login.take_user())
}

fn routes(app: &mut ServiceConfig) {
    app.route("/goodbye", web::to(say_goodbye))
        .route("/renew-and-log-out", web::to(renew_and_log_out));
    account(app);
}

#[test]
fn nobody_who_logs_out_ends_what_was_renewed_a_moment_ago_whatever_was_written_first() {
    for path in ["/renew-and-log-out", "/goodbye"] {
        for engine in Engine::each() {
            let site = Site::open(engine, |all| all, routes);
            let mut browser = logged_in(&site, "ada");
            let old = cookie(&browser);
            browser.get("/renew");
            // The response with the new token is on its way.
            assert_eq!(site.get_with(&old, path).text(), "None");
            let shown = browser.get("/show");
            assert_eq!(shown.text(), "Rejected(Unknown) None ", "{path}");
        }
    }
}
