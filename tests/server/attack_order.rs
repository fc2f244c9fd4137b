//! Saves that wait for each other: never in a circle.

use actix_web::{
    Error, HttpResponse,
    rt::{self, task::yield_now},
    web::{self, Bytes},
};
use futures_util::{FutureExt as _, stream};
use sessions::{
    Registry, Session, SessionData,
    test_util::{Fault, Gate, Verb},
};

use crate::{
    attack_site::{Trouble, hold, open},
    engine::Engine,
    site::{Cart, line, lines, show, told},
};

/// Begins to save, and lets the body wait for it, which waits for the head, which waits for the session.
async fn put_off(mut cart: Session<Cart>, trouble: Trouble) -> HttpResponse {
    cart.items_mut().push("tea".to_owned());
    let held = hold(&trouble, Verb::Create);
    let mut saving = Box::pin(async move { told(cart.save().await) });
    assert!((&mut saving).now_or_never().is_none());
    held.reached(1).await;
    held.open();
    HttpResponse::Ok().streaming(stream::once(async move {
        Ok::<_, Error>(Bytes::from(saving.await))
    }))
}

#[test]
fn a_save_that_is_waited_for_in_the_body_does_not_hold_up_the_head() {
    let site = open(Engine::memory(), |app| {
        app.route("/put-off", web::to(put_off));
    });
    let reply = site.browser().get("/put-off");
    assert_eq!(reply.text(), "saved");
    assert_eq!(lines(&reply), [line("cart")]);
}

#[derive(SessionData)]
struct Visit {
    count: u32,
}

/// Saves two sessions together while one of them is being saved, twice, and leaves.
async fn crowd(
    registry: Registry,
    mut cart: Session<Cart>,
    mut again: Session<Cart>,
    mut last: Session<Cart>,
    mut visit: Session<Visit>,
    trouble: Trouble,
) -> &'static str {
    let (first, second) = (hold(&trouble, Verb::Update), Gate::closed());
    trouble.fail(Verb::Update, 2, Fault::Held(second.clone()));
    cart.items_mut().push("one".to_owned());
    visit.set_count(2);
    rt::spawn(async move { told(cart.save().await) });
    first.reached(1).await;
    again.items_mut().push("two".to_owned());
    rt::spawn(async move { told(again.save().await) });
    yield_now().await;
    // It has the visit, and waits for the cart.
    rt::spawn(async move { registry.save_all().await.is_ok() });
    yield_now().await;
    let at_second = second.clone();
    rt::spawn(async move {
        first.open();
        second.reached(1).await;
        // The response waits for both by now.
        for _ in 0..100 {
            yield_now().await;
        }
        second.open();
    });
    at_second.reached(1).await;
    last.items_mut().push("three".to_owned());
    "done"
}

#[test]
fn saves_of_several_sessions_at_once_wait_for_each_other_in_one_order() {
    let site = open(Engine::memory(), |app| {
        app.route("/crowd", web::to(crowd))
            .route(
                "/begin",
                web::to(
                    |mut cart: Session<Cart>, mut visit: Session<Visit>| async move {
                        cart.items_mut().push("tea".to_owned());
                        visit.set_count(1);
                        "begun"
                    },
                ),
            )
            .route("/show", web::to(show));
    });
    let mut browser = site.browser();
    assert_eq!(browser.get("/begin").text(), "begun");
    assert_eq!(browser.get("/crowd").text(), "done");
    assert_eq!(browser.get("/show").text(), "Loaded tea,one,two,three");
}
