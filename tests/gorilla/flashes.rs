//! Messages that are read once.

use actix_web::web;
use serde::{Deserialize, Serialize};
use sessions::{Session, SessionData};
use sessions_tests::{Browser, Server};

use super::site::{sealed, serve};

#[derive(Serialize, Deserialize)]
struct Message {
    kind: u8,
    text: String,
}

#[derive(SessionData)]
struct Notes {
    #[session(flash(one = "notice"))]
    notices: Vec<String>,
    #[session(flash(one = "warning"))]
    warnings: Vec<String>,
    #[session(flash)]
    message: Option<Message>,
    visits: u32,
}

fn site() -> Server {
    serve(&sealed(1), |app| {
        app.route(
            "/push",
            web::get().to(async |mut notes: Session<Notes>| {
                notes.push_notice("foo");
                notes.push_notice("bar");
                notes.push_warning("baz");
                ""
            }),
        )
        .route(
            "/push-message",
            web::get().to(async |mut notes: Session<Notes>| {
                notes.push_message(Message {
                    kind: 42,
                    text: "foo".to_owned(),
                });
                ""
            }),
        )
        .route(
            "/take",
            web::get().to(async |mut notes: Session<Notes>| {
                format!("{:?} {:?}", notes.take_notices(), notes.take_notices())
            }),
        )
        .route(
            "/take-warnings",
            web::get().to(async |mut notes: Session<Notes>| format!("{:?}", notes.take_warnings())),
        )
        .route(
            "/take-message",
            web::get().to(async |mut notes: Session<Notes>| {
                let taken = notes.take_message();
                taken.map_or("none".to_owned(), |message| {
                    format!("{} {}", message.kind, message.text)
                })
            }),
        )
        .route(
            "/push-and-take",
            web::get().to(async |mut notes: Session<Notes>| {
                notes.push_notice("now");
                format!("{:?}", notes.take_notices())
            }),
        )
        .route(
            "/visit",
            web::get().to(async |mut notes: Session<Notes>| {
                let visits = notes.visits() + 1;
                notes.set_visits(visits);
                ""
            }),
        );
    })
}

#[test]
fn a_new_session_has_no_flashes_and_taking_none_sends_nothing() {
    let site = site();
    let page = Browser::new(&site).get("/take");
    assert_eq!(page.text(), "[] []");
    assert_eq!(page.set_cookies(), [""; 0]);
}

#[test]
fn flashes_are_taken_once_and_in_the_order_they_were_pushed() {
    let site = site();
    let mut browser = Browser::new(&site);
    assert_eq!(browser.get("/push").set_cookies().len(), 1);
    assert_eq!(browser.get("/take").text(), r#"["foo", "bar"] []"#);
    assert_eq!(browser.get("/take").text(), "[] []");
}

#[test]
fn flashes_of_one_kind_leave_those_of_another() {
    let site = site();
    let mut browser = Browser::new(&site);
    browser.get("/push");
    assert_eq!(browser.get("/take-warnings").text(), r#"["baz"]"#);
    assert_eq!(browser.get("/take-warnings").text(), "[]");
    assert_eq!(browser.get("/take").text(), r#"["foo", "bar"] []"#);
}

#[test]
fn flashes_wait_until_somebody_takes_them() {
    let site = site();
    let mut browser = Browser::new(&site);
    browser.get("/push");
    browser.get("/visit");
    browser.get("/push");
    assert_eq!(
        browser.get("/take").text(),
        r#"["foo", "bar", "foo", "bar"] []"#
    );
}

#[test]
fn a_flash_can_be_of_a_type_of_ones_own() {
    let site = site();
    let mut browser = Browser::new(&site);
    browser.get("/push-message");
    assert_eq!(browser.get("/take-message").text(), "42 foo");
    assert_eq!(browser.get("/take-message").text(), "none");
}

#[test]
fn a_flash_taken_in_the_request_that_pushed_it_never_travels() {
    let site = site();
    let mut browser = Browser::new(&site);
    let page = browser.get("/push-and-take");
    assert_eq!(page.text(), r#"["now"]"#);
    assert_eq!(page.set_cookies(), [""; 0]);
    assert_eq!(browser.get("/take").text(), "[] []");
}
