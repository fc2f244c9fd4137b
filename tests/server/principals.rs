//! Whom a session belongs to: listed, counted, ended one by one and together.

use std::thread;

use sessions::{
    DeviceAddress, SessionErrorKind, SessionOptions, store::AdmissionPolicy, test_util::Verb,
};
use sessions_tests::{Browser, Reply};

use crate::{
    account::{Login, account, handle, logged_in, open},
    engine::{Engine, wait, wait_for},
    journal,
    site::{DAY, HOUR, MINUTE, NONE, Site, cookie, line, line_for, lines, removal},
};

fn plain(options: SessionOptions) -> SessionOptions {
    options
}

fn limit(sessions: u32, policy: AdmissionPolicy) -> impl Fn(SessionOptions) -> SessionOptions {
    move |all| all.principal_limit(sessions, policy)
}

/// Whether a browser is still logged in.
fn is_in(browser: &Browser) -> bool {
    browser
        .clone()
        .get("/show")
        .text()
        .starts_with("Loaded Some")
}

/// Sends a request from each browser, and lets them go on together from a verb.
fn together(site: &Site, browsers: &mut [Browser], path: &str, verb: Verb) -> Vec<Reply> {
    let gate = site.engine.gates.hold(verb);
    let count = browsers.len();
    thread::scope(|scope| {
        let requests: Vec<_> = browsers
            .iter_mut()
            .map(|browser| scope.spawn(move || browser.get(path)))
            .collect();
        wait_for(&gate, count);
        gate.open();
        requests
            .into_iter()
            .map(|request| request.join().unwrap())
            .collect()
    })
}

// What becomes of the data and the handle.

#[test]
fn from_nobody_to_somebody_the_data_stays_and_the_token_does_not() {
    for engine in Engine::each() {
        let site = open(engine, plain);
        let mut browser = site.browser();
        let before = browser.get("/items/tea");
        let planted = cookie(&browser);
        site.clock.advance(DAY);
        let reply = browser.get("/login/ada");
        assert_eq!(lines(&reply), [line("login")], "a fresh deadline begins");
        assert_eq!(site.events.take(), ["created login", "renewed login"]);
        assert_eq!(browser.get("/show").text(), r#"Loaded Some("ada") tea"#);
        assert_ne!(handle(&before), handle(&reply));
        assert_eq!(site.shown_to(&planted), "Rejected(Unknown) None ");
        assert_eq!(site.live().len(), 1);
    }
}

#[test]
fn from_one_to_another_nothing_of_the_first_is_seen_by_the_second() {
    for engine in Engine::each() {
        let site = open(engine, plain);
        let mut browser = logged_in(&site, "ada");
        let ada = browser.get("/items/diary");
        let old = cookie(&browser);
        let bob = browser.get("/login/bob");
        assert_eq!(bob.text(), r#"Loaded Some("bob") "#);
        assert_ne!(handle(&ada), handle(&bob));
        assert_eq!(browser.get("/show").text(), r#"Loaded Some("bob") "#);
        assert_eq!(site.shown_to(&old), "Rejected(Unknown) None ");
        let of = |user: &str| {
            let sessions = site.sessions.principal_sessions::<Login>(user).unwrap();
            wait(sessions.list()).unwrap().len()
        };
        assert_eq!((of("ada"), of("bob")), (0, 1));
    }
}

#[test]
fn what_the_first_owner_writes_meanwhile_does_not_reach_the_second() {
    for engine in Engine::each() {
        let site = open(engine, plain);
        let browser = logged_in(&site, "ada");
        let mut other = browser.clone();
        let (switch, _) = site.overtake(&browser, "/login/bob", Verb::Rename, || {
            other.get("/items/diary")
        });
        let bob = crate::site::cookie_of(&switch);
        assert_eq!(site.shown_to(&bob), r#"Loaded Some("bob") "#);
        assert_eq!(site.live().len(), 1);
    }
}

#[test]
fn logging_in_again_renews_and_keeps_data_and_handle() {
    for engine in Engine::each() {
        let site = open(engine, plain);
        let mut browser = logged_in(&site, "ada");
        let first = browser.get("/items/tea");
        let old = cookie(&browser);
        site.clock.advance(DAY);
        let again = browser.get("/login/ada");
        assert_eq!(lines(&again), [line_for("login", 30 * DAY)]);
        assert_eq!(handle(&first), handle(&again));
        assert_eq!(browser.get("/show").text(), r#"Loaded Some("ada") tea"#);
        assert_eq!(site.shown_to(&old), "Rejected(Unknown) None ");
    }
}

#[test]
fn taking_the_principal_ends_the_session_and_what_is_written_then_begins_another() {
    for engine in Engine::each() {
        let site = open(engine, plain);
        let mut browser = logged_in(&site, "ada");
        let reply = browser.get("/logout");
        assert_eq!(reply.text(), r#"Some("ada")"#);
        assert_eq!(lines(&reply), [removal("login")]);
        assert_eq!(site.live(), []);

        let mut browser = logged_in(&site, "ada");
        let before = browser.get("/items/diary");
        let old = cookie(&browser);
        let after = browser.get("/logout/tea");
        assert_eq!(lines(&after), [line("login")]);
        assert_ne!(handle(&before), handle(&after));
        assert_eq!(browser.get("/show").text(), "Loaded None tea");
        assert_eq!(site.shown_to(&old), "Rejected(Unknown) None ");
    }
}

// Lists.

/// What `/sessions` says, line by line.
#[track_caller]
fn listed(browser: &mut Browser) -> Vec<String> {
    let reply = browser.get("/sessions");
    assert_eq!(reply.status, 200);
    reply.text().lines().map(str::to_owned).collect()
}

#[test]
fn a_list_shows_the_sessions_of_one_person_the_one_seen_last_first() {
    for engine in Engine::each() {
        let site = open(engine, plain);
        let mut browsers: Vec<Browser> = (0..3)
            .map(|_| {
                site.clock.advance(MINUTE);
                logged_in(&site, "ada")
            })
            .collect();
        let mut stranger = logged_in(&site, "bob");
        let mut nobody = site.browser();
        nobody.get("/items/tea");
        let handles: Vec<String> = browsers
            .iter_mut()
            .map(|browser| handle(&browser.get("/show")))
            .collect();
        site.clock.advance(HOUR);
        browsers[1].get("/show");

        let expected = [
            format!("{} 3660 other None None", handles[1]),
            format!("{} 0 other None None", handles[2]),
            format!("{} 0 current None None", handles[0]),
        ];
        // To list is to be there: the asker is touched only after its list was made.
        assert_eq!(listed(&mut browsers[0]), expected);
        assert_eq!(listed(&mut stranger).len(), 1);
        assert_eq!(listed(&mut nobody), NONE);
        assert_eq!(listed(&mut site.browser()), NONE);
    }
}

#[test]
fn a_renewal_does_not_change_a_list_and_an_end_does() {
    for engine in Engine::each() {
        let site = open(engine, plain);
        let (mut one, mut two) = (logged_in(&site, "ada"), logged_in(&site, "ada"));
        let mut before = listed(&mut one);
        two.get("/renew");
        let mut after = listed(&mut one);
        before.sort_unstable();
        after.sort_unstable();
        assert_eq!(before, after);
        two.get("/logout");
        assert_eq!(listed(&mut one).len(), 1);
        site.clock.advance(7 * DAY);
        let ada = site.sessions.principal_sessions::<Login>("ada").unwrap();
        assert_eq!(
            wait(ada.list()).unwrap().len(),
            0,
            "what is dead is on no list"
        );
    }
}

#[test]
fn whoever_a_person_is_the_lists_are_not_confused() {
    let long = "a".repeat(2_000);
    let also_long = format!("{}b", "a".repeat(1_999));
    let users = [
        "a", "A", "aa", "a%00", "%00", "%C3%A4", "a%CC%88", &long, &also_long,
    ];
    for engine in Engine::each() {
        let site = open(engine, plain);
        let mut browsers: Vec<Browser> = users.iter().map(|user| logged_in(&site, user)).collect();
        for (user, browser) in users.iter().zip(&mut browsers) {
            assert_eq!(listed(browser).len(), 1, "{user}");
        }
        assert_eq!(browsers[0].get("/end-all").text(), "1");
        assert_eq!(browsers.iter().filter(|browser| is_in(browser)).count(), 8);
    }
}

// Ends.

#[test]
fn one_session_is_ended_from_another() {
    for engine in Engine::each() {
        let site = open(engine, plain);
        let mut here = logged_in(&site, "ada");
        let there = logged_in(&site, "ada");
        let bob = logged_in(&site, "bob");
        let of = |browser: &Browser| handle(&browser.clone().get("/show"));
        let end = |here: &mut Browser, handle: &str| {
            here.get(&format!("/end/{handle}")).text().to_owned()
        };
        assert_eq!(end(&mut here, &of(&bob)), "false", "somebody else's");
        assert_eq!(end(&mut here, &of(&site.browser())), "false");
        assert_eq!(site.events.take(), NONE);
        let handle = of(&there);
        assert_eq!(end(&mut here, &handle), "true");
        assert_eq!(site.events.take(), ["ended login"]);
        assert_eq!(end(&mut here, &handle), "false");
        assert_eq!([&here, &there, &bob].map(is_in), [true, false, true]);
    }
}

#[test]
fn all_others_are_ended_and_all() {
    for engine in Engine::each() {
        let site = open(engine, plain);
        let mut browsers: Vec<Browser> = (0..40).map(|_| logged_in(&site, "ada")).collect();
        let bob = logged_in(&site, "bob");
        assert_eq!(browsers[0].get("/end-others").text(), "39");
        assert_eq!(site.events.take(), vec!["ended login"; 39]);
        assert!(is_in(&browsers[0]));
        assert!(!browsers[1..].iter().any(is_in));
        assert_eq!(site.live().len(), 2);
        assert_eq!(browsers[0].get("/end-others").text(), "0");

        browsers[1] = logged_in(&site, "ada");
        assert_eq!(browsers[0].get("/end-all").text(), "2");
        assert!(!browsers.iter().any(is_in));
        assert!(is_in(&bob));
        assert_eq!(
            browsers[0].get("/end-all").text(),
            "0",
            "it is nobody's now"
        );
    }
}

#[test]
fn an_administrator_ends_them_without_a_request() {
    for engine in Engine::each() {
        let site = open(engine, plain);
        let browsers = [
            logged_in(&site, "ada"),
            logged_in(&site, "ada"),
            logged_in(&site, "bob"),
        ];
        let ada = site.sessions.principal_sessions::<Login>("ada").unwrap();
        let list = wait(ada.list()).unwrap();
        assert_eq!(list.len(), 2);
        assert!(!list.iter().any(sessions::SessionInfo::is_current));
        assert!(wait(ada.end(list[0].handle())).unwrap());
        assert_eq!(
            wait(ada.end_others()).unwrap(),
            1,
            "there is no session to spare"
        );
        assert_eq!(wait(ada.end_all()).unwrap(), 0);
        assert_eq!(site.events.take(), ["ended login", "ended login"]);
        assert_eq!(browsers.each_ref().map(is_in), [false, false, true]);
    }
}

#[test]
fn who_is_ended_while_busy_brings_nothing_back() {
    for engine in Engine::each() {
        for (path, verb) in [
            ("/items/cup", Verb::Update),
            ("/renew", Verb::Rename),
            ("/login/ada", Verb::Rename),
        ] {
            let site = open(engine.another(), plain);
            let mut here = logged_in(&site, "ada");
            let there = logged_in(&site, "ada");
            let (late, ended) = site.overtake(&there, path, verb, || here.get("/end-others"));
            assert_eq!(ended.text(), "1", "{path}");
            assert_eq!((late.status, late.set_cookies()), (200, vec![]), "{path}");
            assert_eq!(site.events.take(), ["ended login", "gone login"], "{path}");
            assert_eq!(site.live().len(), 1, "{path}");
        }
    }
}

#[test]
fn who_renews_again_and_again_is_ended_all_the_same() {
    for engine in Engine::each() {
        let site = open(engine, plain);
        let mut here = logged_in(&site, "ada");
        let mut there = logged_in(&site, "ada");
        let ended = thread::scope(|scope| {
            let mut gate = site.engine.hold_next(Verb::Delete);
            let ending = scope.spawn(move || here.get("/end-others").text().to_owned());
            for _ in 0..5 {
                wait_for(&gate, 1);
                // Away under another key, just before the old one is deleted.
                assert_eq!(lines(&there.get("/renew")), [line("login")]);
                let next = site.engine.hold_next(Verb::Delete);
                std::mem::replace(&mut gate, next).open();
            }
            wait_for(&gate, 1);
            gate.open();
            ending.join().unwrap()
        });
        assert_eq!(ended, "1");
        assert!(!is_in(&there));
        assert_eq!(site.live().len(), 1);
    }
}

#[test]
fn a_logout_ends_also_what_was_renewed_while_it_was_at_the_store() {
    for engine in Engine::each() {
        let site = open(engine, plain);
        let browser = logged_in(&site, "ada");
        let mut other = browser.clone();
        let (logout, renewal) =
            site.overtake(&browser, "/logout", Verb::Delete, || other.get("/renew"));
        assert_eq!(lines(&logout), [removal("login")]);
        assert_eq!(lines(&renewal), [line("login")]);
        // Whichever of the two responses the browser takes last.
        assert!(!is_in(&other));
        assert_eq!(site.live(), []);
        let told = [
            "renewed login",
            "destroyed login",
            "rejected login: not in the store",
        ];
        assert_eq!(site.events.take(), told);
    }
}

// Limits.

#[test]
fn of_logins_in_parallel_no_more_stay_than_the_limit_allows() {
    for engine in Engine::each() {
        let site = open(engine, limit(3, AdmissionPolicy::EvictOldest));
        // Half of them had a session before.
        let mut browsers = vec![site.browser(); 8];
        for reply in together(&site, &mut browsers, "/login/ada", Verb::Create) {
            assert_eq!((reply.status, lines(&reply)), (200, vec![line("login")]));
        }
        assert_eq!(browsers.iter().filter(|browser| is_in(browser)).count(), 3);
        assert_eq!(site.live().len(), 3);
        let mut told = site.events.take();
        told.retain(|event| event == "evicted login");
        assert_eq!(told.len(), 5);
    }
}

#[test]
fn logins_in_parallel_from_sessions_that_were_nobody_s_are_counted_too() {
    for engine in Engine::each() {
        let site = open(engine, limit(3, AdmissionPolicy::EvictOldest));
        let mut browsers: Vec<Browser> = (0..8)
            .map(|_| {
                let mut browser = site.browser();
                browser.get("/items/tea");
                browser
            })
            .collect();
        for reply in together(&site, &mut browsers, "/login/ada", Verb::Rename) {
            assert_eq!((reply.status, lines(&reply)), (200, vec![line("login")]));
        }
        assert_eq!(browsers.iter().filter(|browser| is_in(browser)).count(), 3);
        assert_eq!(site.live().len(), 3);
    }
}

#[test]
fn the_session_that_was_not_seen_for_longest_has_to_go() {
    for engine in Engine::each() {
        let site = open(engine, limit(2, AdmissionPolicy::EvictOldest));
        let first = logged_in(&site, "ada");
        site.clock.advance(MINUTE);
        let second = logged_in(&site, "ada");
        let bob = logged_in(&site, "bob");
        // The first is older and was seen later.
        site.clock.advance(HOUR);
        assert!(is_in(&first));
        let third = logged_in(&site, "ada");
        assert_eq!(
            [&first, &second, &third, &bob].map(is_in),
            [true, false, true, true]
        );
        // Who logs in again takes nobody's place.
        let mut third = third;
        assert_eq!(third.get("/login/ada").status, 200);
        assert_eq!([&first, &third].map(is_in), [true, true]);
    }
}

#[test]
fn where_the_house_is_full_a_login_is_refused_and_what_was_there_stays() {
    for engine in Engine::each() {
        let site = open(engine, limit(3, AdmissionPolicy::Refuse));
        let mut browsers = vec![site.browser(); 8];
        let replies = together(&site, &mut browsers, "/login/ada", Verb::Create);
        let refused: Vec<&Reply> = replies.iter().filter(|reply| reply.status != 200).collect();
        assert_eq!(refused.len(), 5);
        for reply in refused {
            assert_eq!((reply.status, reply.text()), (403, ""));
            assert_eq!(reply.set_cookies(), NONE);
        }
        assert_eq!(browsers.iter().filter(|browser| is_in(browser)).count(), 3);
        assert_eq!(site.live().len(), 3);

        let mut guest = site.browser();
        guest.get("/items/tea");
        let reply = guest.get("/login/ada");
        assert_eq!((reply.status, reply.set_cookies()), (403, vec![]));
        assert_eq!(guest.get("/show").text(), "Loaded None tea");
        // Others, and who is in already, are not concerned.
        assert_eq!(guest.get("/login/bob").status, 200);
        let inside = browsers.iter_mut().find(|browser| is_in(browser)).unwrap();
        assert_eq!(inside.get("/login/ada").status, 200);
        assert_eq!(inside.get("/renew").status, 200);
        // A place that comes free is taken.
        inside.get("/logout");
        assert_eq!(site.browser().get("/login/ada").status, 200);
        assert_eq!(site.browser().get("/login/ada").status, 403);
        site.clock.advance(7 * DAY);
        assert_eq!(
            site.browser().get("/login/ada").status,
            200,
            "the dead do not count"
        );
    }
}

#[test]
fn a_handler_that_saves_learns_that_the_house_is_full() {
    for engine in Engine::each() {
        let site = open(engine, limit(1, AdmissionPolicy::Refuse));
        logged_in(&site, "ada");
        let reply = site.browser().get("/login-saved/ada");
        // What is not taken back is tried again when the response leaves.
        assert_eq!((reply.status, reply.text()), (403, ""));
        assert_eq!(reply.set_cookies(), NONE);
        assert_eq!(site.live().len(), 1);
    }
}

#[test]
fn a_renewal_is_not_a_login_and_is_not_counted() {
    for engine in Engine::each() {
        // The limit came with a later release: there are more than it allows.
        let site = open(engine, plain);
        let browsers: Vec<Browser> = (0..3).map(|_| logged_in(&site, "ada")).collect();
        let strict = Site::open(
            Engine::beside(&site.engine),
            limit(1, AdmissionPolicy::Refuse),
            account,
        );
        let token = cookie(&browsers[0]);
        let reply = strict.get_with(&token, "/renew");
        assert_eq!((reply.status, lines(&reply)), (200, vec![line("login")]));
        assert_eq!(
            strict
                .get_with(&crate::site::cookie_of(&reply), "/items/tea")
                .status,
            200
        );
        assert!(browsers[1..].iter().all(is_in));
    }
}

// Devices.

#[test]
fn a_device_is_kept_as_of_the_last_write_and_only_where_it_is_asked_for() {
    for engine in Engine::each() {
        let site = open(engine, |all| all.device_info(DeviceAddress::Peer));
        let mut browser = site.browser();
        let say = |browser: &mut Browser, path: &str, agent: &str| {
            let agent = format!("User-Agent: {agent}");
            let forwarded = "X-Forwarded-For: 203.0.113.7";
            browser.send("GET", path, &[&agent, forwarded], "")
        };
        say(&mut browser, "/login/ada", "first/1.0");
        let device = |browser: &mut Browser| {
            let line = listed(browser).remove(0);
            line.split_once("current ").unwrap().1.to_owned()
        };
        assert_eq!(
            device(&mut browser),
            r#"Some("127.0.0.1") Some("first/1.0")"#
        );
        say(&mut browser, "/show", "reader/1.0");
        assert_eq!(
            device(&mut browser),
            r#"Some("127.0.0.1") Some("first/1.0")"#
        );
        say(&mut browser, "/items/tea", "second/2.0");
        assert_eq!(
            device(&mut browser),
            r#"Some("127.0.0.1") Some("second/2.0")"#
        );
        // Nobody's words are kept at any length.
        let long = "x".repeat(5_000);
        say(&mut browser, "/renew", &long);
        let kept = format!(r#"Some("127.0.0.1") Some("{}")"#, "x".repeat(256));
        assert_eq!(device(&mut browser), kept);
        // Neither is what is not text.
        browser.send("GET", "/items/cup", &["User-Agent: \u{7f}\u{e4}"], "");
        assert!(device(&mut browser).starts_with(r#"Some("127.0.0.1")"#));
    }
}

#[test]
fn behind_a_proxy_the_address_is_what_the_proxy_says() {
    let site = open(Engine::memory(), |all| {
        all.device_info(DeviceAddress::Forwarded)
    });
    let long = format!("X-Forwarded-For: {}", "9".repeat(500));
    for (header, kept) in [
        ("X-Forwarded-For: 203.0.113.7", "203.0.113.7".to_owned()),
        ("Forwarded: for=198.51.100.9", "198.51.100.9".to_owned()),
        (&long, "9".repeat(64)),
    ] {
        let mut browser = site.browser();
        browser.send("GET", "/login/ada", &[header], "");
        let (_, record) = site.only();
        assert_eq!(record.device.unwrap().address, Some(kept), "{header}");
        browser.get("/logout");
    }
}

#[test]
fn a_store_without_an_index_says_so() {
    journal::open();
    let engine = Engine::memory();
    engine.ledger.hide_index();
    let site = open(engine, plain);
    let mut browser = logged_in(&site, "ada");
    let reply = browser.get("/sessions");
    assert_eq!((reply.status, reply.text()), (500, ""));
    let logged = journal::about("sessions not listed");
    let said = r#"ERROR sessions not listed session="login" error=the store of session `login` keeps no index"#;
    assert!(
        logged.iter().any(|line| line.starts_with(said)),
        "{logged:?}"
    );
    let refused = site
        .sessions
        .principal_sessions::<Login>("ada")
        .unwrap_err();
    assert_eq!(refused.kind(), SessionErrorKind::NoPrincipalIndex);
    assert_eq!(browser.get("/show").text(), r#"Loaded Some("ada") "#);
}

#[test]
fn a_list_that_cannot_be_had_ends_nobody_and_is_an_error() {
    use sessions::{store::StoreErrorKind, test_util::Fault};
    journal::open();
    for engine in Engine::each() {
        let site = open(engine, plain);
        let mut here = logged_in(&site, "ada");
        let there = logged_in(&site, "ada");
        for (verb, fault) in [
            (Verb::List, Fault::Error(StoreErrorKind::Unavailable)),
            (Verb::List, Fault::CallLost),
            (Verb::Delete, Fault::Error(StoreErrorKind::Unavailable)),
        ] {
            site.engine.faults.fail(verb, 1, fault);
            let reply = here.get("/end-others");
            assert_eq!((reply.status, reply.text()), (503, ""));
            assert_eq!(reply.set_cookies(), NONE);
            assert!(is_in(&here) && is_in(&there));
        }
        for said in ["ERROR sessions not listed", "ERROR sessions not ended"] {
            let lines = journal::about(said);
            assert!(
                lines
                    .iter()
                    .any(|line| line.contains("the session store cannot be reached")),
                "{lines:?}"
            );
        }
        assert_eq!(here.get("/end-others").text(), "1");
    }
}
