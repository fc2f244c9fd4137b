//! Both deadlines are the server's: the store keeps them, whatever the browser and the sweeper do.

use std::time::Duration;

use sessions::{Lifetime, SessionOptions, Timestamp, store::Record};

use crate::{
    engine::{Engine, wait},
    site::{DAY, HOUR, MINUTE, NONE, Site, cookie, line_for, lines, shop, with_tea},
};

const SECOND: Duration = Duration::from_secs(1);

/// Without the two times that a touch moves.
fn untouched(record: Record) -> Record {
    Record {
        deadline: Timestamp::from_seconds(0),
        last_seen: Timestamp::from_seconds(0),
        ..record
    }
}

/// How long the only record has to live, if nobody comes.
fn left(site: &Site) -> Duration {
    Duration::from_secs(site.only().1.deadline.seconds_since(site.now()))
}

#[test]
fn a_reader_touches_once_an_interval_and_leaves_the_data_alone() {
    for engine in Engine::each() {
        let site = Site::shop(engine);
        let mut browser = with_tea(&site);
        let (key, before) = site.only();
        let written = site.engine.ledger.written().len();
        for round in 0..3 {
            site.clock.advance(5 * MINUTE - SECOND);
            browser.get("/show");
            assert_eq!(site.engine.tally(), "load 1", "{round}");
            site.clock.advance(SECOND);
            for calls in ["load 1, touch 1", "load 1", "load 1"] {
                let reply = browser.get("/show");
                assert_eq!((reply.text(), reply.set_cookies()), ("Loaded tea", vec![]));
                assert_eq!(site.engine.tally(), calls, "{round}");
            }
            assert_eq!(left(&site), 7 * DAY);
            assert_eq!(site.only().1.last_seen, site.now());
        }
        // One and the same write, byte for byte, to its write id.
        assert_eq!(site.engine.ledger.written().len(), written);
        let (same_key, after) = site.only();
        assert_eq!((same_key, untouched(after)), (key, untouched(before)));
    }
}

#[test]
fn a_write_moves_the_idle_deadline_and_spares_the_touch() {
    for engine in Engine::each() {
        let site = Site::shop(engine);
        let mut browser = with_tea(&site);
        site.clock.advance(5 * MINUTE);
        browser.get("/items/cup");
        assert_eq!(site.engine.tally(), "load 1, update 1");
        assert_eq!(left(&site), 7 * DAY);
        site.clock.advance(5 * MINUTE - SECOND);
        browser.get("/show");
        assert_eq!(site.engine.tally(), "load 1");
    }
}

#[test]
fn a_session_that_is_not_used_ends_at_its_idle_deadline_to_the_second() {
    for engine in Engine::each() {
        let site = Site::shop(engine);
        let token = cookie(&with_tea(&site));
        site.clock.advance(7 * DAY - SECOND);
        assert_eq!(site.live().len(), 1);
        site.clock.advance(SECOND);
        assert_eq!(site.shown_to(&token), "Rejected(Unknown) ");
        // It is still there, and nobody sees it.
        let swept = site.engine.ledger.clone();
        let now = site.now();
        assert_eq!(wait(async move { delete_expired(&swept, now).await }), 1);
    }
}

async fn delete_expired(store: &impl sessions::store::SessionStore, now: Timestamp) -> usize {
    store.delete_expired(100, now).await.unwrap()
}

#[test]
fn a_request_in_the_last_second_keeps_the_session() {
    for engine in Engine::each() {
        let site = Site::shop(engine);
        let mut browser = with_tea(&site);
        for _ in 0..3 {
            site.clock.advance(7 * DAY - SECOND);
            assert_eq!(browser.get("/show").text(), "Loaded tea");
        }
    }
}

#[test]
fn no_activity_moves_the_absolute_deadline() {
    for engine in Engine::each() {
        let site = Site::open(
            engine,
            |all| all.idle_timeout(HOUR).absolute_timeout(3 * HOUR),
            shop,
        );
        let mut browser = site.browser();
        browser.get("/items/tea");
        for path in ["/show", "/items/cup", "/renew", "/idle", "/save/milk"] {
            site.clock.advance(30 * MINUTE);
            assert_eq!(browser.get(path).status, 200, "{path}");
        }
        assert_eq!(left(&site), 30 * MINUTE);
        // Near the end there is nothing to move, and nothing is asked of the store for it.
        site.engine.tally();
        site.clock.advance(30 * MINUTE - SECOND);
        assert_eq!(browser.get("/show").text(), "Loaded tea,cup,milk");
        assert_eq!(site.engine.tally(), "load 1");
        site.clock.advance(SECOND);
        assert_eq!(browser.get("/show").text(), "Rejected(Unknown) ");
    }
}

#[test]
fn a_remembered_session_lives_to_its_end_and_no_touch_undoes_it() {
    for engine in Engine::each() {
        let site = Site::shop(engine);
        let mut browser = with_tea(&site);
        assert_eq!(
            lines(&browser.get("/remember")),
            [line_for("cart", 90 * DAY)]
        );
        site.engine.tally();
        site.clock.advance(89 * DAY);
        assert_eq!(browser.get("/show").text(), "Loaded tea");
        assert_eq!(site.engine.tally(), "load 1", "there is nothing to touch");
        assert_eq!(browser.get("/items/cup").set_cookies(), NONE);
        assert_eq!(left(&site), DAY);
        // A renewal keeps what was chosen.
        assert_eq!(lines(&browser.get("/renew")), [line_for("cart", DAY)]);
        site.clock.advance(DAY);
        assert_eq!(browser.get("/show").text(), "Rejected(Unknown) ");
    }
}

#[test]
fn forgetting_on_close_shortens_at_once_what_was_remembered() {
    for engine in Engine::each() {
        let site = Site::shop(engine);
        let mut browser = with_tea(&site);
        browser.get("/remember");
        assert_eq!(left(&site), 90 * DAY);
        browser.get("/forget");
        assert_eq!(left(&site), 7 * DAY);
        for _ in 0..5 {
            site.clock.advance(6 * DAY);
            let reply = browser.get("/show");
            // After thirty days the session ends, used or not.
            assert_eq!(reply.set_cookies(), NONE);
        }
        assert_eq!(browser.get("/show").text(), "Rejected(Unknown) ");
    }
}

#[test]
fn a_shorter_configuration_does_not_end_what_a_longer_one_promised() {
    // Two machines during a deployment, on one store.
    let short: fn(SessionOptions) -> SessionOptions = |all| all.lifetime(Lifetime::strict());
    for engine in Engine::each() {
        let long = Site::shop(engine);
        let mut browser = with_tea(&long);
        let promised = long.only().1.deadline;
        let engine = Engine::beside(&long.engine);
        let strict = Site::open(engine, short, shop);
        let token = cookie(&browser);
        strict.clock.set(long.clock.now());
        assert_eq!(strict.shown_to(&token), "Loaded tea");
        assert_eq!(long.only().1.deadline, promised);
        strict.get_with(&token, "/items/cup");
        assert_eq!(long.only().1.deadline, promised);
        assert_eq!(browser.get("/show").text(), "Loaded tea,cup");
    }
}

#[test]
fn a_touch_that_comes_late_shortens_nothing() {
    use sessions::test_util::Verb;
    for engine in Engine::each() {
        let site = Site::shop(engine);
        let mut browser = with_tea(&site);
        site.clock.advance(HOUR);
        let late = browser.clone();
        let (reply, ()) = site.overtake(&late, "/show", Verb::Touch, || {
            browser.get("/remember");
        });
        assert_eq!((reply.status, reply.set_cookies()), (200, vec![]));
        assert_eq!(left(&site), 90 * DAY);
    }
}
