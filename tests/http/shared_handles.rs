//! Several handles to one session in a request: who may look while another writes.

use actix_web::web::{self, ServiceConfig};
use sessions::{Session, SessionError, SessionErrorKind};
use sessions_tests::Browser;

use crate::site::{Cart, line, lines, sealed, serve, shop};

fn kind<T>(result: Result<T, SessionError>) -> Option<SessionErrorKind> {
    result.err().map(|error| error.kind())
}

fn routes(app: &mut ServiceConfig) {
    shop(app);
    app.route(
        "/writing",
        web::get().to(|mut a: Session<Cart>, mut b: Session<Cart>| async move {
            let mut items = a.items_mut();
            items.push("tea".to_owned());
            let while_written = [kind(b.try_read().map(drop)), kind(b.try_write().map(drop))];
            let shown = format!("{b:?}").replace(&b.handle().to_string(), "1");
            drop(items);
            let afterwards = [kind(b.try_read().map(drop)), kind(b.try_write().map(drop))];
            format!("{while_written:?} {afterwards:?} {shown}")
        }),
    )
    .route(
        "/reading",
        web::get().to(|a: Session<Cart>, mut b: Session<Cart>| async move {
            let items = a.items();
            let read = [kind(b.try_read().map(drop)), kind(b.try_write().map(drop))];
            format!("{read:?} {}", items.len())
        }),
    )
    .route(
        "/saving",
        web::get().to(|mut a: Session<Cart>, mut b: Session<Cart>| async move {
            b.items_mut().push("saved".to_owned());
            let guard = a.write();
            let refused = kind(save_now(&mut b));
            drop(guard);
            let saved = kind(b.save().await);
            format!("{refused:?} {saved:?}")
        }),
    );
}

/// Saving a cookie session waits for nothing.
fn save_now(session: &mut Session<Cart>) -> Result<(), SessionError> {
    use futures_util::FutureExt as _;
    session.save().now_or_never().unwrap()
}

#[test]
fn while_one_handle_writes_another_is_told_and_afterwards_sees_it() {
    let server = serve(sealed(), routes);
    let mut browser = Browser::new(&server);
    let reply = browser.get("/writing");
    assert_eq!(
        reply.text(),
        "[Some(GuardAlive), Some(GuardAlive)] [None, None] \
         Session { name: \"cart\", handle: Handle(1), data: <being written> }"
    );
    assert_eq!(lines(&reply), [line("cart")]);
    assert_eq!(browser.get("/items").text(), "tea");
}

#[test]
fn while_one_handle_reads_another_may_read_and_not_write() {
    let server = serve(sealed(), routes);
    let reply = Browser::new(&server).get("/reading");
    assert_eq!(reply.text(), "[None, Some(GuardAlive)] 0");
}

#[test]
fn saving_while_another_handle_writes_is_refused_and_can_be_tried_again() {
    let server = serve(sealed(), routes);
    let mut browser = Browser::new(&server);
    let reply = browser.get("/saving");
    assert_eq!(reply.text(), "Some(GuardAlive) None");
    assert_eq!(lines(&reply), [line("cart")]);
    assert_eq!(browser.get("/items").text(), "saved");
}
