//! Saves of one session within one request: they take turns, and what a handler gives up is done all the same.

use std::time::Duration;

use actix_web::{
    rt::time::timeout,
    web::{self, ServiceConfig},
};
use futures_util::future::join;
use sessions::{
    Session, SessionError,
    store::StoreErrorKind,
    test_util::{Fault, Gate, Verb},
};

use crate::{
    engine::Engine,
    site::{Cart, Site, cookie, line, lines, removal, shop, told, with_tea},
};

type Two = (Session<Cart>, Session<Cart>);

/// What stands at the gate is the first save of `path`; the rest is done meanwhile.
fn routes(app: &mut ServiceConfig) {
    app.route(
        "/twice",
        web::get().to(|(mut one, mut two): Two| async move {
            one.items_mut().push("one".to_owned());
            let (first, second) = join(one.save(), two.save()).await;
            format!("{} {}", told(first), told(second))
        }),
    )
    .route(
        "/write-meanwhile",
        web::get().to(
            |(mut one, mut two): Two, gate: web::Data<Gate>| async move {
                one.items_mut().push("before".to_owned());
                let meanwhile = async {
                    gate.reached(1).await;
                    two.items_mut().push("during".to_owned());
                    gate.open();
                };
                let (saved, ()) = join(one.save(), meanwhile).await;
                told(saved)
            },
        ),
    )
    .route(
        "/end-meanwhile",
        web::get().to(
            |(mut one, mut two): Two, gate: web::Data<Gate>| async move {
                one.items_mut().push("before".to_owned());
                let meanwhile = async {
                    gate.reached(1).await;
                    two.items_mut().push("during".to_owned());
                    two.destroy();
                    gate.open();
                };
                let (saved, ()) = join(one.save(), meanwhile).await;
                told(saved)
            },
        ),
    )
    .route(
        "/give-up/{deed}",
        web::get().to(
            |mut cart: Session<Cart>, deed: web::Path<String>, gate: web::Data<Gate>| async move {
                match deed.as_str() {
                    "renew" => cart.renew(),
                    "destroy" => cart.destroy(),
                    item => cart.items_mut().push(item.to_owned()),
                }
                // Longer than it takes to come to the gate, and no longer than it is closed.
                let saved = timeout(Duration::from_millis(20), cart.save())
                    .await
                    .is_ok();
                gate.open();
                Ok::<_, SessionError>(format!("{saved}"))
            },
        ),
    )
    .route(
        "/save-end/{item}",
        web::get().to(
            |mut cart: Session<Cart>, item: web::Path<String>| async move {
                cart.destroy();
                if *item != "none" {
                    cart.items_mut().push(item.into_inner());
                }
                told(cart.save().await)
            },
        ),
    );
}

/// With a gate that handlers know too.
fn open(engine: Engine, gate: &Gate) -> Site {
    let data = web::Data::new(gate.clone());
    Site::open(
        engine,
        |all| all,
        move |app| {
            app.app_data(data.clone());
            routes(app);
            shop(app);
        },
    )
}

/// Holds the next call of a verb at a gate, or its answer.
fn hold(site: &Site, verb: Verb, gate: &Gate) {
    let held = Fault::Held(gate.clone());
    site.engine.faults.fail(verb, 1, held);
}

#[test]
fn two_saves_at_once_create_one_session() {
    for engine in Engine::each() {
        let site = open(engine, &Gate::closed());
        let mut browser = site.browser();
        let reply = browser.get("/twice");
        assert_eq!(
            (reply.text(), lines(&reply)),
            ("saved saved", vec![line("cart")])
        );
        assert_eq!(site.engine.tally(), "create 1");
        assert_eq!(browser.get("/twice").text(), "saved saved");
        assert_eq!(site.engine.tally(), "load 1, update 1");
        assert_eq!(browser.get("/show").text(), "Loaded one,one");
    }
}

#[test]
fn what_is_written_while_a_save_is_at_the_store_is_saved_after_it() {
    for engine in Engine::each() {
        for verb in [Verb::Create, Verb::Update] {
            let gate = Gate::closed();
            let site = open(engine.another(), &gate);
            let mut browser = site.browser();
            if verb == Verb::Update {
                browser = with_tea(&site);
            }
            hold(&site, verb, &gate);
            assert_eq!(browser.get("/write-meanwhile").text(), "saved");
            let shown = browser.get("/show").text().to_owned();
            assert!(shown.ends_with("before,during"), "{shown}");
            assert_eq!(site.live().len(), 1);
        }
    }
}

#[test]
fn what_is_ended_while_a_save_is_at_the_store_has_ended() {
    for engine in Engine::each() {
        for verb in [Verb::Create, Verb::Update] {
            let gate = Gate::closed();
            let site = open(engine.another(), &gate);
            let mut browser = site.browser();
            if verb == Verb::Update {
                browser = with_tea(&site);
            }
            let before = cookie(&browser);
            hold(&site, verb, &gate);
            let reply = browser.get("/end-meanwhile");
            assert_eq!(
                (reply.text(), lines(&reply)),
                ("saved", vec![removal("cart")])
            );
            assert_eq!(site.live(), [], "{verb}");
            assert!(!site.shown_to(&before).starts_with("Loaded"));
        }
    }
}

#[test]
fn a_save_that_the_handler_gave_up_is_done_once_and_its_cookie_goes() {
    for engine in Engine::each() {
        for (deed, verb, calls, set, shown) in [
            (
                "cup",
                Verb::Update,
                "load 1, update 1",
                None,
                "Loaded tea,cup",
            ),
            (
                "renew",
                Verb::Rename,
                "load 1, create 1, rename 1",
                Some(line("cart")),
                "Loaded tea",
            ),
            (
                "destroy",
                Verb::Delete,
                "load 2, delete 1",
                Some(removal("cart")),
                "New ",
            ),
        ] {
            let gate = Gate::closed();
            let site = open(engine.another(), &gate);
            let mut browser = with_tea(&site);
            let at_answer = site.engine.gates.hold_answer(verb);
            // The store does it, and says so when the handler has given up.
            std::thread::scope(|scope| {
                let answer = at_answer.clone();
                let given_up = gate.clone();
                scope.spawn(move || {
                    crate::engine::wait(given_up.pass());
                    answer.open();
                });
                let reply = browser.get(&format!("/give-up/{deed}"));
                assert_eq!((reply.status, reply.text()), (200, "false"), "{deed}");
                assert_eq!(lines(&reply), Vec::from_iter(set), "{deed}");
            });
            assert_eq!(site.engine.tally(), calls);
            assert_eq!(browser.get("/show").text(), shown, "{deed}");
        }
        let gate = Gate::closed();
        let site = open(engine, &gate);
        let mut browser = site.browser();
        let at_answer = site.engine.gates.hold_answer(Verb::Create);
        let reply = std::thread::scope(|scope| {
            scope.spawn(|| {
                crate::engine::wait(gate.pass());
                at_answer.open();
            });
            browser.get("/give-up/tea")
        });
        assert_eq!(lines(&reply), [line("cart")]);
        assert_eq!(site.live().len(), 1, "what was begun twice lies there once");
        assert_eq!(browser.get("/show").text(), "Loaded tea");
    }
}

#[test]
fn an_end_that_the_handler_could_not_save_is_tried_again_when_the_response_leaves() {
    for engine in Engine::each() {
        for (item, set, shown) in [
            ("none", removal("cart"), "New "),
            ("cup", line("cart"), "Loaded cup"),
        ] {
            let site = open(engine.another(), &Gate::closed());
            let mut browser = with_tea(&site);
            let old = cookie(&browser);
            let down = Fault::Error(StoreErrorKind::Unavailable);
            site.engine.faults.fail(Verb::Delete, 1, down);
            let reply = browser.get(&format!("/save-end/{item}"));
            assert_eq!((reply.status, reply.text()), (200, "StoreUnavailable"));
            assert_eq!(lines(&reply), [set]);
            assert_eq!(site.shown_to(&old), "Rejected(Unknown) ", "{item}");
            assert_eq!(browser.get("/show").text(), shown);
            assert_eq!(site.live().len(), usize::from(item != "none"));
        }
    }
}
