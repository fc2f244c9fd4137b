//! Saved on every way out that a visitor can see, and dropped where the server failed.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

use actix_web::{
    Error, HttpResponse, Responder,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    error::{ErrorForbidden, ErrorInternalServerError, InternalError},
    guard,
    http::StatusCode,
    middleware::{Next, from_fn},
    web::{self, Redirect},
};
use sessions::Session;
use sessions_tests::Browser;

use crate::site::{Cart, NONE, line, lines, sealed, serve, shop};

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap()
}

/// Writes and answers with a status, as a response or as an error.
async fn answer(mut cart: Session<Cart>, code: web::Path<u16>) -> HttpResponse {
    cart.items_mut().push(format!("answer {code}"));
    HttpResponse::build(status(*code)).finish()
}

async fn fail(mut cart: Session<Cart>, code: web::Path<u16>) -> Result<HttpResponse, Error> {
    cart.items_mut().push(format!("error {code}"));
    Err(InternalError::new("refused", status(*code)).into())
}

fn routes(app: &mut web::ServiceConfig) {
    shop(app);
    app.route("/answer/{code}", web::to(answer))
        .route("/fail/{code}", web::to(fail));
}

#[test]
fn a_response_of_any_status_below_500_saves() {
    let server = serve(sealed(), routes);
    for code in [
        200, 201, 204, 205, 301, 302, 303, 304, 307, 400, 403, 404, 409, 429, 499,
    ] {
        let mut browser = Browser::new(&server);
        let reply = browser.get(&format!("/answer/{code}"));
        assert_eq!(reply.status, code);
        assert_eq!(lines(&reply), [line("cart")], "{code}");
        assert_eq!(browser.get("/items").text(), format!("answer {code}"));
    }
}

#[test]
fn an_error_below_500_saves_and_keeps_its_body() {
    let server = serve(sealed(), routes);
    for code in [400, 401, 403, 404, 422] {
        let mut browser = Browser::new(&server);
        let reply = browser.get(&format!("/fail/{code}"));
        assert_eq!((reply.status, reply.text()), (code, "refused"));
        assert_eq!(lines(&reply), [line("cart")], "{code}");
        assert_eq!(browser.get("/items").text(), format!("error {code}"));
    }
}

#[test]
fn a_server_error_drops_what_was_written() {
    let server = serve(sealed(), routes);
    let mut browser = Browser::new(&server);
    browser.get("/items/tea");
    for path in ["/answer/500", "/answer/503", "/fail/500", "/fail/504"] {
        let reply = browser.get(path);
        assert_eq!(reply.set_cookies(), NONE, "{path}");
        assert_eq!(reply.header("vary"), Some("Cookie"), "{path}");
        assert_eq!(reply.header("cache-control"), None, "{path}");
        assert_eq!(browser.get("/items").text(), "tea", "{path}");
    }
}

#[test]
fn a_server_error_saves_where_it_is_configured_to() {
    let sessions = sealed().session::<Cart>(|cart| cart.save_on_server_error(true));
    let server = serve(sessions, routes);
    let mut browser = Browser::new(&server);
    assert_eq!(lines(&browser.get("/answer/500")), [line("cart")]);
    assert_eq!(lines(&browser.get("/fail/503")), [line("cart")]);
    assert_eq!(browser.get("/items").text(), "answer 500,error 503");
}

#[test]
fn a_head_request_saves() {
    let server = serve(sealed(), routes);
    let mut browser = Browser::new(&server);
    let reply = browser.send("HEAD", "/items/tea", &[], "");
    assert_eq!(reply.body, b"");
    assert_eq!(lines(&reply), [line("cart")]);
    assert_eq!(browser.get("/items").text(), "tea");
}

#[test]
fn a_redirect_saves() {
    let server = serve(sealed(), |app| {
        shop(app);
        app.route(
            "/add",
            web::post().to(|mut cart: Session<Cart>| async move {
                cart.items_mut().push("tea".to_owned());
                Redirect::to("/items").see_other()
            }),
        );
    });
    let mut browser = Browser::new(&server);
    assert_eq!(browser.post_and_follow("/add", "").text(), "tea");
}

/// Writes and lets the request in, or refuses it before or after the handler.
async fn doorman<B: MessageBody + 'static>(
    mut cart: Session<Cart>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    cart.items_mut().push("doorman".to_owned());
    match request.query_string() {
        "forbid" => Err(ErrorForbidden("no entry")),
        "break" => Err(ErrorInternalServerError("no door")),
        "forbid-after" => {
            next.call(request).await?;
            Err(ErrorForbidden("no exit"))
        }
        "break-after" => {
            next.call(request).await?;
            Err(ErrorInternalServerError("no exit"))
        }
        _ => next.call(request).await,
    }
}

#[test]
fn an_inner_middleware_that_fails_saves_like_a_handler() {
    let server = serve(sealed(), |app| {
        app.service(
            web::scope("/in")
                .wrap(from_fn(doorman))
                .route("/{item}", web::get().to(crate::site::add)),
        );
        shop(app);
    });
    for (query, code, body, kept) in [
        ("", 200, "doorman,tea", "doorman,tea"),
        ("forbid", 403, "no entry", "doorman"),
        ("forbid-after", 403, "no exit", "doorman,tea"),
        ("break", 500, "no door", ""),
        ("break-after", 500, "no exit", ""),
    ] {
        let mut browser = Browser::new(&server);
        let reply = browser.get(&format!("/in/tea?{query}"));
        assert_eq!((reply.status, reply.text()), (code, body));
        let saved = Vec::from_iter((!kept.is_empty()).then(|| line("cart")));
        assert_eq!(lines(&reply), saved, "{query}");
        assert_eq!(reply.header("vary"), Some("Cookie"), "{query}");
        let stored = (!kept.is_empty()).then_some("no-store");
        assert_eq!(reply.header("cache-control"), stored, "{query}");
        assert_eq!(browser.get("/items").text(), kept, "{query}");
    }
}

#[test]
fn a_request_that_no_handler_answers_has_no_session() {
    let server = serve(sealed(), |app| {
        app.service(
            web::resource("/guarded")
                .guard(guard::Header("x-key", "open"))
                .to(crate::site::list),
        )
        .route("/post", web::post().to(crate::site::list));
    });
    let mut browser = Browser::new(&server);
    for (path, code) in [("/guarded", 404), ("/post", 404), ("/absent", 404)] {
        let reply = browser.get(path);
        assert_eq!(reply.status, code, "{path}");
        assert_eq!(reply.header("vary"), None, "{path}");
        assert_eq!(reply.set_cookies(), NONE, "{path}");
    }
}

#[test]
fn an_extractor_that_fails_after_the_session_saves_what_was_written_before() {
    let server = serve(sealed(), |app| {
        app.service(
            web::scope("/in")
                .wrap(from_fn(doorman))
                .route("/{number}", web::get().to(by_number)),
        );
    });
    let mut browser = Browser::new(&server);
    let reply = browser.get("/in/seven");
    assert_eq!(reply.status, 404);
    assert_eq!(lines(&reply), [line("cart")]);
    assert_eq!(browser.get("/in/7").text(), "doorman,doorman,7");
}

async fn by_number(mut cart: Session<Cart>, number: web::Path<u32>) -> impl Responder {
    cart.items_mut().push(number.to_string());
    cart.items().join(",")
}

#[test]
fn a_handler_that_panics_sends_nothing_and_harms_nobody() {
    let server = serve(sealed(), |app| {
        shop(app);
        app.route(
            "/panic",
            web::get().to(|mut cart: Session<Cart>| async move {
                let mut items = cart.items_mut();
                items.push("lost".to_owned());
                assert!(items.is_empty(), "a handler may panic");
                "not reached"
            }),
        );
    });
    let mut browser = Browser::new(&server);
    browser.get("/items/tea");
    let cookies = browser.jar.header("shop.example", "/").unwrap();
    let mut stream = TcpStream::connect(server.address()).unwrap();
    let request = format!("GET /panic HTTP/1.1\r\nHost: shop.example\r\nCookie: {cookies}\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut reply = Vec::new();
    // Whether the connection ends or is reset is the system's affair.
    _ = stream.read_to_end(&mut reply);
    assert_eq!(reply, b"");
    assert_eq!(browser.get("/items").text(), "tea");
}
