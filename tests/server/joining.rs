//! Writers at once: lifetimes are joined like data, and what nobody can tell is never a guess.

use std::thread;

use actix_web::web::{self, ServiceConfig};
use sessions::{
    Session, SessionData, merge,
    test_util::{Fault, Gate, Verb},
};

use crate::{
    engine::{Engine, wait_for},
    site::{DAY, Site, cookie_of, line, line_for, lines},
};

#[derive(SessionData)]
struct Board {
    name: String,
    color: String,
    #[session(merge = merge::sum)]
    score: u64,
}

fn board(app: &mut ServiceConfig) {
    app.route(
        "/show",
        web::get().to(|board: Session<Board>| async move {
            format!("{}/{}/{}", board.name(), board.color(), board.score())
        }),
    )
    .route(
        "/{deed}/{value}",
        web::get().to(
            |mut board: Session<Board>, path: web::Path<(String, String)>| async move {
                let (deed, value) = path.into_inner();
                perform(&mut board, &deed, value);
                "done"
            },
        ),
    );
}

fn perform(board: &mut Session<Board>, deed: &str, value: String) {
    match deed {
        "name" => board.set_name(value),
        "color" => board.set_color(value),
        "score" => {
            let score = board.score() + value.parse::<u64>().unwrap();
            board.set_score(score);
        }
        "remember" => board.remember(90 * DAY),
        "renew" => board.renew(),
        other => panic!("no such deed: {other}"),
    }
}

fn open(engine: Engine) -> (Site, sessions_tests::Browser) {
    let site = Site::open(engine, |all| all, board);
    let mut browser = site.browser();
    assert_eq!(lines(&browser.get("/name/tea")), [line("board")]);
    site.events.take();
    site.engine.tally();
    (site, browser)
}

#[test]
fn an_increment_whose_answer_was_lost_is_not_counted_twice() {
    for engine in Engine::each() {
        for fault in [Fault::AnswerLost, Fault::CallLost] {
            let (site, mut browser) = open(engine.another());
            site.engine.faults.fail(Verb::Update, 1, fault.clone());
            assert_eq!(browser.get("/score/1").status, 200);
            assert_eq!(browser.get("/show").text(), "tea//1");

            // With somebody else's write in between nobody can tell any more: an error, and never a guess.
            let applied = matches!(fault, Fault::AnswerLost);
            site.engine.faults.fail(Verb::Update, 1, fault);
            let gate = Gate::closed();
            let held = Fault::Held(gate.clone());
            site.engine.faults.fail(Verb::Load, 2, held);
            let mut late = browser.clone();
            let reply = thread::scope(|scope| {
                let late = scope.spawn(move || late.get("/score/1"));
                wait_for(&gate, 1);
                browser.get("/score/10");
                gate.open();
                late.join().unwrap()
            });
            assert_eq!((reply.status, reply.set_cookies()), (503, vec![]));
            let score = if applied { 12 } else { 11 };
            assert_eq!(browser.get("/show").text(), format!("tea//{score}"));
        }
    }
}

#[test]
fn a_lifetime_that_was_chosen_meanwhile_is_kept() {
    for engine in Engine::each() {
        let (site, mut browser) = open(engine);
        let left = |site: &Site| site.only().1.deadline.seconds_since(site.now());
        let late = browser.clone();
        site.overtake(&late, "/color/red", Verb::Update, || {
            browser.get("/remember/-")
        });
        assert_eq!(left(&site), (90 * DAY).as_secs());
        let late = browser.clone();
        let (reply, _) =
            site.overtake(&late, "/renew/-", Verb::Rename, || browser.get("/name/cup"));
        assert_eq!(lines(&reply), [line_for("board", 90 * DAY)]);
        assert_eq!(site.shown_to(&cookie_of(&reply)), "cup/red/0");
        assert_eq!(left(&site), (90 * DAY).as_secs());
    }
}

#[test]
fn a_lifetime_that_is_chosen_late_keeps_what_was_written_meanwhile() {
    for engine in Engine::each() {
        let (site, mut browser) = open(engine);
        let late = browser.clone();
        let (reply, _) = site.overtake(&late, "/remember/-", Verb::Update, || {
            browser.get("/name/cup")
        });
        assert_eq!(lines(&reply), [line_for("board", 90 * DAY)]);
        assert_eq!(browser.get("/show").text(), "cup//0");
    }
}
