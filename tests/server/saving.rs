//! Saved by itself before the response's head leaves, and after it where no cookie is needed.

use actix_web::{
    Error, HttpResponse,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    error::{ErrorForbidden, ErrorInternalServerError},
    http::StatusCode,
    middleware::{Next, from_fn},
    web::{self, Bytes, ServiceConfig},
};
use futures_util::stream;
use sessions::{Session, SessionData};
use sessions_tests::Browser;

use crate::{
    engine::Engine,
    journal,
    site::{Cart, NONE, Site, add, line, lines, removal, show, told, with_tea},
};

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap()
}

async fn answer(mut cart: Session<Cart>, path: web::Path<(u16, String)>) -> HttpResponse {
    let (code, item) = path.into_inner();
    cart.items_mut().push(item);
    HttpResponse::build(status(code)).finish()
}

/// Saves, writes again, and fails.
async fn save_and_fail(mut cart: Session<Cart>) -> Result<HttpResponse, Error> {
    cart.items_mut().push("kept".to_owned());
    cart.save().await?;
    cart.items_mut().push("dropped".to_owned());
    Err(ErrorInternalServerError("no"))
}

async fn end_and_fail(mut cart: Session<Cart>) -> HttpResponse {
    cart.destroy();
    cart.items_mut().push("dropped".to_owned());
    HttpResponse::InternalServerError().finish()
}

async fn doorman<B: MessageBody + 'static>(
    mut cart: Session<Cart>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    cart.items_mut().push("doorman".to_owned());
    match request.query_string() {
        "forbid" => Err(ErrorForbidden("no entry")),
        "break" => Err(ErrorInternalServerError("no door")),
        _ => next.call(request).await,
    }
}

fn routes(app: &mut ServiceConfig) {
    app.route("/show", web::to(show))
        .route("/items/{item}", web::to(add))
        .route("/answer/{code}/{item}", web::to(answer))
        .route("/save-and-fail", web::to(save_and_fail))
        .route("/end-and-fail", web::to(end_and_fail))
        .service(
            web::scope("/in")
                .wrap(from_fn(doorman))
                .route("/{item}", web::get().to(add)),
        );
}

fn open(engine: Engine) -> (Site, Browser) {
    let site = Site::open(engine, |all| all, routes);
    let browser = with_tea(&site);
    (site, browser)
}

#[test]
fn what_a_server_error_left_unsaved_is_dropped_and_the_store_hears_nothing_of_it() {
    for engine in Engine::each() {
        let (site, mut browser) = open(engine);
        for code in [500, 503, 599] {
            let reply = browser.get(&format!("/answer/{code}/cup"));
            assert_eq!((reply.status, reply.set_cookies()), (code, vec![]));
            assert_eq!(site.engine.tally(), "load 1");
        }
        for code in [200, 204, 303, 404, 499] {
            assert_eq!(browser.get(&format!("/answer/{code}/{code}")).status, code);
        }
        assert_eq!(
            browser.get("/show").text(),
            "Loaded tea,200,204,303,404,499"
        );
        let reply = site.browser().get("/answer/500/cup");
        assert_eq!(reply.set_cookies(), NONE);
        assert_eq!(site.live().len(), 1);
    }
}

#[test]
fn what_the_handler_saved_survives_its_error_with_its_cookie() {
    for engine in Engine::each() {
        let (site, mut browser) = open(engine);
        let reply = browser.get("/save-and-fail");
        assert_eq!((reply.status, reply.set_cookies()), (500, vec![]));
        assert_eq!(site.engine.tally(), "load 1, update 1");
        assert_eq!(browser.get("/show").text(), "Loaded tea,kept");

        let mut newcomer = site.browser();
        let reply = newcomer.get("/save-and-fail");
        assert_eq!(reply.status, 500);
        assert_eq!(lines(&reply), [line("cart")]);
        assert_eq!(newcomer.get("/show").text(), "Loaded kept");
    }
}

#[test]
fn an_end_is_an_end_also_where_the_server_failed() {
    for engine in Engine::each() {
        let (site, mut browser) = open(engine);
        let reply = browser.get("/end-and-fail");
        assert_eq!(reply.status, 500);
        assert_eq!(lines(&reply), [removal("cart")]);
        assert_eq!(site.engine.tally(), "load 2, delete 1");
        assert_eq!(site.live(), []);
    }
}

#[test]
fn an_inner_middleware_that_fails_saves_like_a_handler() {
    for engine in Engine::each() {
        let (site, _) = open(engine);
        for (query, code, kept) in [
            ("", 200, "Loaded tea,doorman,cup"),
            ("forbid", 403, "Loaded tea,doorman"),
            ("break", 500, "Loaded tea"),
        ] {
            let mut browser = with_tea(&site);
            let reply = browser.get(&format!("/in/cup?{query}"));
            assert_eq!((reply.status, reply.set_cookies()), (code, vec![]));
            assert_eq!(browser.get("/show").text(), kept, "{query}");
            let newcomer = site.browser().get(&format!("/in/cup?{query}"));
            let set = Vec::from_iter((code < 500).then(|| line("cart")));
            assert_eq!(lines(&newcomer), set, "{query}");
        }
    }
}

#[test]
fn saving_over_and_over_writes_what_changed_and_sends_one_cookie() {
    let routes = |app: &mut ServiceConfig| {
        app.route(
            "/thrice",
            web::get().to(|mut cart: Session<Cart>| async move {
                let mut all = Vec::new();
                all.push(told(cart.save().await));
                for item in ["one", "two"] {
                    cart.items_mut().push(item.to_owned());
                    all.push(told(cart.save().await));
                }
                drop(cart.items_mut());
                all.push(told(cart.save().await));
                cart.items_mut().push("three".to_owned());
                all.join(" ")
            }),
        )
        .route("/show", web::to(show));
    };
    for engine in Engine::each() {
        let site = Site::open(engine, |all| all, routes);
        let mut browser = site.browser();
        let reply = browser.get("/thrice");
        assert_eq!(reply.text(), "saved saved saved saved");
        assert_eq!(lines(&reply), [line("cart")]);
        assert_eq!(site.engine.tally(), "create 1, update 2");
        assert_eq!(browser.get("/show").text(), "Loaded one,two,three");
        assert_eq!(site.events.take(), ["created cart"]);
    }
}

#[test]
fn what_is_renewed_or_ended_after_it_was_saved_leaves_one_cookie_or_none() {
    let routes = |app: &mut ServiceConfig| {
        app.route(
            "/renew-twice",
            web::get().to(|mut cart: Session<Cart>| async move {
                cart.items_mut().push("tea".to_owned());
                cart.save().await?;
                cart.renew();
                cart.save().await?;
                cart.renew();
                Ok::<_, sessions::SessionError>("done")
            }),
        )
        .route(
            "/create-and-end",
            web::get().to(|mut cart: Session<Cart>| async move {
                cart.items_mut().push("tea".to_owned());
                cart.save().await?;
                cart.destroy();
                Ok::<_, sessions::SessionError>("done")
            }),
        )
        .route(
            "/end-and-create",
            web::get().to(|mut cart: Session<Cart>| async move {
                cart.destroy();
                cart.save().await?;
                cart.items_mut().push("anew".to_owned());
                Ok::<_, sessions::SessionError>("done")
            }),
        )
        .route("/show", web::to(show));
    };
    for engine in Engine::each() {
        let site = Site::open(engine, |all| all, routes);
        let mut browser = site.browser();
        assert_eq!(lines(&browser.get("/renew-twice")), [line("cart")]);
        assert_eq!(site.engine.tally(), "create 3, rename 2");
        assert_eq!(browser.get("/show").text(), "Loaded tea");
        assert_eq!(site.live().len(), 1);

        assert_eq!(lines(&browser.get("/end-and-create")), [line("cart")]);
        assert_eq!(browser.get("/show").text(), "Loaded anew");
        assert_eq!(site.live().len(), 1);

        let reply = browser.get("/create-and-end");
        assert_eq!(lines(&reply), [removal("cart")]);
        assert_eq!(browser.jar.cookies(), []);
        assert_eq!(site.live(), []);
    }
}

#[derive(SessionData)]
struct Streamed {
    items: Vec<String>,
}

/// Writes and saves while the body streams, then writes and does not save.
async fn stream_it(mut streamed: Session<Streamed>, how: web::Path<String>) -> HttpResponse {
    streamed.items_mut().push("head".to_owned());
    let body = async move {
        let mut said = Vec::new();
        match how.as_str() {
            "save" => {
                streamed.items_mut().push("body".to_owned());
                said.push(told(streamed.save().await));
                streamed.items_mut().push("more".to_owned());
                said.push(told(streamed.save().await));
            }
            "forget" => streamed.items_mut().push("lost".to_owned()),
            "renew" => {
                streamed.renew();
                said.push(told(streamed.save().await));
            }
            "remember" => {
                streamed.remember(crate::site::DAY);
                said.push(told(streamed.save().await));
            }
            "end" => {
                streamed.destroy();
                said.push(told(streamed.save().await));
            }
            _ => said.push(told(streamed.save().await)),
        }
        Ok::<_, Error>(Bytes::from(said.join(" ")))
    };
    HttpResponse::Ok().streaming(stream::once(body))
}

/// First written while the body streams.
async fn stream_late(mut streamed: Session<Streamed>) -> HttpResponse {
    HttpResponse::Ok().streaming(stream::once(async move {
        let tried = streamed.try_write().map(drop);
        let tried = tried.map_err(|error| error.kind());
        streamed.items_mut().push("late".to_owned());
        let saved = told(streamed.save().await);
        Ok::<_, Error>(Bytes::from(format!("{tried:?} {saved}")))
    }))
}

/// Becomes another protocol, in which each message is saved.
async fn upgrade(streamed: Session<Streamed>) -> HttpResponse {
    let messages = ["one", "two", "three"].into_iter();
    let echo = stream::unfold(
        (streamed, messages),
        |(mut streamed, mut messages)| async move {
            let message = messages.next()?;
            streamed.items_mut().push(message.to_owned());
            let said = told(streamed.save().await);
            Some((Ok::<_, Error>(Bytes::from(said)), (streamed, messages)))
        },
    );
    HttpResponse::SwitchingProtocols()
        .upgrade("echo")
        .streaming(Box::pin(echo))
}

fn streams(app: &mut ServiceConfig) {
    app.route("/stream/{how}", web::get().to(stream_it))
        .route("/late", web::get().to(stream_late))
        .route("/upgrade", web::get().to(upgrade))
        .route(
            "/show",
            web::get().to(|streamed: Session<Streamed>| async move { streamed.items().join(",") }),
        );
}

/// A visitor with a streamed session that is there already.
fn streaming(engine: Engine) -> (Site, Browser) {
    let site = Site::open(engine, |all| all, streams);
    let mut browser = site.browser();
    assert_eq!(lines(&browser.get("/stream/idle")), [line("streamed")]);
    site.engine.tally();
    (site, browser)
}

#[test]
fn a_body_saves_what_it_writes_where_no_cookie_is_needed() {
    for engine in Engine::each() {
        let (site, mut browser) = streaming(engine);
        let reply = browser.get("/stream/save");
        assert_eq!((reply.text(), reply.set_cookies()), ("saved saved", vec![]));
        assert_eq!(site.engine.tally(), "load 1, update 3");
        assert_eq!(browser.get("/show").text(), "head,head,body,more");
        // Also the session that was begun by the very request, whose cookie went with the head.
        let mut newcomer = site.browser();
        let reply = newcomer.get("/stream/save");
        assert_eq!(reply.text(), "saved saved");
        assert_eq!(lines(&reply), [line("streamed")]);
        assert_eq!(newcomer.get("/show").text(), "head,body,more");
    }
}

#[test]
fn a_body_cannot_do_what_needs_a_cookie_and_can_end_what_is_there() {
    for engine in Engine::each() {
        let (site, mut browser) = streaming(engine);
        for path in ["/stream/renew", "/stream/remember"] {
            let reply = browser.get(path);
            assert_eq!((reply.text(), reply.set_cookies()), ("TooLate", vec![]));
            assert_eq!(site.engine.tally(), "load 1, update 1", "the head's");
        }
        assert_eq!(browser.get("/show").text(), "head,head,head");
        let reply = browser.get("/stream/end");
        assert_eq!((reply.text(), reply.set_cookies()), ("saved", vec![]));
        assert_eq!(site.live(), []);
        assert_eq!(browser.get("/show").text(), "");
    }
}

#[test]
fn a_body_begins_no_session() {
    for engine in Engine::each() {
        let site = Site::open(engine, |all| all, streams);
        let reply = site.browser().get("/late");
        assert_eq!(reply.text(), "Err(TooLate) TooLate");
        assert_eq!(reply.set_cookies(), NONE);
        assert_eq!(site.live(), []);
        // What was there before is another matter.
        let (site, mut browser) = streaming(site.engine);
        assert_eq!(browser.get("/late").text(), "Ok(()) saved");
        assert_eq!(browser.get("/show").text(), "head,late");
        drop(site);
    }
}

#[test]
fn a_connection_that_changed_its_protocol_saves_message_by_message() {
    for engine in Engine::each() {
        let (site, mut browser) = streaming(engine);
        let headers = &["Connection: Upgrade", "Upgrade: echo"];
        let reply = browser.send("GET", "/upgrade", headers, "");
        assert_eq!((reply.status, reply.set_cookies()), (101, vec![]));
        // The reply of an upgrade is read to the end of its head only.
        let show = || site.get_with(&crate::site::cookie(&browser), "/show");
        while show().text() != "head,one,two,three" {}
        assert!(site.engine.tally().contains("update 3"));
    }
}

#[derive(SessionData)]
struct Unsaved {
    items: Vec<String>,
}

/// Each a way to have written, or not, when the head leaves.
async fn unsaved(mut unsaved: Session<Unsaved>, how: web::Path<String>) -> HttpResponse {
    match how.as_str() {
        "idle" => drop(unsaved.items_mut()),
        "fail" => {
            unsaved.items_mut().push("dropped".to_owned());
            return HttpResponse::InternalServerError().finish();
        }
        "fail-renewal" => {
            unsaved.renew();
            return HttpResponse::InternalServerError().finish();
        }
        "lost" => {
            return HttpResponse::Ok().streaming(stream::once(async move {
                unsaved.items_mut().push("lost".to_owned());
                Ok::<_, Error>(Bytes::from("body"))
            }));
        }
        item => unsaved.items_mut().push(item.to_owned()),
    }
    HttpResponse::Ok().finish()
}

#[test]
fn what_a_body_writes_and_does_not_save_is_logged_and_nothing_else_is() {
    journal::open();
    let site = Site::open(
        Engine::memory(),
        |all| all,
        |app| {
            app.route("/{how}", web::get().to(unsaved));
        },
    );
    let mut browser = site.browser();
    browser.get("/tea");
    let errors = || {
        let about = journal::about("session=\"unsaved\"");
        about
            .into_iter()
            .filter(|line| line.starts_with("ERROR "))
            .count()
    };
    for path in ["/cup", "/idle", "/fail", "/fail-renewal"] {
        browser.get(path);
        assert_eq!(errors(), 0, "{path}");
    }
    browser.get("/lost");
    let logged = journal::about("not saved; the write is lost: call `save()` session=\"unsaved\"");
    assert_eq!((logged.len(), errors()), (1, 1), "{logged:?}");
    assert_eq!(site.engine.tally().split(", ").last(), Some("update 1"));
}
