//! Keys that are only known at run time: [`Values`] is a session of a map instead of a struct. It listens on port 8080:
//!
//! ```console
//! cargo run -p sessions-examples --example values
//! curl -c jar -b jar -d columns=3 http://127.0.0.1:8080/widgets/clock
//! curl -c jar -b jar http://127.0.0.1:8080/widgets/clock
//! ```

use std::error::Error;

use actix_web::{App, HttpResponse, HttpServer, Responder, web};
use serde::{Deserialize, Serialize};
use sessions::{CookieStore, KeyRing, Session, SessionMiddleware, Values};

#[derive(Serialize, Deserialize)]
struct Layout {
    columns: u8,
}

async fn show(values: Session<Values>, widget: web::Path<String>) -> impl Responder {
    match values.get::<Layout>(widget.as_str()) {
        Ok(Some(layout)) => HttpResponse::Ok().body(format!("{} columns\n", layout.columns)),
        Ok(None) => HttpResponse::NotFound().body("never arranged\n"),
        // What an earlier release put there, perhaps.
        Err(error) => HttpResponse::Conflict().body(format!("{error}\n")),
    }
}

async fn arrange(
    mut values: Session<Values>,
    widget: web::Path<String>,
    layout: web::Form<Layout>,
) -> Result<HttpResponse, Box<dyn Error>> {
    // A cookie holds about three kilobytes: what visitors can fill needs a bound, in number and in length.
    if widget.len() > 40 || values.read().len() >= 20 && !values.read().contains_key(&**widget) {
        return Ok(HttpResponse::BadRequest().finish());
    }
    values.insert(widget.into_inner(), &layout.into_inner())?;
    Ok(HttpResponse::NoContent().finish())
}

fn sessions(keys: KeyRing) -> Result<SessionMiddleware, sessions::BuildError> {
    let builder = SessionMiddleware::builder(CookieStore::sealed(keys));
    builder.options(|all| all.insecure_http()).build() // behind TLS, without this option
}

fn routes(app: &mut web::ServiceConfig) {
    let widget = web::resource("/widgets/{widget}");
    app.service(widget.get(show).post(arrange));
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let sessions = sessions(KeyRing::generate()?)?; // in production: KeyRing::from_env("SESSION_KEYS")?
    let server = HttpServer::new(move || App::new().wrap(sessions.clone()).configure(routes));
    Ok(server.bind(("127.0.0.1", 8080))?.run().await?)
}

#[cfg(test)]
#[test]
fn each_widget_is_kept_under_its_name_and_only_so_many() -> Result<(), Box<dyn Error>> {
    use sessions_tests::{Browser, Server};

    let sessions = sessions(KeyRing::generate()?)?;
    let server = Server::start(move || App::new().wrap(sessions.clone()).configure(routes));
    let mut browser = Browser::new(&server);
    let path = |number| format!("/widgets/{number:->40}");
    let put = |browser: &mut Browser, number, columns| {
        let form = format!("columns={columns}");
        browser.post(&path(number), &form).status
    };
    for number in 0..20 {
        assert_eq!(put(&mut browser, number, number), 204);
    }
    assert_eq!(put(&mut browser, 20, 1), 400);
    assert_eq!(put(&mut browser, 7, 8), 204);
    assert_eq!(browser.get(&path(6)).text(), "6 columns\n");
    assert_eq!(browser.get(&path(7)).text(), "8 columns\n");
    assert_eq!(browser.get(&path(20)).status, 404);
    Ok(())
}
