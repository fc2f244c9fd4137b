//! Messages that are read once.

use actix_web::{
    HttpResponse,
    web::{self, Redirect, ServiceConfig},
};
use sessions::{Session, SessionData};
use sessions_tests::{Browser, Reply};

use crate::site::{NONE, line, lines, sealed, serve};

#[derive(SessionData)]
struct Board {
    #[session(flash(one = "notice"))]
    notices: Vec<String>,
    #[session(flash)]
    warnings: Vec<String>,
    #[session(flash)]
    number: Option<u32>,
    title: String,
}

/// Takes all messages and shows them.
async fn read(mut board: Session<Board>) -> String {
    let (notices, warnings, number) = (
        board.take_notices(),
        board.take_warnings(),
        board.take_number(),
    );
    format!("{notices:?} {warnings:?} {number:?}")
}

fn routes(app: &mut ServiceConfig) {
    app.route("/read", web::to(read))
        .route(
            "/push",
            web::to(|mut board: Session<Board>| async move {
                board.push_notice("one");
                board.push_notice(String::from("two"));
                board.push_warnings("three");
                board.push_number(4);
                board.push_number(5);
                Redirect::to("/read").see_other()
            }),
        )
        .route(
            "/notices",
            web::get()
                .to(|mut board: Session<Board>| async move { board.take_notices().join(",") }),
        )
        .route(
            "/title",
            web::get().to(|mut board: Session<Board>| async move {
                board.set_title("written");
                board.title().clone()
            }),
        )
        .route(
            "/fail",
            web::get().to(|mut board: Session<Board>| async move {
                let seen = board.take_notices().len();
                HttpResponse::InternalServerError().body(seen.to_string())
            }),
        )
        .route(
            "/both",
            web::get().to(|mut board: Session<Board>| async move {
                board.push_notice("now");
                board.take_notices().join(",")
            }),
        );
}

const ALL: &str = r#"["one", "two"] ["three"] Some(5)"#;
const NOTHING: &str = "[] [] None";

#[test]
fn a_message_survives_a_redirect_and_is_read_once() {
    let server = serve(sealed(), routes);
    let mut browser = Browser::new(&server);
    let reply = browser.post_and_follow("/push", "");
    assert_eq!(reply.text(), ALL);
    assert_eq!(lines(&reply), [line("board")]);
    let reply = browser.get("/read");
    assert_eq!((reply.text(), reply.set_cookies()), (NOTHING, vec![]));
}

#[test]
fn looking_for_messages_where_there_are_none_writes_nothing() {
    let server = serve(sealed(), routes);
    let mut browser = Browser::new(&server);
    let reply = browser.get("/read");
    assert_eq!((reply.text(), reply.set_cookies()), (NOTHING, vec![]));
    browser.get("/title");
    let reply = browser.get("/read");
    assert_eq!((reply.text(), reply.set_cookies()), (NOTHING, vec![]));
}

#[test]
fn what_is_not_read_stays() {
    let server = serve(sealed(), routes);
    let mut browser = Browser::new(&server);
    browser.get("/push");
    browser.get("/title");
    assert_eq!(browser.get("/notices").text(), "one,two");
    assert_eq!(browser.get("/read").text(), r#"[] ["three"] Some(5)"#);
}

#[test]
fn a_message_pushed_and_read_in_one_request_leaves_no_trace() {
    let server = serve(sealed(), routes);
    let mut browser = Browser::new(&server);
    let reply = browser.get("/both");
    assert_eq!((reply.text(), reply.set_cookies()), ("now", vec![]));
    assert_eq!(browser.get("/read").text(), NOTHING);
}

#[test]
fn a_failed_request_keeps_the_message() {
    let server = serve(sealed(), routes);
    let mut browser = Browser::new(&server);
    browser.get("/push");
    let reply = browser.get("/fail");
    assert_eq!((reply.text(), reply.set_cookies()), ("2", vec![]));
    assert_eq!(browser.get("/read").text(), ALL);
}

fn read_as(browser: &mut Browser, method: &str, header: &str) -> Reply {
    browser.send(method, "/read", &[header], "")
}

#[test]
fn nobody_reads_a_head_or_a_prefetched_page() {
    let server = serve(sealed(), routes);
    let mut browser = Browser::new(&server);
    browser.get("/push");
    for (method, header) in [
        ("HEAD", "Accept: */*"),
        ("GET", "Sec-Purpose: prefetch"),
        ("GET", "sec-purpose: prefetch;prerender"),
        ("GET", "Purpose: prefetch"),
        ("GET", "X-Moz: Prefetch"),
    ] {
        let reply = read_as(&mut browser, method, header);
        let body = if method == "HEAD" { "" } else { NOTHING };
        assert_eq!(
            (reply.text(), reply.set_cookies()),
            (body, vec![]),
            "{header}"
        );
    }
    // What else such a request writes is written, and the messages stay beside it.
    let reply = browser.send("GET", "/push", &["Sec-Purpose: prefetch"], "");
    assert_eq!(lines(&reply), [line("board")]);
    assert_eq!(
        read_as(&mut browser, "GET", "Sec-Purpose: none").text(),
        r#"["one", "two", "one", "two"] ["three", "three"] Some(5)"#
    );
}

#[test]
fn a_prefetched_page_reads_them_where_it_is_configured_to_and_a_head_never() {
    let sessions = sealed().session::<Board>(|board| board.flash_on_prefetch(true));
    let server = serve(sessions, routes);
    let mut browser = Browser::new(&server);
    browser.get("/push");
    assert_eq!(
        read_as(&mut browser, "HEAD", "Accept: */*").set_cookies(),
        NONE
    );
    assert_eq!(
        read_as(&mut browser, "GET", "Sec-Purpose: prefetch").text(),
        ALL
    );
    assert_eq!(browser.get("/read").text(), NOTHING);
}
