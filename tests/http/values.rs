//! Dynamic data.

use std::collections::BTreeMap;

use actix_web::{App, HttpResponse, Result, web};
use serde::{Serialize, Serializer, ser::Error as _};
use sessions::{
    CookieStore, KeyRing, Session, SessionMiddleware, ValueError, ValueErrorKind, ValueKey, Values,
};
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

/// Cannot be written, and says why with the secret in it.
struct Unwritable;

impl Serialize for Unwritable {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(S::Error::custom("hunter2"))
    }
}

#[test]
fn an_error_about_a_value_quotes_no_value() {
    let mut values = Values::default();
    values.insert("token", "hunter2").unwrap();
    for (error, kind, message) in [
        (
            values.get::<u32>("token").unwrap_err(),
            ValueErrorKind::OtherType,
            "the value under `token` is not of the type asked for; ask for the type that was inserted",
        ),
        (
            values.insert("token", &Unwritable).unwrap_err(),
            ValueErrorKind::Unwritable,
            "the value for `token` cannot be written; look at its `Serialize`",
        ),
    ] {
        assert_eq!(error.kind(), kind);
        assert_eq!(error.key(), &ValueKey::from("token"));
        assert_eq!(error.to_string(), message);
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        assert!(std::error::Error::source(&error).is_none());
    }
}
