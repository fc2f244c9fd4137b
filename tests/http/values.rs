//! Dynamic data.

use std::collections::BTreeMap;

use actix_web::{App, HttpResponse, Result, web};
use sessions::{CookieStore, KeyRing, Session, SessionMiddleware, ValueError, Values};
use sessions_tests::{Browser, Server};

use crate::site::{NONE, line, lines, sealed, serve};

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

/// Every kind of key, of value and of nesting.
async fn fill(mut values: Session<Values>) -> Result<HttpResponse> {
    values.insert("theme", &"dark").map_err(internal)?;
    values.insert(7, &[1.5, f64::INFINITY]).map_err(internal)?;
    values
        .insert(-7, &BTreeMap::from([(1_u32, "a"), (2, "b")]))
        .map_err(internal)?;
    values.insert("", &None::<bool>).map_err(internal)?;
    Ok(HttpResponse::Ok().finish())
}

async fn show(values: Session<Values>) -> Result<HttpResponse> {
    let shown = format!(
        "{:?} {:?} {:?} {:?} {:?}",
        values.get::<String>("theme").map_err(internal)?,
        values.get::<[f64; 2]>(7).map_err(internal)?,
        values.get::<BTreeMap<u32, String>>(-7).map_err(internal)?,
        values.get::<Option<bool>>("").map_err(internal)?,
        values.get::<bool>("absent").map_err(internal)?,
    );
    Ok(HttpResponse::Ok().body(shown))
}

#[test]
fn keys_are_text_or_integers_and_values_anything() {
    let server = serve(sealed(), |app| {
        app.route("/fill", web::get().to(fill))
            .route("/show", web::get().to(show));
    });
    let mut browser = Browser::new(&server);
    assert_eq!(lines(&browser.get("/fill")), [line("values")]);
    assert_eq!(browser.get("/fill").set_cookies(), NONE);
    assert_eq!(
        browser.get("/show").text(),
        "Some(\"dark\") Some([1.5, inf]) Some({1: \"a\", 2: \"b\"}) Some(None) None"
    );
}
