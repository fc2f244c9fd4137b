//! After the response's head has left, a cookie can no longer be set: writers say so.

use actix_web::{
    Error, HttpResponse,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    middleware::{Next, from_fn},
    web::{self, Bytes},
};
use futures_util::stream;
use sessions::{Registry, Session, SessionData, SessionErrorKind};
use sessions_tests::Browser;

use crate::{
    journal,
    site::{Cart, NONE, line, lines, sealed, serve, shop},
};

#[derive(SessionData)]
struct Streamed {
    items: Vec<String>,
    #[session(flash)]
    notes: Vec<String>,
}

fn kinds<T>(results: [Result<T, sessions::SessionError>; 2]) -> Vec<Option<SessionErrorKind>> {
    results
        .into_iter()
        .map(|result| result.err().map(|error| error.kind()))
        .collect()
}

/// Writes before and during the body, which is what came of it.
async fn stream(mut streamed: Session<Streamed>) -> HttpResponse {
    streamed.items_mut().push("head".to_owned());
    streamed.push_notes("read me");
    HttpResponse::Ok().streaming(stream::once(async move {
        let saved = streamed.save().await;
        let tried = streamed.try_write().map(drop);
        streamed.items_mut().push("body".to_owned());
        streamed.renew();
        streamed.destroy();
        let read = streamed.try_read().is_ok();
        let body = format!("{:?} {read}", kinds([saved, tried]));
        Ok::<_, Error>(Bytes::from(body))
    }))
}

#[test]
fn the_cookie_goes_with_the_head_and_what_the_body_writes_is_lost_and_logged() {
    journal::open();
    let server = serve(sealed(), |app| {
        app.route("/stream", web::get().to(stream)).route(
            "/read",
            web::get().to(|streamed: Session<Streamed>| async move { streamed.items().join(",") }),
        );
    });
    let mut browser = Browser::new(&server);
    let reply = browser.get("/stream");
    assert_eq!(lines(&reply), [line("streamed")]);
    assert_eq!(reply.text(), "[Some(TooLate), Some(TooLate)] true");
    let lost =
        journal::about("the write is lost: write before the body streams session=\"streamed\"");
    // The writer, the renewal, the end.
    assert_eq!(lost.len(), 3, "{lost:?}");
    assert!(
        lost.iter().all(|line| line.starts_with("ERROR ")),
        "{lost:?}"
    );
    assert_eq!(browser.get("/read").text(), "head");
}

/// Opens the session only when the head has left.
async fn open_late(registry: Registry) -> HttpResponse {
    HttpResponse::Ok().streaming(stream::once(async move {
        let mut cart = registry.get::<Cart>().await?;
        let tried = cart.try_write().map(drop);
        let saved = cart.save().await;
        let all = registry.save_all().await;
        let items = cart.items().join(",");
        let all = all.is_err();
        let body = format!("{items} {:?} {all}", kinds([saved, tried]));
        Ok::<_, Error>(Bytes::from(body))
    }))
}

#[test]
fn a_session_that_is_first_opened_by_the_body_is_too_late_as_well() {
    let server = serve(sealed(), |app| {
        shop(app);
        app.route("/late", web::get().to(open_late));
    });
    let mut browser = Browser::new(&server);
    browser.get("/items/tea");
    let reply = browser.get("/late");
    assert_eq!(reply.set_cookies(), NONE);
    assert_eq!(reply.text(), "tea [Some(TooLate), Some(TooLate)] true");
}

#[test]
fn a_connection_that_changes_its_protocol_saves_with_the_head() {
    let server = serve(sealed(), |app| {
        shop(app);
        app.route(
            "/upgrade",
            web::get().to(|mut cart: Session<Cart>| async move {
                cart.items_mut().push("head".to_owned());
                HttpResponse::SwitchingProtocols()
                    .upgrade("echo")
                    .streaming(stream::once(async move {
                        let saved = cart.save().await;
                        Ok::<_, Error>(Bytes::from(format!("{:?}", saved.map_err(|e| e.kind()))))
                    }))
            }),
        );
    });
    let mut browser = Browser::new(&server);
    let upgrade = &["Connection: Upgrade", "Upgrade: echo"];
    let reply = browser.send("GET", "/upgrade", upgrade, "");
    assert_eq!(reply.status, 101);
    assert_eq!(lines(&reply), [line("cart")]);
    assert_eq!(browser.get("/items").text(), "head");
}

async fn write_on_the_way_out<B: MessageBody + 'static>(
    mut cart: Session<Cart>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let response = next.call(request).await?;
    cart.items_mut().push("on the way out".to_owned());
    cart.save().await?;
    Ok(response)
}

#[test]
fn a_middleware_inside_writes_in_time_also_on_the_way_out() {
    let server = serve(sealed(), |app| {
        shop(app);
        app.service(
            web::resource("/stream")
                .wrap(from_fn(write_on_the_way_out))
                .to(|| async {
                    HttpResponse::Ok().streaming(stream::iter([Ok::<_, Error>(Bytes::from("a"))]))
                }),
        );
    });
    let mut browser = Browser::new(&server);
    assert_eq!(lines(&browser.get("/stream")), [line("cart")]);
    assert_eq!(browser.get("/items").text(), "on the way out");
}
