//! A session that was renewed while somebody was about to end it: the end finds it under whatever key it has by then.

use std::{thread, time::Duration};

use sessions::{
    store::{AdmissionPolicy, StoreErrorKind},
    test_util::{Fault, Verb},
};

use crate::{
    account::{logged_in, open},
    engine::{Engine, wait, wait_for},
    site::{DAY, MINUTE, NONE, Site, cookie, line, lines, removal, with_tea},
};

#[test]
fn a_logout_ends_what_was_renewed_before_it_came_to_the_store() {
    for engine in Engine::each() {
        // It has no principal, and nothing has to list it.
        engine.ledger.hide_index();
        let site = Site::shop(engine);
        for path in ["/renew", "/renew/cup"] {
            let browser = with_tea(&site);
            let mut other = browser.clone();
            let (logout, renewal) =
                site.overtake(&browser, "/destroy", Verb::Delete, || other.get(path));
            assert_eq!(lines(&logout), [removal("cart")]);
            assert_eq!(lines(&renewal), [line("cart")]);
            // Whichever of the two responses the browser takes last.
            assert_eq!(site.shown_to(&cookie(&other)), "Rejected(Unknown) ");
            assert_eq!(site.live(), []);
            let told = [
                "renewed cart",
                "destroyed cart",
                "rejected cart: not in the store",
            ];
            assert_eq!(site.events.take(), told);
        }
    }
}

#[test]
fn a_logout_follows_a_session_however_often_it_was_renewed() {
    for engine in Engine::each() {
        let site = Site::shop(engine);
        let browser = with_tea(&site);
        let mut other = browser.clone();
        site.overtake(&browser, "/destroy", Verb::Delete, || {
            for _ in 0..5 {
                assert_eq!(lines(&other.get("/renew")), [line("cart")]);
            }
        });
        assert_eq!(site.shown_to(&cookie(&other)), "Rejected(Unknown) ");
        assert_eq!(site.live(), []);
    }
}

#[test]
fn a_logout_with_the_old_token_ends_what_was_renewed_a_moment_ago() {
    for engine in Engine::each() {
        let site = Site::shop(engine);
        for (late, shown) in [
            (Duration::ZERO, "Rejected(Unknown) "),
            (4 * MINUTE, "Rejected(Unknown) "),
            (5 * MINUTE, "Loaded tea"),
        ] {
            let mut browser = with_tea(&site);
            let old = cookie(&browser);
            // The response is on its way when its visitor clicks.
            browser.get("/renew");
            site.clock.advance(late);
            let logout = site.get_with(&old, "/destroy");
            assert_eq!(lines(&logout), [removal("cart")]);
            assert_eq!(site.shown_to(&cookie(&browser)), shown, "{late:?}");
        }
    }
}

#[test]
fn a_renewal_that_was_announced_and_comes_after_the_logout_finds_nothing() {
    for engine in Engine::each() {
        let site = Site::shop(engine);
        let browser = with_tea(&site);
        let mut other = browser.clone();
        // Both have begun when either goes on.
        let (renewal, logout) = site.overtake(&browser, "/renew", Verb::Rename, || {
            assert_eq!(wait(site.engine.ledger.forwards(site.now())).len(), 1);
            other.get("/destroy")
        });
        assert_eq!(lines(&logout), [removal("cart")]);
        assert_eq!((renewal.status, renewal.set_cookies()), (200, vec![]));
        assert_eq!(site.live(), []);
    }
}

#[test]
fn a_renewal_in_two_steps_whose_answer_was_lost_does_not_outlive_a_logout_before_it() {
    for engine in Engine::each() {
        let site = Site::shop(engine);
        let browser = with_tea(&site);
        let mut other = browser.clone();
        site.engine.ledger.halve_next_rename();
        let (renewal, logout) =
            site.overtake(&browser, "/renew", Verb::Rename, || other.get("/destroy"));
        assert_eq!(lines(&logout), [removal("cart")]);
        assert_eq!((renewal.status, renewal.set_cookies()), (503, vec![]));
        assert_eq!(site.live(), []);
    }
}

#[test]
fn of_renewals_at_once_one_lives_and_the_logout_finds_that_one() {
    for engine in Engine::each() {
        let site = Site::shop(engine);
        let browser = with_tea(&site);
        let logout = site.engine.hold_next(Verb::Delete);
        let renewals = site.engine.gates.hold(Verb::Rename);
        thread::scope(|scope| {
            let mut leaver = browser.clone();
            let leaving = scope.spawn(move || leaver.get("/destroy"));
            wait_for(&logout, 1);
            let renewing: Vec<_> = (0..8)
                .map(|_| {
                    let mut browser = browser.clone();
                    scope.spawn(move || browser.get("/renew"))
                })
                .collect();
            // Every one of them has said where it would go.
            wait_for(&renewals, 8);
            renewals.open();
            let renewed = renewing
                .into_iter()
                .map(|renewing| renewing.join().unwrap());
            let lines: Vec<_> = renewed.flat_map(|reply| lines(&reply)).collect();
            assert_eq!(lines, [line("cart")]);
            assert_eq!(site.live().len(), 1);
            logout.open();
            leaving.join().unwrap();
        });
        assert_eq!(site.live(), []);
    }
}

#[test]
fn what_takes_the_place_of_a_session_that_was_renewed_meanwhile_ends_that_too() {
    for engine in Engine::each() {
        let site = Site::shop(engine);
        let browser = with_tea(&site);
        let mut other = browser.clone();
        let (anew, _) = site.overtake(&browser, "/destroy/milk", Verb::Delete, || {
            other.get("/renew")
        });
        assert_eq!(lines(&anew), [line("cart")]);
        assert_eq!(site.shown_to(&cookie(&other)), "Rejected(Unknown) ");
        assert_eq!(site.live().len(), 1);
    }
}

#[test]
fn a_login_over_a_session_that_is_about_to_end_ends_with_it() {
    for engine in Engine::each() {
        engine.ledger.hide_index();
        let site = open(engine, |all| all);
        let mut browser = site.browser();
        browser.get("/items/tea");
        let mut other = browser.clone();
        site.overtake(&browser, "/destroy", Verb::Delete, || {
            other.get("/login/ada")
        });
        assert!(!other.get("/show").text().starts_with("Loaded"));
        assert_eq!(site.live(), []);
    }
}

#[test]
fn the_session_of_the_next_owner_does_not_end_with_that_of_the_first() {
    for engine in Engine::each() {
        let site = open(engine, |all| all);
        let browser = logged_in(&site, "ada");
        let mut other = browser.clone();
        site.overtake(&browser, "/logout", Verb::Delete, || {
            other.get("/login/bob")
        });
        assert_eq!(other.get("/show").text(), r#"Loaded Some("bob") "#);
        assert_eq!(wait(site.engine.ledger.forwards(site.now())), []);
    }
}

#[test]
fn a_renewal_that_cannot_be_announced_is_none_and_the_cookie_works_on() {
    for engine in Engine::each() {
        let site = Site::shop(engine);
        for kind in [StoreErrorKind::Unavailable, StoreErrorKind::Full] {
            let mut browser = with_tea(&site);
            let fault = Fault::Error(kind);
            site.engine.faults.fail(Verb::Create, 1, fault);
            let reply = browser.get("/renew/cup");
            assert_eq!((reply.status, reply.set_cookies()), (503, vec![]));
            assert_eq!(site.engine.tally(), "load 1, create 1");
            assert_eq!(site.events.take(), NONE);
            assert_eq!(browser.get("/show").text(), "Loaded tea");
        }
        for fault in [Fault::CallLost, Fault::AnswerLost] {
            let mut browser = with_tea(&site);
            site.engine.faults.fail(Verb::Create, 1, fault);
            assert_eq!(lines(&browser.get("/renew/cup")), [line("cart")]);
            assert_eq!(browser.get("/show").text(), "Loaded tea,cup");
        }
    }
}

#[test]
fn a_login_that_was_refused_over_and_over_is_accepted_at_last() {
    for engine in Engine::each() {
        let site = open(engine, |all| {
            all.principal_limit(1, AdmissionPolicy::Refuse)
        });
        let mut first = logged_in(&site, "ada");
        let mut second = site.browser();
        second.get("/items/tea");
        for _ in 0..70 {
            assert_eq!(second.get("/login/ada").status, 403);
        }
        first.get("/logout");
        assert_eq!(second.get("/login/ada").status, 200);
        assert_eq!(second.get("/show").text(), r#"Loaded Some("ada") tea"#);
    }
}

#[test]
fn nobody_who_logs_out_ends_what_was_renewed_a_moment_ago() {
    for engine in Engine::each() {
        let site = open(engine, |all| all);
        let mut browser = logged_in(&site, "ada");
        let old = cookie(&browser);
        browser.get("/renew");
        let logout = site.get_with(&old, "/logout");
        assert_eq!(logout.text(), "None");
        assert_eq!(lines(&logout), [removal("login")]);
        assert_eq!(browser.get("/show").text(), "Rejected(Unknown) None ");
    }
}

#[test]
fn nobody_who_logs_out_keeps_what_is_in_the_session() {
    for engine in Engine::each() {
        let site = open(engine, |all| all);
        let mut browser = site.browser();
        browser.get("/items/tea");
        assert_eq!(lines(&browser.get("/logout")), NONE);
        assert_eq!(browser.get("/show").text(), "Loaded None tea");
    }
}

#[test]
fn a_logout_that_cannot_ask_where_the_session_went_is_an_error() {
    for engine in Engine::each() {
        let site = Site::shop(engine);
        let mut browser = with_tea(&site);
        let down = Fault::Error(StoreErrorKind::Unavailable);
        site.engine.faults.fail(Verb::Load, 2, down);
        let reply = browser.get("/destroy");
        assert_eq!((reply.status, reply.set_cookies()), (503, vec![]));
        assert_eq!(site.live(), [], "what was found has ended all the same");
    }
}

#[test]
fn where_a_session_went_is_forgotten_after_a_day() {
    for engine in Engine::each() {
        let site = Site::shop(engine);
        let mut browser = with_tea(&site);
        browser.get("/renew");
        let forwards = || wait(site.engine.ledger.forwards(site.now())).len();
        assert_eq!(forwards(), 1);
        site.clock.advance(DAY);
        assert_eq!(forwards(), 0);
        assert_eq!(browser.get("/show").text(), "Loaded tea");
    }
}
