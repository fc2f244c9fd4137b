//! Dynamic data.

use actix_web::{App, HttpResponse, Result, web};
use sessions::{CookieStore, KeyRing, Session, SessionMiddleware, ValueError, Values};
use sessions_tests::{Browser, Server};

async fn count(mut values: Session<Values>) -> Result<HttpResponse> {
    let count = values
        .get::<u32>("count")
        .map_err(internal)?
        .unwrap_or_default()
        + 1;
    values.insert("count", &count).map_err(internal)?;
    Ok(HttpResponse::Ok().body(count.to_string()))
}

fn internal(error: ValueError) -> actix_web::Error {
    actix_web::error::ErrorInternalServerError(error)
}

#[test]
fn a_dynamic_session_counts() {
    let sessions = SessionMiddleware::builder(CookieStore::sealed(KeyRing::generate().unwrap()))
        .build()
        .unwrap();
    let server = Server::start(move || {
        App::new()
            .wrap(sessions.clone())
            .route("/", web::get().to(count))
    });
    let mut browser = Browser::new(&server);
    assert_eq!(browser.get("/").text(), "1");
    assert_eq!(browser.get("/").text(), "2");
    assert_eq!(browser.get("/").text(), "3");
}
