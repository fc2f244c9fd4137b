//! Writers at once: what they changed in different fields is joined, and nothing is counted twice.

use std::thread;

use actix_web::web::{self, ServiceConfig};
use sessions::{
    OnConflict, Session, SessionData, SessionError, merge,
    test_util::{Fault, Gate, Verb},
};

use crate::{
    engine::{Engine, wait_for},
    site::{DAY, NONE, Site, cookie_of, line, line_for, lines, told},
};

#[derive(SessionData)]
struct Board {
    name: String,
    color: String,
    #[session(merge = merge::sum)]
    score: u64,
    #[session(flash)]
    notes: Vec<String>,
}

fn board(app: &mut ServiceConfig) {
    app.route(
        "/show",
        web::get().to(|board: Session<Board>| async move {
            let notes = board.read().notes.join(",");
            format!(
                "{}/{}/{}/{notes}",
                board.name(),
                board.color(),
                board.score()
            )
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
    )
    .route(
        "/save/{deed}/{value}",
        web::get().to(
            |mut board: Session<Board>, path: web::Path<(String, String)>| async move {
                let (deed, value) = path.into_inner();
                perform(&mut board, &deed, value);
                let first = told(board.save().await);
                *board.score_mut() += 1;
                Ok::<_, SessionError>(format!("{first} {}", told(board.save().await)))
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
        "note" => board.push_notes(value),
        "take" => drop(board.take_notes()),
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
fn what_two_writers_changed_in_different_fields_is_joined() {
    for engine in Engine::each() {
        let (site, mut browser) = open(engine);
        let late = browser.clone();
        let (reply, _) = site.overtake(&late, "/color/red", Verb::Update, || {
            browser.get("/name/cup")
        });
        assert_eq!((reply.status, reply.set_cookies()), (200, vec![]));
        assert_eq!(browser.get("/show").text(), "cup/red/0/");
        // In the same field, the later one wins.
        let late = browser.clone();
        let (_, _) = site.overtake(&late, "/color/blue", Verb::Update, || {
            browser.get("/color/green")
        });
        assert_eq!(browser.get("/show").text(), "cup/blue/0/");
        assert_eq!(site.events.take(), ["merged board", "merged board"]);
    }
}

#[test]
fn where_conflicts_are_refused_the_second_of_one_field_is_an_error() {
    let site = Site::open(
        Engine::memory(),
        |all| all.on_conflict(OnConflict::Reject),
        board,
    );
    let mut browser = site.browser();
    browser.get("/name/tea");
    let late = browser.clone();
    let (reply, _) = site.overtake(&late, "/color/blue", Verb::Update, || {
        browser.get("/color/green")
    });
    assert_eq!((reply.status, reply.text()), (409, ""));
    assert_eq!(reply.set_cookies(), NONE);
    assert_eq!(browser.get("/show").text(), "tea/green/0/");
    let late = browser.clone();
    let (reply, _) = site.overtake(&late, "/color/blue", Verb::Update, || {
        browser.get("/name/cup")
    });
    assert_eq!(reply.status, 200);
    assert_eq!(browser.get("/show").text(), "cup/blue/0/");
}

#[test]
fn fifty_increments_at_once_are_fifty() {
    for engine in Engine::each() {
        let (site, mut browser) = open(engine);
        let gate = site.engine.gates.hold(Verb::Update);
        thread::scope(|scope| {
            let requests: Vec<_> = (0..50)
                .map(|_| {
                    let mut browser = browser.clone();
                    scope.spawn(move || browser.get("/score/1").status)
                })
                .collect();
            wait_for(&gate, 50);
            gate.open();
            for request in requests {
                assert_eq!(request.join().unwrap(), 200);
            }
        });
        assert_eq!(browser.get("/show").text(), "tea//50/");
        assert_eq!(site.live().len(), 1);
    }
}

#[test]
fn messages_pushed_at_once_are_all_there_and_one_that_was_read_does_not_come_back() {
    for engine in Engine::each() {
        let (site, mut browser) = open(engine);
        browser.get("/note/first");
        let late = browser.clone();
        site.overtake(&late, "/note/late", Verb::Update, || {
            browser.get("/note/second")
        });
        assert_eq!(browser.get("/show").text(), "tea//0/first,second,late");
        let late = browser.clone();
        site.overtake(&late, "/note/last", Verb::Update, || {
            browser.get("/take/all")
        });
        assert_eq!(browser.get("/show").text(), "tea//0/last");
    }
}

#[test]
fn an_increment_whose_answer_was_lost_is_not_counted_twice() {
    for engine in Engine::each() {
        for fault in [Fault::AnswerLost, Fault::CallLost] {
            let (site, mut browser) = open(engine.another());
            site.engine.faults.fail(Verb::Update, 1, fault.clone());
            assert_eq!(browser.get("/score/1").status, 200);
            assert_eq!(browser.get("/show").text(), "tea//1/");

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
            assert_eq!(browser.get("/show").text(), format!("tea//{score}/"));
        }
    }
}

#[test]
fn what_the_handler_saved_and_wrote_on_is_joined_from_there() {
    for engine in Engine::each() {
        let (site, mut browser) = open(engine);
        let late = browser.clone();
        let (reply, _) = site.overtake(&late, "/save/score/1", Verb::Update, || {
            browser.get("/score/10")
        });
        assert_eq!(reply.text(), "saved saved");
        assert_eq!(browser.get("/show").text(), "tea//12/");
        // Again with the second of its saves overtaken.
        let gate = Gate::closed();
        let held = Fault::Held(gate.clone());
        site.engine.faults.fail(Verb::Update, 2, held);
        let mut late = browser.clone();
        thread::scope(|scope| {
            let late = scope.spawn(move || late.get("/save/score/1").text().to_owned());
            wait_for(&gate, 1);
            browser.get("/score/10");
            gate.open();
            assert_eq!(late.join().unwrap(), "saved saved");
        });
        assert_eq!(browser.get("/show").text(), "tea//24/");
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
        assert_eq!(site.shown_to(&cookie_of(&reply)), "cup/red/0/");
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
        assert_eq!(browser.get("/show").text(), "cup//0/");
    }
}
