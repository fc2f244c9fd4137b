//! A visitor comes in with a Go cookie.

use std::{fs, sync::atomic::Ordering, time::Duration};

use actix_web::web;
use sessions::{
    MemoryStore, Registry, Session, SessionData, SessionError, SessionMiddleware,
    gorilla::{FilesystemReader, Reader, Values},
    import::{ForeignCookie, Import},
};

use crate::{
    shown::shown,
    site::{
        Counted, DAY, Folder, Login, MINUTE, NONE, Site, ann, ann_s, import, lines, login, ours,
        removal, show, stores, written,
    },
    vectors::{Vector, values},
};

#[test]
fn a_visitor_from_go_is_logged_in_and_the_first_response_already_carries_ours() {
    for (store, _folder) in stores() {
        let site = Site::new(store, |login| login.import(import()));
        let mut browser = site.browser();
        let first = browser.get("/");
        assert_eq!(first.text(), "Imported 77 ann 0 new=false");
        assert_eq!(lines(&first), [ours()]);
        assert_eq!(first.header("cache-control"), Some("no-store"));
        assert_eq!(site.events.take(), ["created login", "imported login"]);

        let second = browser.get("/");
        assert_eq!(second.text(), "Loaded 77 ann 0 new=false");
        assert_eq!(lines(&second), NONE);
        assert_eq!(site.events.take(), NONE);
        assert!(
            browser.jar.get("session").is_some(),
            "Go may still serve it"
        );
    }
}

#[test]
fn what_the_handler_writes_is_saved_with_what_was_imported() {
    for (store, _folder) in stores() {
        let site = Site::new(store, |login| login.import(import()));
        let mut browser = site.browser();
        assert_eq!(lines(&browser.get("/write")), [ours()]);
        assert_eq!(site.events.take(), ["created login", "imported login"]);
        assert_eq!(browser.get("/").text(), "Loaded 77 ann 1 new=false");
        browser.get("/write");
        assert_eq!(browser.get("/").text(), "Loaded 77 ann 2 new=false");
    }
}

#[test]
fn a_handler_that_saves_at_once_and_writes_again_sets_one_cookie_and_takes_the_foreign_one_away() {
    for (store, _folder) in stores() {
        for (deed, visits) in [("/save", 0), ("/save-and-write", 1)] {
            let site = Site::new(store.clone(), |login| {
                login.import(import().remove_foreign())
            });
            let mut browser = site.browser();
            let reply = browser.get(deed);
            assert_eq!(lines(&reply), [ours(), removal("session")]);
            assert_eq!(site.events.take(), ["created login", "imported login"]);
            let shown = format!("Loaded 77 ann {visits} new=false");
            assert_eq!(browser.get("/").text(), shown);
        }
    }
}

#[test]
fn a_request_that_takes_no_session_and_a_visitor_without_a_cookie_cost_nothing() {
    let (reader, asked) = Counted::new(None);
    let site = Site::memory(Import::new("session", reader, login));
    for (cookies, path, shown) in [
        (&*ann_s(), "/plain", "plain"),
        ("", "/", "New nobody  0 new=true"),
        ("a=b; sessions=x; xsession=y", "/", "New nobody  0 new=true"),
    ] {
        let reply = site.get(cookies, path);
        assert_eq!((reply.text(), lines(&reply)), (shown, vec![]));
    }
    assert_eq!(asked.load(Ordering::Relaxed), 0);
    assert_eq!(site.events.take(), NONE);
}

#[test]
fn whoever_has_a_cookie_of_ours_is_not_asked_for_another() {
    for (store, _folder) in stores() {
        let (reader, asked) = Counted::new(None);
        let site = Site::new(store, |login| {
            login.import(Import::new("session", reader, self::login))
        });
        let mut browser = site.browser();
        browser.get("/write");
        assert_eq!(asked.swap(0, Ordering::Relaxed), 1);
        let own = browser.jar.get("__Host-login").unwrap().value.clone();
        site.events.take();

        // Never another decoder after our own has failed.
        let token = "A".repeat(43);
        for broken in ["", "x", &token, &own[1..], &format!("{own}A")] {
            for cookies in [
                format!("__Host-login={broken}; {}", ann_s()),
                format!("{}; __Host-login={broken}", ann_s()),
            ] {
                let reply = site.get(&cookies, "/");
                assert!(reply.text().starts_with("Rejected("), "{}", reply.text());
                assert_eq!(lines(&reply), NONE);
            }
        }
        site.clock.advance(8 * DAY);
        let reply = browser.get("/");
        assert!(reply.text().starts_with("Rejected("), "{}", reply.text());
        assert_eq!(asked.load(Ordering::Relaxed), 0);
    }
}

#[test]
fn a_response_that_fails_saves_nothing_and_the_next_request_imports() {
    for (store, _folder) in stores() {
        let site = Site::new(store, |login| login.import(import().remove_foreign()));
        let mut browser = site.browser();
        let failed = browser.get("/fail");
        assert_eq!((failed.status, lines(&failed)), (500, vec![]));
        assert_eq!(site.events.take(), NONE);
        assert_eq!(browser.get("/").text(), "Imported 77 ann 0 new=false");
        assert_eq!(site.events.take(), ["created login", "imported login"]);
    }
}

#[test]
fn of_two_requests_at_once_both_get_a_session() {
    for (store, _folder) in stores() {
        let site = Site::new(store, |login| login.import(import()));
        let (mut one, mut other) = (site.browser(), site.browser());
        assert_eq!(lines(&one.get("/write")), [ours()]);
        assert_eq!(lines(&other.get("/")), [ours()]);
        assert_eq!(one.get("/").text(), "Loaded 77 ann 1 new=false");
        assert_eq!(other.get("/").text(), "Loaded 77 ann 0 new=false");
    }
}

#[test]
fn two_handles_in_a_request_share_one_import_though_it_has_to_be_waited_for() {
    for (store, _folder) in stores() {
        for wait in [None, Some(Duration::from_millis(20))] {
            let (reader, asked) = Counted::new(wait);
            let site = Site::new(store.clone(), |login| {
                login.import(Import::new("session", reader, self::login))
            });
            let mut browser = site.browser();
            assert_eq!(browser.get("/twice").text(), "true 7");
            assert_eq!(asked.load(Ordering::Relaxed), 1);
            assert_eq!(browser.get("/").text(), "Loaded 77 ann 7 new=false");
        }
    }
}

#[test]
fn a_go_cookie_in_a_file_is_read_by_its_id() {
    let files = values()
        .into_iter()
        .filter(|vector| !vector.file.is_empty());
    for vector in files {
        let folder = Folder::new();
        fs::create_dir_all(&folder.0).unwrap();
        let id = vector.kind().trim_start_matches("file ");
        fs::write(folder.0.join(format!("session_{id}")), &vector.file).unwrap();
        let reader = FilesystemReader::new(&folder.0, Reader::new(vector.keys()));
        let import = Import::new(&*vector.cookie_name, reader, kept);
        let site = keeping(import);
        let cookie = format!("{}={}", vector.cookie_name, vector.cookie_value);
        let reply = site.get(&cookie, "/");
        assert_eq!(reply.text(), vector.expect);
        assert_eq!(reply.set_cookies().len(), 1);

        // Ended in Go, or swept.
        fs::remove_file(folder.0.join(format!("session_{id}"))).unwrap();
        let reply = site.get(&cookie, "/");
        assert_eq!((reply.text(), reply.set_cookies().len()), ("", 0));
        let told = ["created kept", "imported kept", "not_imported kept: ended"];
        assert_eq!(site.events.take(), told);
    }
}

/// A session that holds whatever came.
#[derive(SessionData)]
struct Kept {
    shown: String,
}

fn kept(old: &Values) -> Result<Kept, Box<dyn std::error::Error + Send + Sync>> {
    Ok(Kept { shown: shown(old) })
}

fn keeping(import: Import<Kept>) -> Site {
    let sessions = SessionMiddleware::builder(MemoryStore::new());
    let sessions = sessions.session::<Kept>(|kept| kept.import(import));
    Site::with(sessions, |app| {
        let show = |kept: Session<Kept>| async move { kept.shown().clone() };
        app.route("/", web::to(show));
    })
}

#[test]
fn every_vector_comes_in_and_no_altered_one() {
    let cookies = values().into_iter().filter(|vector| vector.file.is_empty());
    for vector in cookies {
        let Vector {
            case,
            cookie_name,
            cookie_value,
            ..
        } = &vector;
        let site = keeping(Import::new(&**cookie_name, vector.reader(), kept));
        let reply = site.get(&format!("a=b; {cookie_name}={cookie_value}"), "/");
        assert_eq!(reply.text(), vector.expect, "{case}");
        assert_eq!(site.events.take(), ["created kept", "imported kept"]);

        let place = cookie_value.len() / 2;
        let mut altered = cookie_value.clone();
        let other = if altered[place..].starts_with('A') {
            "B"
        } else {
            "A"
        };
        altered.replace_range(place..=place, other);
        let refused = |site: &Site, cookie: String, reason: &str| {
            let reply = site.get(&cookie, "/");
            assert_eq!((reply.status, reply.text()), (200, ""), "{case}");
            assert_eq!(reply.set_cookies().len(), 0);
            let told = format!("not_imported kept: {reason}");
            assert_eq!(site.events.take(), [told], "{case}");
        };
        refused(&site, format!("{cookie_name}={altered}"), "not authentic");
        let cookie = || format!("{cookie_name}={cookie_value}");
        site.clock.advance(31 * DAY);
        refused(&site, cookie(), "expired");

        let renamed = keeping(Import::new("renamed", vector.reader(), kept));
        refused(&renamed, format!("renamed={cookie_value}"), "not authentic");
        let other = sessions::gorilla::KeyPair::signed("another").unwrap();
        let other = keeping(Import::new(
            &**cookie_name,
            Reader::new(other).max_length(0),
            kept,
        ));
        refused(&other, cookie(), "not authentic");
    }
}

#[test]
fn of_several_cookies_of_one_name_the_first_that_opens_is_taken_and_no_more_than_four_are_tried() {
    let (reader, asked) = Counted::new(None);
    let site = Site::memory(Import::new("session", reader, login));
    let reply = site.get(&format!("session=x; session=\"y\"; {}", ann_s()), "/");
    assert_eq!(reply.text(), "Imported 77 ann 0 new=false");
    assert_eq!(site.events.take(), ["created login", "imported login"]);

    asked.store(0, Ordering::Relaxed);
    let reply = site.get(&format!("{}{}", "session=x; ".repeat(1000), ann_s()), "/");
    assert_eq!(reply.text(), "New nobody  0 new=true");
    assert_eq!(asked.load(Ordering::Relaxed), 4);
    assert_eq!(site.events.take(), ["not_imported login: not authentic"]);
}

#[test]
fn the_foreign_cookie_is_removed_with_its_own_attributes_where_that_was_asked_for() {
    let expires = "Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT";
    let partitioned = "session=; HttpOnly; SameSite=Lax; Partitioned; Secure; Path=/; ";
    let cookies = [
        (ForeignCookie::new("session"), removal("session")),
        (
            ForeignCookie::new("session")
                .path("/shop")
                .domain("example.com"),
            format!(
                "session=; HttpOnly; SameSite=Lax; Secure; Path=/shop; Domain=example.com; {expires}"
            ),
        ),
        (
            ForeignCookie::new("session").partitioned(true),
            format!("{partitioned}{expires}"),
        ),
    ];
    for (cookie, line) in cookies {
        let import = Import::new(cookie, ann().reader(), login).remove_foreign();
        let site = Site::memory(import);
        let reply = site.get(&ann_s(), "/");
        assert_eq!(lines(&reply), [ours(), line]);
    }
    let site = Site::memory(import().remove_foreign());
    let mut browser = site.browser();
    browser.get("/");
    assert!(browser.jar.get("session").is_none());
    assert_eq!(browser.get("/").text(), "Loaded 77 ann 0 new=false");
}

#[test]
fn over_plain_http_the_removal_is_not_secure() {
    let site = Site::new(MemoryStore::new(), |login| {
        login.import(import().remove_foreign()).insecure_http()
    });
    let reply = site.get(&ann_s(), "/");
    assert_eq!(
        lines(&reply)[1],
        "session=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT"
    );
}

#[test]
fn an_import_ends_by_its_date() {
    let (reader, asked) = Counted::new(None);
    let end = written() + 2 * MINUTE;
    let site = Site::memory(Import::new("session", reader, login).until(end));
    site.clock.set(end - Duration::from_secs(1));
    assert_eq!(
        site.get(&ann_s(), "/").text(),
        "Imported 77 ann 0 new=false"
    );
    assert_eq!(asked.swap(0, Ordering::Relaxed), 1);
    site.events.take();

    site.clock.set(end);
    let reply = site.get(&ann_s(), "/");
    assert_eq!(reply.text(), "New nobody  0 new=true");
    assert_eq!(lines(&site.get(&ann_s(), "/log-out")), NONE);
    assert_eq!(asked.load(Ordering::Relaxed), 0);
    assert_eq!(site.events.take(), NONE);
}

/// Another session that is made of the same cookie.
#[derive(SessionData)]
#[session(name = "profile")]
struct Profile {
    name: String,
}

#[test]
fn two_sessions_are_made_of_one_cookie() {
    let profile = Import::new("session", ann().reader(), |old| {
        let name = old.get("name")?;
        Ok(Profile { name })
    });
    let sessions = SessionMiddleware::builder(MemoryStore::new())
        .session::<Login>(|login| login.import(import()))
        .session::<Profile>(|options| options.import(profile));
    let site = Site::with(sessions, |app| {
        let page = |login: Session<Login>, profile: Session<Profile>| async move {
            format!("{:?} {}", login.user(), profile.name())
        };
        app.route("/", web::to(page));
    });
    let reply = site.get(&ann_s(), "/");
    assert_eq!(reply.text(), "Some(77) ann");
    assert_eq!(reply.set_cookies().len(), 2);
}

#[test]
fn a_session_under_another_name_does_not_take_the_import_of_its_type() {
    let sessions = SessionMiddleware::builder(MemoryStore::new())
        .session::<Login>(|login| login.import(import()))
        .named::<Login>("guest", |guest| guest);
    let site = Site::with(sessions, |app| {
        let named = |sessions: Registry, name: web::Path<String>| async move {
            let session = sessions.named::<Login>(name.into_inner()).await?;
            Ok::<_, SessionError>(format!("{:?}", session.origin()))
        };
        app.route("/", web::to(show))
            .route("/{name}", web::to(named));
    });
    for (path, origin) in [
        ("/guest", "New"),
        ("/made-up", "New"),
        ("/login", "Imported"),
    ] {
        assert_eq!(site.get(&ann_s(), path).text(), origin);
    }
}

#[test]
fn what_is_stored_is_looked_at_anew_and_an_import_is_not_stored_yet() {
    let sessions = SessionMiddleware::builder(MemoryStore::new())
        .session::<Login>(|login| login.import(import()));
    let site = Site::with(sessions, |app| {
        let fresh = |sessions: Registry| async move {
            let before = sessions.load_fresh::<Login>().await?.is_some();
            Ok::<_, SessionError>(before.to_string())
        };
        app.route("/", web::to(show))
            .route("/fresh", web::to(fresh));
    });
    let mut browser = site.browser();
    assert_eq!(browser.get("/fresh").text(), "false");
    browser.get("/");
    assert_eq!(browser.get("/fresh").text(), "true");
}
