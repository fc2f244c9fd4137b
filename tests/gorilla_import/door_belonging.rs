//! Whose an imported session is, how old, and how it ends.

use actix_web::rt::System;
use sessions::{
    MemoryStore, SessionMiddleware,
    gorilla::{KeyPair, Payload, Reader, Values},
    import::Import,
    store::AdmissionPolicy,
};

use crate::{
    mint::mint,
    site::{
        DAY, Login, MINUTE, NONE, Site, ann, ann_s, import, lines, login, ours, ours_for, removal,
        still, stores, written,
    },
};

/// The devices of Ann as an administrator sees them.
fn devices(sessions: &SessionMiddleware) -> usize {
    let listed = async {
        let devices = sessions.principal_sessions::<Login>(77).unwrap();
        devices.list().await.unwrap().len()
    };
    System::new().block_on(listed)
}

#[test]
fn an_import_is_no_newer_a_login_than_the_go_cookie_says() {
    for (store, _folder) in stores() {
        let site = Site::new(store, |login| login.import(import()));
        let mut browser = site.browser();
        for _ in 0..2 {
            let dates = browser.get("/dates");
            assert_eq!(dates.text(), "created +60, authenticated +0");
        }
    }
}

#[test]
fn a_go_cookie_from_the_future_is_a_login_of_now() {
    let key = || KeyPair::signed("k").unwrap();
    let reader = Reader::new(key()).payload(Payload::Json);
    let site = Site::memory(Import::new("session", reader, login));
    let ahead = (ann().timestamp + 1_000_000).to_string();
    let cookie = mint("k", "session", &ahead, br#"{"user_id":77,"name":"ann"}"#);
    let cookie = format!("session={}", String::from_utf8(cookie).unwrap());
    let reply = site.get(&cookie, "/dates");
    assert_eq!(reply.text(), "created +60, authenticated +60");
    assert_eq!(lines(&reply), [ours_for(30 * DAY)]);
}

#[test]
fn an_imported_session_lives_no_longer_than_one_of_ours_that_began_when_the_go_cookie_was_written()
{
    for (store, _folder) in stores() {
        let site = Site::new(store, |login| {
            login
                .import(import())
                .idle_timeout(10 * DAY)
                .absolute_timeout(10 * DAY)
        });
        site.clock.set(written() + 9 * DAY);
        let mut browser = site.browser();
        assert_eq!(lines(&browser.get("/")), [ours_for(DAY)]);
        browser.get("/write");
        assert_eq!(browser.get("/").text(), "Loaded 77 ann 1 new=false");

        // Nor does it come back by the same cookie.
        site.clock.advance(DAY);
        site.events.take();
        let reply = site.get(&ann_s(), "/");
        assert_eq!(reply.text(), "New nobody  0 new=true");
        assert_eq!(site.events.take(), ["not_imported login: expired"]);
        let kept = browser.get("/");
        assert!(kept.text().starts_with("Rejected("), "{}", kept.text());
    }
}

#[test]
fn who_says_anew_who_they_are_begins_a_lifetime_of_ours() {
    for (store, _folder) in stores() {
        // To somebody else it is another session, and hers is no more in this browser.
        for (deed, user, removed) in [
            ("/log-in", "78  0", true),
            ("/log-in-again", "77 ann 0", false),
        ] {
            let site = Site::new(store.clone(), |login| login.import(import()));
            let mut browser = site.browser();
            let reply = browser.get(deed);
            let mut expected = vec![ours_for(30 * DAY)];
            expected.extend(removed.then(|| removal("session")));
            assert_eq!(lines(&reply), expected);
            let mut told = vec!["created login"];
            told.extend((!removed).then_some("imported login"));
            assert_eq!(site.events.take(), told);
            let shown = format!("Loaded {user} new=false");
            assert_eq!(browser.get("/").text(), shown);
            let dates = browser.get("/dates");
            assert_eq!(dates.text(), "created +60, authenticated +60");
        }
    }
}

#[test]
fn an_imported_session_is_on_its_owner_s_list_and_ended_from_there() {
    let site = Site::memory(import());
    let (mut one, mut other) = (site.browser(), site.browser());
    one.get("/");
    other.get("/");
    assert_eq!(devices(&site.sessions), 2);
    System::new().block_on(async {
        let devices = site.sessions.principal_sessions::<Login>(77).unwrap();
        devices.end_all().await.unwrap();
    });
    // The Go cookie is still there; the cookie of ours, which leads nowhere now, keeps it from being read.
    for browser in [&mut one, &mut other] {
        let reply = browser.get("/");
        assert_eq!(reply.text(), "Rejected(Unknown) nobody  0 new=true");
        assert_eq!(lines(&reply), NONE);
    }
}

#[test]
fn a_limit_of_sessions_holds_for_imported_ones() {
    let limited = |policy| {
        Site::new(MemoryStore::new(), move |login| {
            login.import(import()).principal_limit(1, policy)
        })
    };
    let site = limited(AdmissionPolicy::EvictOldest);
    let (mut one, mut other) = (site.browser(), site.browser());
    one.get("/");
    site.events.take();
    assert_eq!(other.get("/").status, 200);
    assert_eq!(
        site.events.take(),
        ["evicted login", "created login", "imported login"]
    );
    assert_eq!(devices(&site.sessions), 1);

    let site = limited(AdmissionPolicy::Refuse);
    let (mut one, mut other) = (site.browser(), site.browser());
    one.get("/");
    let refused = other.get("/");
    assert_eq!((refused.status, lines(&refused)), (403, vec![]));
    // There is a way out.
    let out = other.get("/log-out");
    assert_eq!(lines(&out), [removal("__Host-login"), removal("session")]);
    assert_eq!(other.get("/").text(), "New nobody  0 new=true");
}

#[test]
fn who_logs_out_is_not_brought_back_by_the_go_cookie() {
    for (store, _folder) in stores() {
        for deed in ["/log-out", "/log-out-at-once", "/log-out-and-fail"] {
            for came_before in [false, true] {
                let site = Site::new(store.clone(), |login| login.import(import()));
                let mut browser = site.browser();
                if came_before {
                    browser.get("/write");
                }
                let out = browser.get(deed);
                let removals = [removal("__Host-login"), removal("session")];
                assert_eq!(lines(&out), removals, "{deed} {came_before}");
                assert_eq!(browser.get("/").text(), "New nobody  0 new=true");
            }
        }
    }
}

#[test]
fn who_begins_anew_does_not_keep_the_go_cookie_either() {
    for (store, _folder) in stores() {
        for came_before in [false, true] {
            let site = Site::new(store.clone(), |login| login.import(import()));
            let mut browser = site.browser();
            if came_before {
                browser.get("/");
            }
            site.events.take();
            let reply = browser.get("/begin-anew");
            assert_eq!(lines(&reply), [ours_for(30 * DAY), removal("session")]);
            assert!(!site.events.take().contains(&"imported login".to_owned()));
            assert_eq!(browser.get("/").text(), "Loaded nobody  1 new=false");
        }
    }
}

#[test]
fn a_logout_removes_the_go_cookie_also_where_the_browser_did_not_send_it() {
    for (store, _folder) in stores() {
        for deed in ["/log-out", "/log-out-at-once", "/log-out-and-fail"] {
            let site = Site::new(store.clone(), |login| login.import(import()));
            let mut browser = site.browser();
            browser.get("/write");
            let own = format!(
                "__Host-login={}",
                browser.jar.get("__Host-login").unwrap().value
            );
            // Its path is another, or its `SameSite` is `Strict` and the link was on another site.
            let removals = [removal("__Host-login"), removal("session")];
            assert_eq!(lines(&site.get(&own, deed)), removals, "{deed}");
            assert_eq!(lines(&site.get("", deed)), removals, "{deed}");
        }
    }
}

#[test]
fn a_session_that_only_begins_or_is_read_removes_no_go_cookie() {
    for (store, _folder) in stores() {
        let site = Site::new(store, |login| login.import(import()));
        assert_eq!(lines(&site.get("", "/")), NONE);
        assert_eq!(lines(&site.get("", "/log-in")), [ours_for(30 * DAY)]);
    }
}

#[test]
fn a_logout_after_the_end_of_the_import_leaves_the_go_cookie_alone() {
    for (store, _folder) in stores() {
        let until = written() + DAY;
        let site = Site::new(store, |login| login.import(import().until(until)));
        let mut browser = site.browser();
        browser.get("/write");
        site.clock.advance(2 * DAY);
        assert_eq!(lines(&browser.get("/log-out")), [removal("__Host-login")]);
        assert_eq!(lines(&browser.get("/log-out")), NONE);
    }
}

#[test]
fn what_is_too_large_to_be_kept_is_shown_and_not_kept() {
    for (store, _folder) in stores() {
        let large = |old: &Values| {
            let name = "x".repeat(2 * 1024 * 1024);
            Ok(Login {
                name,
                ..login(old)?
            })
        };
        let import = Import::new("session", ann().reader(), large);
        let site = Site::new(store, |login| login.import(import));
        let mut browser = site.browser();
        for _ in 0..2 {
            let reply = browser.get("/");
            assert_eq!((reply.status, lines(&reply)), (200, vec![]));
            assert!(reply.text().starts_with("Imported 77 x"));
        }
        // Here somebody's data would be lost.
        for deed in ["/write", "/save", "/renew"] {
            let reply = browser.get(deed);
            assert_eq!((reply.status, lines(&reply)), (500, vec![]), "{deed}");
        }
        let removals = [removal("__Host-login"), removal("session")];
        assert_eq!(lines(&browser.get("/log-out")), removals);
    }
}

#[test]
fn a_renewal_in_the_request_of_the_import_changes_nothing_about_it() {
    for (store, _folder) in stores() {
        let site = Site::new(store, |login| login.import(import()));
        let mut browser = site.browser();
        assert_eq!(lines(&browser.get("/renew")), [ours()]);
        assert_eq!(site.events.take(), ["created login", "imported login"]);
        assert_eq!(browser.get("/").text(), "Loaded 77 ann 0 new=false");
        let dates = browser.get("/dates");
        assert_eq!(dates.text(), "created +60, authenticated +0");
        assert_eq!(still().now(), written() + MINUTE);
    }
}
