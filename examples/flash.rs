//! A message for the next page: written before a redirect, read once behind it. It listens on port 8080:
//!
//! ```console
//! cargo run -p sessions-examples --example flash
//! curl -L -c jar -b jar -d text=hello http://127.0.0.1:8080/notes
//! curl -c jar -b jar http://127.0.0.1:8080/
//! ```

use std::{collections::HashMap, error::Error};

use actix_web::{
    App, HttpServer, Responder,
    web::{self, Redirect},
};
use sessions::{CookieStore, KeyRing, Session, SessionData, SessionMiddleware};

#[derive(SessionData)]
struct Visit {
    /// `Option<String>` instead would keep the last message only.
    #[session(flash(one = "notice"))]
    notices: Vec<String>,
    /// Any number of flash fields, of any type that serde knows.
    #[session(flash)]
    words: Option<usize>,
}

async fn save(mut visit: Session<Visit>, form: web::Form<HashMap<String, String>>) -> Redirect {
    let text = form.get("text").map_or("", String::as_str);
    visit.push_notice("Saved.");
    visit.push_words(text.split_whitespace().count());
    Redirect::to("/").see_other()
}

async fn home(mut visit: Session<Visit>) -> impl Responder {
    let (notices, words) = (visit.take_notices(), visit.take_words());
    format!("{notices:?}, words: {words:?}\n")
}

fn sessions(keys: KeyRing) -> Result<SessionMiddleware, sessions::BuildError> {
    SessionMiddleware::builder(CookieStore::sealed(keys))
        .options(|all| all.insecure_http()) // behind TLS, without this option
        .build()
}

fn routes(app: &mut web::ServiceConfig) {
    app.route("/", web::get().to(home));
    app.route("/", web::head().to(home));
    app.route("/notes", web::post().to(save));
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let sessions = sessions(KeyRing::generate()?)?; // in production: KeyRing::from_env("SESSION_KEYS")?
    let server = HttpServer::new(move || App::new().wrap(sessions.clone()).configure(routes));
    Ok(server.bind(("127.0.0.1", 8080))?.run().await?)
}

#[cfg(test)]
#[test]
fn a_message_is_read_once_by_somebody_who_sees_it() -> Result<(), Box<dyn Error>> {
    use sessions_tests::{Browser, Server};

    let sessions = sessions(KeyRing::generate()?)?;
    let server = Server::start(move || App::new().wrap(sessions.clone()).configure(routes));
    let mut browser = Browser::new(&server);
    browser.post("/notes", "text=one+two");
    // Nobody sees the answers to these.
    browser.send("HEAD", "/", &[], "");
    browser.send("GET", "/", &["Sec-Purpose: prefetch"], "");
    let page = browser.post_and_follow("/notes", "text=hello");
    assert_eq!(page.text(), "[\"Saved.\", \"Saved.\"], words: Some(1)\n");
    assert_eq!(browser.get("/").text(), "[], words: None\n");
    Ok(())
}
