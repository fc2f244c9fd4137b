//! A store that is down, slow, or loses calls and answers: the visitor ends with one working cookie, or is told and keeps the old one.

use std::time::Duration;

use sessions::{
    Timestamp,
    store::{Record, Revision, SessionStore as _, StoreErrorKind, StoreKey, Write, WriteId},
    test_util::{Fault, Verb},
};
use sessions_tests::{Browser, Reply};

use crate::{
    engine::{Engine, wait},
    site::{
        DAY, HOUR, NONE, Site, cookie, cookie_of, line, line_for, lines, removal, shop, with_tea,
    },
};

const DOWN: Fault = Fault::Error(StoreErrorKind::Unavailable);
const UNSENT: Fault = Fault::CallLost;
const UNHEARD: Fault = Fault::AnswerLost;

/// The faults in the order they come, with the verb's call they hit.
type Faults<'a> = &'a [(Verb, usize, Fault)];

fn plan(site: &Site, faults: Faults<'_>) {
    for (verb, nth, fault) in faults {
        site.engine.faults.fail(*verb, *nth, fault.clone());
    }
}

/// What a visitor sees of a store that did not do what it was asked.
#[track_caller]
fn assert_unavailable(reply: &Reply, case: &str) {
    assert_eq!((reply.status, reply.text()), (503, ""), "{case}");
    let names: Vec<&str> = reply.headers.iter().map(|(name, _)| &**name).collect();
    let allowed = [
        "content-length",
        "date",
        "vary",
        "set-cookie",
        "cache-control",
    ];
    assert!(names.iter().all(|name| allowed.contains(name)), "{names:?}");
}

#[test]
fn a_session_that_cannot_be_loaded_is_an_error_and_never_an_empty_session() {
    for engine in Engine::each() {
        let site = Site::shop(engine);
        let mut browser = with_tea(&site);
        for fault in [DOWN, UNSENT, UNHEARD, Fault::Error(StoreErrorKind::Refused)] {
            for path in [
                "/show",
                "/items/cup",
                "/renew",
                "/destroy",
                "/destroy/cup",
                "/save/cup",
            ] {
                plan(&site, &[(Verb::Load, 1, fault.clone())]);
                let reply = browser.get(path);
                assert_unavailable(&reply, path);
                assert_eq!(reply.set_cookies(), NONE, "{path}");
                assert_eq!(site.engine.tally(), "load 1", "{path}");
            }
        }
        assert_eq!(site.events.take(), NONE);
        assert_eq!(browser.get("/show").text(), "Loaded tea");
        assert_eq!(site.live().len(), 1);
    }
}

#[test]
fn a_new_session_is_created_once_or_not_at_all() {
    let created = &[line("cart")][..];
    let cases: [(Faults<'_>, u16, &[String], usize); 14] = [
        (&[], 200, created, 1),
        (&[(Verb::Create, 1, DOWN)], 503, &[], 0),
        (
            &[(Verb::Create, 1, Fault::Error(StoreErrorKind::Full))],
            503,
            &[],
            0,
        ),
        (&[(Verb::Create, 1, UNSENT)], 200, created, 1),
        (&[(Verb::Create, 1, UNHEARD)], 200, created, 1),
        (
            &[(Verb::Create, 1, UNSENT), (Verb::Create, 2, UNSENT)],
            503,
            &[],
            0,
        ),
        (
            &[(Verb::Create, 1, UNSENT), (Verb::Create, 2, UNHEARD)],
            200,
            created,
            1,
        ),
        (
            &[(Verb::Create, 1, UNSENT), (Verb::Create, 2, DOWN)],
            503,
            &[],
            0,
        ),
        (
            &[(Verb::Create, 1, UNHEARD), (Verb::Load, 1, DOWN)],
            503,
            &[],
            0,
        ),
        (
            &[(Verb::Create, 1, UNHEARD), (Verb::Load, 1, UNSENT)],
            503,
            &[],
            0,
        ),
        (
            &[
                (Verb::Create, 1, UNHEARD),
                (Verb::Load, 1, DOWN),
                (Verb::Delete, 1, UNSENT),
            ],
            503,
            &[],
            0,
        ),
        (
            &[
                (Verb::Create, 1, UNHEARD),
                (Verb::Load, 1, DOWN),
                (Verb::Delete, 1, UNHEARD),
            ],
            503,
            &[],
            0,
        ),
        // It lies there until its deadline, under a token that nobody was given.
        (
            &[
                (Verb::Create, 1, UNHEARD),
                (Verb::Load, 1, DOWN),
                (Verb::Delete, 1, DOWN),
            ],
            503,
            &[],
            1,
        ),
        (
            &[
                (Verb::Create, 1, UNSENT),
                (Verb::Create, 2, UNHEARD),
                (Verb::Load, 2, DOWN),
            ],
            503,
            &[],
            0,
        ),
    ];
    for (faults, status, set, live) in cases {
        for engine in Engine::each() {
            let site = Site::shop(engine);
            let case = format!("{faults:?} {}", site.engine.name);
            plan(&site, faults);
            let mut browser = site.browser();
            let reply = browser.get("/items/tea");
            assert_eq!(reply.status, status, "{case}");
            assert_eq!(lines(&reply), set, "{case}");
            assert_eq!(site.live().len(), live, "{case}");
            if status == 503 {
                assert_unavailable(&reply, &case);
                // Only what is there was begun.
                assert_eq!(site.events.take(), NONE, "{case}");
            } else {
                assert_eq!(site.events.take(), ["created cart"], "{case}");
                assert_eq!(browser.get("/show").text(), "Loaded tea", "{case}");
            }
        }
    }
}

#[test]
fn a_write_arrives_once_or_is_an_error_and_the_cookie_works_in_any_case() {
    let cases: [(Faults<'_>, u16, &str); 12] = [
        (&[(Verb::Update, 1, DOWN)], 503, "tea"),
        (&[(Verb::Update, 1, UNSENT)], 200, "tea,cup"),
        (&[(Verb::Update, 1, UNHEARD)], 200, "tea,cup"),
        (
            &[(Verb::Update, 1, UNSENT), (Verb::Update, 2, UNSENT)],
            503,
            "tea",
        ),
        (
            &[(Verb::Update, 1, UNSENT), (Verb::Update, 2, UNHEARD)],
            200,
            "tea,cup",
        ),
        (
            &[(Verb::Update, 1, UNSENT), (Verb::Update, 2, DOWN)],
            503,
            "tea",
        ),
        (
            &[(Verb::Update, 1, UNSENT), (Verb::Load, 2, DOWN)],
            503,
            "tea",
        ),
        // It was written, and nobody could find out: an error, and still not written twice.
        (
            &[(Verb::Update, 1, UNHEARD), (Verb::Load, 2, DOWN)],
            503,
            "tea,cup",
        ),
        (
            &[(Verb::Update, 1, UNHEARD), (Verb::Load, 2, UNSENT)],
            503,
            "tea,cup",
        ),
        (
            &[
                (Verb::Update, 1, UNSENT),
                (Verb::Update, 2, UNHEARD),
                (Verb::Load, 3, DOWN),
            ],
            503,
            "tea,cup",
        ),
        (
            &[
                (Verb::Update, 1, UNSENT),
                (Verb::Update, 2, UNSENT),
                (Verb::Load, 3, DOWN),
            ],
            503,
            "tea",
        ),
        (
            &[(Verb::Update, 1, Fault::Error(StoreErrorKind::TooLarge))],
            500,
            "tea",
        ),
    ];
    for (faults, status, then) in cases {
        for engine in Engine::each() {
            for path in ["/items/cup", "/remember/cup"] {
                let site = Site::shop(engine.another());
                let case = format!("{path} {faults:?} {}", site.engine.name);
                let mut browser = with_tea(&site);
                plan(&site, faults);
                let reply = browser.get(path);
                assert_eq!(reply.status, status, "{case}");
                let sets = path == "/remember/cup" && status == 200;
                let set = Vec::from_iter(sets.then(|| line_for("cart", 90 * DAY)));
                assert_eq!(lines(&reply), set, "{case}");
                assert_eq!(
                    browser.get("/show").text(),
                    format!("Loaded {then}"),
                    "{case}"
                );
                assert_eq!(site.live().len(), 1, "{case}");
            }
        }
    }
}

#[test]
fn a_touch_that_fails_is_nobody_s_business() {
    let faults: [Faults<'_>; 4] = [
        &[(Verb::Touch, 1, DOWN)],
        &[(Verb::Touch, 1, UNSENT)],
        &[(Verb::Touch, 1, UNHEARD)],
        &[(Verb::Touch, 1, Fault::Error(StoreErrorKind::Refused))],
    ];
    for faults in faults {
        for engine in Engine::each() {
            let site = Site::shop(engine);
            let mut browser = with_tea(&site);
            site.clock.advance(HOUR);
            plan(&site, faults);
            let reply = browser.get("/show");
            assert_eq!((reply.text(), reply.set_cookies()), ("Loaded tea", vec![]));
            assert_eq!(site.engine.tally(), "load 1, touch 1");
            // What was lost is done by the next request.
            browser.get("/show");
            let again = matches!(faults, [(_, _, Fault::AnswerLost)]);
            let calls = if again { "load 1" } else { "load 1, touch 1" };
            assert_eq!(site.engine.tally(), calls, "{faults:?}");
            assert_eq!(site.events.take(), NONE);
        }
    }
}

#[test]
fn a_renewal_leaves_one_working_cookie_and_only_a_lost_answer_may_leave_none() {
    const NEW: [bool; 2] = [false, true];
    const OLD: [bool; 2] = [true, false];
    const NEITHER: [bool; 2] = [false, false];
    let cases: [(Faults<'_>, u16, [bool; 2]); 13] = [
        (&[(Verb::Rename, 1, DOWN)], 503, OLD),
        (&[(Verb::Rename, 1, UNSENT)], 200, NEW),
        (&[(Verb::Rename, 1, UNHEARD)], 200, NEW),
        (
            &[(Verb::Rename, 1, UNSENT), (Verb::Rename, 2, UNSENT)],
            503,
            OLD,
        ),
        (
            &[(Verb::Rename, 1, UNSENT), (Verb::Rename, 2, UNHEARD)],
            200,
            NEW,
        ),
        (
            &[(Verb::Rename, 1, UNSENT), (Verb::Rename, 2, DOWN)],
            503,
            OLD,
        ),
        (
            &[(Verb::Rename, 1, UNSENT), (Verb::Load, 2, DOWN)],
            503,
            OLD,
        ),
        (
            &[(Verb::Rename, 1, UNSENT), (Verb::Load, 3, DOWN)],
            503,
            OLD,
        ),
        (
            &[(Verb::Rename, 1, UNHEARD), (Verb::Load, 2, DOWN)],
            503,
            NEITHER,
        ),
        (
            &[(Verb::Rename, 1, UNHEARD), (Verb::Load, 3, UNSENT)],
            503,
            NEITHER,
        ),
        (
            &[
                (Verb::Rename, 1, UNHEARD),
                (Verb::Load, 2, DOWN),
                (Verb::Delete, 1, UNSENT),
            ],
            503,
            NEITHER,
        ),
        (
            &[
                (Verb::Rename, 1, UNSENT),
                (Verb::Rename, 2, UNHEARD),
                (Verb::Load, 4, DOWN),
            ],
            503,
            NEITHER,
        ),
        (
            &[(Verb::Rename, 1, Fault::Error(StoreErrorKind::TooLarge))],
            500,
            OLD,
        ),
    ];
    for (faults, status, [old_works, new_works]) in cases {
        for engine in Engine::each() {
            let site = Site::shop(engine);
            let case = format!("{faults:?} {}", site.engine.name);
            let mut browser = with_tea(&site);
            let old = cookie(&browser);
            plan(&site, faults);
            let reply = browser.get("/renew/cup");
            assert_eq!(reply.status, status, "{case}");
            let set = Vec::from_iter(new_works.then(|| line("cart")));
            assert_eq!(lines(&reply), set, "{case}");
            let shown = if old_works {
                "Loaded tea"
            } else {
                "Rejected(Unknown) "
            };
            assert_eq!(site.shown_to(&old), shown, "{case}");
            let living = usize::from(old_works) + usize::from(new_works);
            assert_eq!(site.live().len(), living, "{case}");
            if new_works {
                assert_eq!(browser.get("/show").text(), "Loaded tea,cup", "{case}");
            }
        }
    }
}

#[test]
fn a_renewal_that_broke_off_halfway_is_carried_through_or_taken_back() {
    let cases: [(Faults<'_>, u16, usize); 5] = [
        (&[], 200, 1),
        (&[(Verb::Delete, 1, UNSENT)], 200, 1),
        (&[(Verb::Load, 2, DOWN)], 503, 1),
        (&[(Verb::Rename, 2, DOWN)], 503, 1),
        // Nobody holds the token of the second.
        (&[(Verb::Delete, 1, DOWN), (Verb::Delete, 2, DOWN)], 503, 2),
    ];
    for (faults, status, live) in cases {
        for engine in Engine::each() {
            let site = Site::shop(engine);
            let case = format!("{faults:?} {}", site.engine.name);
            let mut browser = with_tea(&site);
            let old = cookie(&browser);
            site.engine.ledger.halve_next_rename();
            plan(&site, faults);
            let reply = browser.get("/renew/cup");
            assert_eq!(reply.status, status, "{case}");
            assert_eq!(site.live().len(), live, "{case}");
            if status == 200 {
                assert_eq!(
                    site.shown_to(&cookie_of(&reply)),
                    "Loaded tea,cup",
                    "{case}"
                );
                assert_eq!(site.shown_to(&old), "Rejected(Unknown) ", "{case}");
            } else {
                assert_eq!(reply.set_cookies(), NONE, "{case}");
                assert_eq!(site.shown_to(&old), "Loaded tea", "{case}");
            }
        }
    }
}

#[test]
fn a_logout_has_happened_or_is_an_error() {
    let cases: [(Faults<'_>, u16, bool); 6] = [
        (&[(Verb::Delete, 1, DOWN)], 503, true),
        (&[(Verb::Delete, 1, UNSENT)], 200, false),
        (&[(Verb::Delete, 1, UNHEARD)], 200, false),
        (
            &[(Verb::Delete, 1, UNSENT), (Verb::Delete, 2, UNSENT)],
            503,
            true,
        ),
        (
            &[(Verb::Delete, 1, UNSENT), (Verb::Delete, 2, DOWN)],
            503,
            true,
        ),
        // It has happened and nobody could find out.
        (
            &[(Verb::Delete, 1, UNHEARD), (Verb::Delete, 2, DOWN)],
            503,
            false,
        ),
    ];
    for (faults, status, lives) in cases {
        for engine in Engine::each() {
            let site = Site::shop(engine);
            let case = format!("{faults:?} {}", site.engine.name);
            let mut browser = with_tea(&site);
            let old = cookie(&browser);
            plan(&site, faults);
            let reply = browser.get("/destroy");
            assert_eq!(reply.status, status, "{case}");
            let set = Vec::from_iter((status == 200).then(|| removal("cart")));
            assert_eq!(lines(&reply), set, "{case}");
            let shown = if lives {
                "Loaded tea"
            } else {
                "Rejected(Unknown) "
            };
            assert_eq!(site.shown_to(&old), shown, "{case}");
            assert_eq!(site.live().len(), usize::from(lives), "{case}");
        }
    }
}

#[test]
fn a_session_that_takes_another_s_place_ends_it_and_is_begun_or_not() {
    let cases: [(Faults<'_>, u16, &[String], usize); 5] = [
        (&[(Verb::Create, 1, UNHEARD)], 200, &[line("cart")], 1),
        (&[(Verb::Delete, 1, UNHEARD)], 200, &[line("cart")], 1),
        // An end is an end whatever else goes wrong.
        (&[(Verb::Create, 1, DOWN)], 503, &[removal("cart")], 0),
        (
            &[(Verb::Create, 1, UNSENT), (Verb::Create, 2, UNSENT)],
            503,
            &[removal("cart")],
            0,
        ),
        // What could not be ended is still there, and what was begun is not.
        (&[(Verb::Delete, 1, DOWN)], 503, &[], 1),
    ];
    for (faults, status, set, live) in cases {
        for engine in Engine::each() {
            let site = Site::shop(engine);
            let case = format!("{faults:?} {}", site.engine.name);
            let mut browser = with_tea(&site);
            plan(&site, faults);
            let reply = browser.get("/destroy/cup");
            assert_eq!(reply.status, status, "{case}");
            assert_eq!(lines(&reply), set, "{case}");
            assert_eq!(site.live().len(), live, "{case}");
            let shown = match (status, live) {
                (200, _) => "Loaded cup",
                (_, 1) => "Loaded tea",
                _ => "New ",
            };
            assert_eq!(browser.get("/show").text(), shown, "{case}");
        }
    }
}

/// Deeds, and the verbs that each may come to beside the first load.
const DEEDS: [(&str, &[Verb]); 5] = [
    ("/items/cup", &[Verb::Load, Verb::Update]),
    ("/remember/cup", &[Verb::Load, Verb::Update]),
    ("/renew/cup", &[Verb::Load, Verb::Rename, Verb::Delete]),
    ("/destroy", &[Verb::Delete]),
    ("/destroy/cup", &[Verb::Load, Verb::Create, Verb::Delete]),
];

/// Every fault of every call that a deed may come to.
fn single_faults(verbs: &[Verb]) -> Vec<(Verb, usize, Fault)> {
    let mut single = Vec::new();
    for verb in verbs {
        // The first load is the session's own.
        let calls = if *verb == Verb::Load { 2..=4 } else { 1..=2 };
        for nth in calls {
            single.extend([DOWN, UNSENT, UNHEARD].map(|fault| (*verb, nth, fault)));
        }
    }
    single
}

/// Uses up what is still planned, with calls that leave nothing behind.
fn use_up(site: &Site) {
    let store = &site.engine.faults;
    let (key, other) = (StoreKey::from_bytes([1; 32]), StoreKey::from_bytes([2; 32]));
    let dead = Record {
        handle: sessions::Handle::from_bytes([1; 16]),
        write_id: WriteId::from_bytes([1; 16]),
        created: Timestamp::from_seconds(0),
        last_seen: Timestamp::from_seconds(0),
        deadline: Timestamp::from_seconds(0),
        principal: None,
        device: None,
        body: Vec::new(),
    };
    let (now, revision) = (site.now(), Revision::from_bytes([1; 16]));
    wait(async {
        for _ in 0..4 {
            _ = store.load(&key, now).await;
            _ = store.write(Write::create(&key, &dead, now)).await;
            _ = store.write(Write::update(&key, &dead, revision, now)).await;
            _ = store
                .write(Write::rename(&key, &other, &dead, revision, now))
                .await;
            _ = store.delete(&key).await;
        }
    });
}

/// Two faults of any kind, anywhere, in any deed: whatever is promised for all of them.
#[test]
fn no_two_faults_leave_two_working_cookies_or_none_without_saying_so() {
    let site = Site::shop(Engine::memory());
    for (path, verbs) in DEEDS {
        let single = single_faults(verbs);
        for (index, first) in single.iter().enumerate() {
            for second in &single[index..] {
                check(&site, path, &[first.clone(), second.clone()]);
            }
        }
    }
}

fn check(site: &Site, path: &str, faults: Faults<'_>) {
    let mut browser = with_tea(site);
    let old = cookie(&browser);
    plan(site, faults);
    let reply = browser.get(path);
    use_up(site);
    let case = format!("{path} {faults:?} {reply:?}");

    let held = cookie(&browser);
    let shown = site.shown_to(&held);
    let old_works = site.shown_to(&old).starts_with("Loaded");
    let new_works = held != old && !held.is_empty() && shown.starts_with("Loaded");
    assert!(!(old_works && new_works), "two cookies work: {case}");
    match reply.status {
        200 => match path {
            "/destroy" => assert!(!old_works && held.is_empty(), "{case}"),
            "/destroy/cup" => assert_eq!(shown, "Loaded cup", "{case}"),
            _ => assert_eq!(shown, "Loaded tea,cup", "{case}"),
        },
        503 => {
            assert_unavailable(&reply, &case);
            let may_end = path.starts_with("/destroy");
            if may_end {
                let set = lines(&reply);
                assert!(set.is_empty() || set == [removal("cart")], "{case}");
                assert!(set.is_empty() || !old_works, "{case}");
            } else {
                assert_eq!(reply.set_cookies(), NONE, "{case}");
            }
            let renewal_is_unknown = faults
                .iter()
                .any(|fault| matches!(fault, (Verb::Rename, _, Fault::AnswerLost)));
            let may_lose = may_end || (path == "/renew/cup" && renewal_is_unknown);
            assert!(old_works || may_lose, "no cookie works: {case}");
            if old_works {
                // Applied and not heard of, or not applied; never twice.
                let shown = site.shown_to(&old);
                assert!(
                    ["Loaded tea", "Loaded tea,cup"].contains(&&*shown),
                    "{shown} {case}"
                );
            }
        }
        status => panic!("{status}: {case}"),
    }
    // Nothing is left lying about, unless it could not be taken away.
    let lives = usize::from(old_works || new_works);
    let may_lie = faults.iter().any(|(verb, ..)| *verb == Verb::Delete);
    let live = site.live().len();
    assert!(
        live == lives || (may_lie && live == lives + 1),
        "{live} live: {case}"
    );
    site.clear();
}

/// With a store that never answers, or does what it is asked and never says so.
#[test]
fn a_store_that_does_not_answer_is_not_waited_for() {
    let cases = [
        // (held, before or after it is done, deed, status, what is there then)
        (Verb::Load, true, "/show", 503, "Loaded tea"),
        (Verb::Load, false, "/items/cup", 503, "Loaded tea"),
        (Verb::Update, true, "/items/cup", 503, "Loaded tea"),
        (Verb::Update, false, "/items/cup", 200, "Loaded tea,cup"),
        (Verb::Rename, true, "/renew/cup", 503, "Loaded tea"),
        (Verb::Rename, false, "/renew/cup", 200, "Loaded tea,cup"),
        (Verb::Delete, true, "/destroy", 503, "Loaded tea"),
        (Verb::Delete, false, "/destroy", 503, "Rejected(Unknown) "),
        (Verb::Touch, true, "/show", 200, "Loaded tea"),
        (Verb::Touch, false, "/show", 200, "Loaded tea"),
    ];
    for (verb, before, path, status, then) in cases {
        let case = format!("{verb} {before} {path}");
        let site = impatient();
        let mut browser = with_tea(&site);
        site.clock.advance(HOUR);
        let gates = &site.engine.gates;
        let gate = if before {
            gates.hold(verb)
        } else {
            gates.hold_answer(verb)
        };
        let reply = browser.get(path);
        gate.open();
        gates.hold(verb).open();
        gates.hold_answer(verb).open();
        assert_eq!(reply.status, status, "{case}");
        assert_eq!(browser.get("/show").text(), then, "{case}");
        let living = usize::from(then.starts_with("Loaded"));
        assert_eq!(site.live().len(), living, "{case}");
    }
    for (before, status) in [(true, 503), (false, 200)] {
        let site = impatient();
        let gates = &site.engine.gates;
        let gate = if before {
            gates.hold(Verb::Create)
        } else {
            gates.hold_answer(Verb::Create)
        };
        let reply = site.browser().get("/items/tea");
        gate.open();
        assert_eq!(reply.status, status);
        assert_eq!(site.live().len(), usize::from(!before));
        assert_eq!(reply.set_cookies().len(), usize::from(!before));
    }
}

fn impatient() -> Site {
    let patience = Duration::from_millis(50);
    Site::open(Engine::memory(), |all| all.store_timeout(patience), shop)
}

#[test]
fn while_one_visitor_waits_for_the_store_the_others_are_served() {
    let site = Site::shop(Engine::memory());
    let browser = with_tea(&site);
    let mut other: Browser = with_tea(&site);
    for (path, verb) in [
        ("/show", Verb::Load),
        ("/items/cup", Verb::Update),
        ("/renew", Verb::Rename),
    ] {
        let (reply, seen) = site.overtake(&browser, path, verb, || {
            assert_eq!(other.get("/plain").text(), "plain");
            other.get("/show").text().to_owned()
        });
        assert_eq!((reply.status, &*seen), (200, "Loaded tea"), "{path}");
    }
}
