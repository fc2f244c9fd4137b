//! A logout with the token a session had before its renewal, while the session and what the renewal left behind are on their way.

use std::sync::Arc;

use actix_web::{App, test, web};
use sessions::{
    Session, SessionData, SessionMiddleware, Store,
    store::SessionStore,
    test_util::{TestClock, Verb, Visitor},
};

use crate::rig::{Call, NOW, Rig, Server, WAY, ways};

#[derive(SessionData)]
struct Cart {
    item: Option<String>,
}

async fn show(cart: Session<Cart>) -> String {
    cart.item().clone().unwrap_or_else(|| "nothing".to_owned())
}

async fn renew(mut cart: Session<Cart>) -> &'static str {
    cart.renew();
    "renewed"
}

async fn end(mut cart: Session<Cart>) -> &'static str {
    cart.destroy();
    "ended"
}

fn middleware(store: Arc<dyn SessionStore>) -> SessionMiddleware {
    SessionMiddleware::builder(Store::from(store).without_sweeper())
        .clock(TestClock::at(NOW.into()).clock())
        .build()
        .unwrap()
}

/// Asks for a page, and takes the cookie that comes with it.
async fn visit(sessions: &SessionMiddleware, visitor: &mut Visitor, path: &str) -> String {
    let app = App::new()
        .wrap(sessions.clone())
        .route("/", web::get().to(show))
        .route("/renew", web::get().to(renew))
        .route("/end", web::get().to(end));
    let app = test::init_service(app).await;
    let request = visitor.bring(test::TestRequest::get().uri(path));
    let response = test::call_service(&app, request.to_request()).await;
    visitor.take(&response);
    let body = test::read_body(response).await;
    String::from_utf8(body.to_vec()).unwrap()
}

/// The same call, as of the second of two records.
fn of_the_second(call: Call) -> Call {
    match call {
        Call::Old(Verb::Load, nth) => Call::Old(Verb::Load, nth + 2),
        Call::Old(verb, nth) => Call::Old(verb, nth + 1),
        Call::New(verb, nth) => Call::New(verb, nth + 1),
    }
}

#[actix_web::test]
async fn it_ends_what_was_renewed_before_the_move() {
    let both = |call| [call, of_the_second(call)];
    for call in WAY.into_iter().flat_map(both) {
        for server in [Server::Prepares, Server::Moves] {
            let rig = Rig::new(server);
            let (before, during) = (
                middleware(rig.old.clone()),
                middleware(Arc::new(rig.pair.clone())),
            );
            let mut visitor = Visitor::new(&before);
            let seeded = visitor.seed::<Cart>(|cart| cart.set_item("tea")).await;
            seeded.unwrap();
            let mut stale = visitor.clone();
            assert_eq!(visit(&before, &mut visitor, "/renew").await, "renewed");
            let (migration, gate) = rig.held_at(call).await;
            assert_eq!(visit(&during, &mut visitor, "/").await, "tea");
            assert_eq!(visit(&during, &mut stale, "/end").await, "ended");
            gate.open();
            migration.await.unwrap();
            let shown = visit(&during, &mut visitor, "/").await;
            assert_eq!(shown, "nothing", "{call:?} {server:?}");
            // Where it had gone is forgotten with it.
            rig.assert_settled(0).await;
        }
    }
}

#[actix_web::test]
async fn it_ends_what_is_renewed_while_it_moves() {
    for (call, server) in ways() {
        let rig = Rig::new(server);
        let (before, during) = (
            middleware(rig.old.clone()),
            middleware(Arc::new(rig.pair.clone())),
        );
        let mut visitor = Visitor::new(&before);
        let seeded = visitor.seed::<Cart>(|cart| cart.set_item("tea")).await;
        seeded.unwrap();
        let mut stale = visitor.clone();
        let (migration, gate) = rig.held_at(call).await;
        assert_eq!(visit(&during, &mut visitor, "/renew").await, "renewed");
        assert_eq!(visit(&during, &mut visitor, "/").await, "tea");
        assert_eq!(visit(&during, &mut stale, "/").await, "nothing");
        assert_eq!(visit(&during, &mut stale, "/end").await, "ended");
        gate.open();
        migration.await.unwrap();
        let shown = visit(&during, &mut visitor, "/").await;
        assert_eq!(shown, "nothing", "{call:?} {server:?}");
        rig.assert_settled(0).await;
    }
}
