//! Data of a visitor's own that is written and cannot be read back.

use actix_web::web::{self, ServiceConfig};
use sessions::{Session, SessionData};

use crate::{
    engine::Engine,
    site::{Site, told},
};

#[derive(SessionData)]
struct Workbench {
    #[session(principal)]
    user: Option<String>,
    searches: Vec<serde_json::Value>,
}

async fn log_in(mut bench: Session<Workbench>) -> &'static str {
    bench.set_user("ada");
    "in"
}

/// Keeps what a visitor sent.
async fn keep(mut bench: Session<Workbench>, search: web::Json<serde_json::Value>) -> String {
    bench.searches_mut().push(search.into_inner());
    told(bench.save().await)
}

async fn show(bench: Session<Workbench>) -> String {
    format!(
        "{:?} {:?} {}",
        bench.origin(),
        *bench.user(),
        bench.searches().len()
    )
}

fn routes(app: &mut ServiceConfig) {
    app.route("/log-in", web::to(log_in))
        .route("/keep", web::post().to(keep))
        .route("/show", web::to(show));
}

#[test]
fn what_was_saved_is_there_in_the_next_request_or_was_refused() {
    let site = Site::open(Engine::memory(), |all| all, routes);
    let mut lost = Vec::new();
    // JSON goes 127 deep.
    for depth in [1, 64, 120, 124, 125, 126, 127] {
        let mut browser = site.browser();
        browser.get("/log-in");
        let body = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let kept = browser.send("POST", "/keep", &["Content-Type: application/json"], &body);
        let shown = browser.get("/show");
        let whole = match kept.text() {
            "saved" => r#"Loaded Some("ada") 1"#,
            _ => r#"Loaded Some("ada") 0"#,
        };
        if shown.text() != whole {
            lost.push(format!(
                "{depth}: {} {} then {}",
                kept.status,
                kept.text(),
                shown.text()
            ));
        }
    }
    assert!(lost.is_empty(), "{lost:#?}");
}
