//! A write that was done and not answered for, and another save of the same request after it.

use std::thread;

use actix_web::web::{self, Data, ServiceConfig};
use sessions::{
    Session, SessionData,
    merge::sum,
    test_util::{Fault, Gate, Verb},
};
use sessions_tests::Browser;

use crate::{
    attack_site::{DOWN, Trouble, open},
    engine::{Engine, wait_for},
    site::{Site, told},
};

#[derive(SessionData)]
struct Account {
    #[session(merge = sum)]
    points: u32,
    pages: Vec<String>,
}

async fn points(account: Session<Account>) -> String {
    account.points().to_string()
}

/// Counts, saves in vain, and leaves the rest to the response.
async fn count_in_vain(mut account: Session<Account>, trouble: Trouble) -> String {
    let points = account.points() + 1;
    account.set_points(points);
    // It is written, and nobody can find out.
    trouble.fail(Verb::Update, 1, Fault::AnswerLost);
    trouble.fail(Verb::Load, 1, DOWN);
    told(account.save().await)
}

/// The same, with time for somebody else in between.
async fn count_and_wait(account: Session<Account>, trouble: Trouble, gate: Data<Gate>) -> String {
    let said = count_in_vain(account, trouble).await;
    gate.pass().await;
    said
}

/// The same, and tries again until it is done.
async fn count_stubbornly(mut account: Session<Account>, trouble: Trouble) -> String {
    let points = account.points() + 1;
    account.set_points(points);
    trouble.fail(Verb::Update, 1, Fault::AnswerLost);
    trouble.fail(Verb::Load, 1, DOWN);
    let first = told(account.save().await);
    format!("{first} {}", told(account.save().await))
}

fn accounts(app: &mut ServiceConfig) {
    app.route("/points", web::to(points))
        .route("/count", web::to(count))
        .route("/count-in-vain", web::to(count_in_vain))
        .route("/count-and-wait", web::to(count_and_wait))
        .route("/count-stubbornly", web::to(count_stubbornly));
}

async fn count(mut account: Session<Account>) -> &'static str {
    let points = account.points() + 1;
    account.set_points(points);
    "done"
}

/// A visitor with one point, and where handlers wait.
fn with_a_point(engine: Engine) -> (Site, Browser, Gate) {
    let gate = Gate::closed();
    let waiting = Data::new(gate.clone());
    let site = open(engine, move |app| {
        app.app_data(waiting.clone());
        accounts(app);
    });
    let mut browser = site.browser();
    assert_eq!(browser.get("/count").status, 200);
    (site, browser, gate)
}

#[test]
fn what_was_written_and_not_answered_for_is_not_counted_twice_by_the_next_save_of_the_request() {
    for (path, said) in [
        ("/count-in-vain", "StoreUnavailable"),
        ("/count-stubbornly", "StoreUnavailable saved"),
    ] {
        for engine in Engine::each() {
            let (site, mut browser, _) = with_a_point(engine);
            let reply = browser.get(path);
            assert_eq!((reply.status, reply.text()), (200, said));
            assert_eq!(browser.get("/points").text(), "2", "{path}");
            drop(site);
        }
    }
}

#[test]
fn what_may_lie_beneath_another_s_write_is_not_joined_with_it_by_a_later_save() {
    for engine in Engine::each() {
        let (site, browser, gate) = with_a_point(engine);
        let (mut late, mut other) = (browser.clone(), browser);
        let reply = thread::scope(|scope| {
            let late = scope.spawn(move || late.get("/count-and-wait"));
            wait_for(&gate, 1);
            assert_eq!(other.get("/count").status, 200);
            gate.open();
            late.join().unwrap()
        });
        assert_eq!((reply.status, reply.text()), (503, ""));
        assert_eq!(other.get("/points").text(), "3");
        drop(site);
    }
}
