//! What cannot be read is one event and a new session, never a lasting error; what newer code wrote is never overwritten.

use std::{fs, path::PathBuf};

use actix_web::web::{self, ServiceConfig};
use sessions::{
    Session,
    store::StoreErrorKind,
    test_util::{Fault, Verb},
};
use sessions_tests::Browser;

use crate::{
    engine::Engine,
    site::{NONE, Site, cookie, line, lines, removal, shop, with_tea},
};

/// The same session in later releases of the code.
mod newer {
    #[derive(sessions::SessionData)]
    #[session(name = "cart", version = 2, previous = crate::site::Cart)]
    pub(super) struct Cart {
        pub(super) items: Vec<String>,
        pub(super) gift: bool,
    }

    impl From<crate::site::Cart> for Cart {
        fn from(old: crate::site::Cart) -> Self {
            Self {
                items: old.items,
                gift: false,
            }
        }
    }
}

/// The same version with a field more.
mod wider {
    #[derive(sessions::SessionData)]
    #[session(name = "cart")]
    pub(super) struct Cart {
        pub(super) items: Vec<String>,
        pub(super) coupon: Option<String>,
    }
}

/// Something else under the cart's name.
#[derive(sessions::SessionData)]
#[session(name = "cart")]
struct Trolley {
    items: u32,
}

fn newer_routes(app: &mut ServiceConfig) {
    app.route(
        "/show",
        web::get().to(|cart: Session<newer::Cart>| async move {
            format!(
                "{:?} {} {}",
                cart.origin(),
                cart.items().join(","),
                cart.gift()
            )
        }),
    )
    .route(
        "/items/{item}",
        web::get().to(
            |mut cart: Session<newer::Cart>, item: web::Path<String>| async move {
                cart.items_mut().push(item.into_inner());
                "done"
            },
        ),
    );
}

fn wider_routes(app: &mut ServiceConfig) {
    app.route(
        "/show",
        web::get().to(|cart: Session<wider::Cart>| async move {
            format!("{} {:?}", cart.items().join(","), *cart.coupon())
        }),
    )
    .route(
        "/coupon/{coupon}",
        web::get().to(
            |mut cart: Session<wider::Cart>, coupon: web::Path<String>| async move {
                cart.set_coupon(coupon.into_inner());
                "done"
            },
        ),
    );
}

fn trolley_routes(app: &mut ServiceConfig) {
    app.route(
        "/show",
        web::get().to(|cart: Session<Trolley>| async move {
            format!("{:?} {}", cart.origin(), cart.items())
        }),
    )
    .route(
        "/set",
        web::get().to(|mut cart: Session<Trolley>| async move {
            cart.set_items(7_u32);
            "done"
        }),
    );
}

/// Another release of the code on the same store.
fn beside(site: &Site, routes: fn(&mut ServiceConfig)) -> Site {
    Site::open(Engine::beside(&site.engine), |all| all, routes)
}

/// Reads several times, writes, and ends, with a cookie whose record cannot be read.
#[track_caller]
fn assert_rejected(site: &Site, token: &str, reason: &str, told: &str) {
    let (key, record) = site.only();
    for _ in 0..3 {
        let reply = site.get_with(token, "/show");
        assert_eq!(reply.text(), format!("Rejected({reason}) "));
        assert_eq!((reply.status, reply.set_cookies()), (200, vec![]));
        assert_eq!(site.events.take(), [format!("rejected cart: {told}")]);
    }
    let mut written = site.get_with(token, "/items/new");
    assert_eq!(lines(&written), [line("cart")]);
    let new = crate::site::cookie_of(&written);
    assert_ne!(new, token);
    assert_eq!(site.shown_to(&new), "Loaded new");
    // What is there may be read again by who wrote it.
    assert!(site.live().contains(&(key, record)));
    assert_eq!(site.live().len(), 2);
    site.get_with(&new, "/destroy");
    site.engine.tally();
    written = site.get_with(token, "/destroy");
    assert_eq!(lines(&written), [removal("cart")]);
    assert_eq!(site.engine.tally(), "load 2, delete 1");
    assert_eq!(site.live(), []);
}

#[test]
fn a_body_of_garbage_is_a_new_session() {
    let plain = |rest: &[u8]| [&[1, 0][..], &[0; 5], &[0xff; 5], rest].concat();
    let bodies: [Vec<u8>; 12] = [
        vec![],
        vec![0],
        vec![1],
        vec![1; 11],
        vec![1; 12],
        vec![3; 100],
        vec![0xff; 100],
        plain(b""),
        plain(b"garbage"),
        plain(&[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        plain(&[0x81; 5000]),
        [&[1, 9][..], &[0; 5], &[0xff; 5], b"\xa0"].concat(),
    ];
    for body in bodies {
        for engine in Engine::each() {
            let site = Site::shop(engine);
            let token = cookie(&with_tea(&site));
            site.spoil(&site.only().0, |record| record.body.clone_from(&body));
            assert_rejected(&site, &token, "Undecodable", "undecodable");
        }
    }
}

#[test]
fn a_body_cut_off_anywhere_is_a_new_session_or_the_whole_one() {
    let site = Site::shop(Engine::memory());
    let token = cookie(&with_tea(&site));
    let (key, whole) = site.only();
    for length in 0..whole.body.len() {
        site.spoil(&key, |record| record.body = whole.body[..length].to_vec());
        let shown = site.shown_to(&token);
        assert_eq!(shown, "Rejected(Undecodable) ", "{length}");
    }
    for at in 0..whole.body.len() {
        let mut body = whole.body.clone();
        body[at] ^= 0x80;
        site.spoil(&key, |record| record.body = body);
        assert_eq!(site.get_with(&token, "/show").status, 200, "{at}");
    }
}

#[test]
fn a_sealed_body_where_none_are_sealed_is_a_new_session() {
    let site = Site::shop(Engine::memory());
    let token = cookie(&with_tea(&site));
    site.spoil(&site.only().0, |record| record.body = vec![2; 200]);
    assert_rejected(&site, &token, "Unauthentic", "not authentic");
}

#[test]
fn what_the_store_calls_corrupt_is_a_new_session() {
    for engine in Engine::each() {
        let site = Site::shop(engine);
        let mut browser = with_tea(&site);
        let corrupt = || {
            let fault = Fault::Error(StoreErrorKind::Corrupt);
            site.engine.faults.fail(Verb::Load, 1, fault);
        };
        corrupt();
        assert_eq!(browser.get("/show").text(), "Rejected(Undecodable) ");
        assert_eq!(site.events.take(), ["rejected cart: undecodable"]);
        corrupt();
        let old = cookie(&browser);
        assert_eq!(lines(&browser.get("/items/new")), [line("cart")]);
        assert_eq!(browser.get("/show").text(), "Loaded new");
        corrupt();
        let reply = site.get_with(&old, "/destroy");
        assert_eq!(lines(&reply), [removal("cart")]);
        assert_eq!(site.shown_to(&old), "Rejected(Unknown) ");
    }
}

#[test]
fn a_file_that_somebody_overwrote_is_a_new_session() {
    let site = Site::shop(Engine::files());
    let mut browser = with_tea(&site);
    let mut spoilt = 0;
    let mut folders: Vec<PathBuf> = vec![site.engine.path().unwrap()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if fs::metadata(&path).unwrap().len() > 0 {
                fs::write(path, b"somebody was here").unwrap();
                spoilt += 1;
            }
        }
    }
    assert!(spoilt > 0);
    for _ in 0..2 {
        let reply = browser.get("/show");
        assert_eq!(
            (reply.status, reply.text()),
            (200, "Rejected(Undecodable) ")
        );
        assert_eq!(site.events.take(), ["rejected cart: undecodable"]);
    }
    let old = cookie(&browser);
    assert_eq!(lines(&browser.get("/items/new")), [line("cart")]);
    assert_eq!(browser.get("/show").text(), "Loaded new");
    assert_eq!(lines(&site.get_with(&old, "/destroy")), [removal("cart")]);
    assert_eq!(site.shown_to(&old), "Rejected(Unknown) ");
}

#[test]
fn the_data_of_another_type_is_a_new_session() {
    for engine in Engine::each() {
        let site = Site::shop(engine);
        let trolleys = beside(&site, trolley_routes);
        let mut browser = trolleys.browser();
        browser.get("/set");
        let token = cookie(&browser);
        assert_eq!(trolleys.shown_to(&token), "Loaded 7");
        assert_eq!(site.shown_to(&token), "Rejected(Undecodable) ");
        assert_eq!(site.events.take(), ["rejected cart: undecodable"]);
        let tea = cookie(&with_tea(&site));
        assert_eq!(trolleys.shown_to(&tea), "Rejected(Undecodable) 0");
    }
}

fn upgraded(engine: Engine) -> (Site, Site, Browser) {
    let site = Site::shop(engine);
    let new_release = beside(&site, newer_routes);
    let mut browser = new_release.browser();
    browser.get("/items/tea");
    (site, new_release, browser)
}

#[test]
fn what_newer_code_wrote_is_not_read_and_not_overwritten() {
    for engine in Engine::each() {
        let (old, new, mut browser) = upgraded(engine);
        let token = cookie(&browser);
        assert_rejected_and_kept(&old, &new, &token);
        // Who ends the session ends it, whatever it is.
        let reply = old.get_with(&token, "/destroy");
        assert_eq!(lines(&reply), [removal("cart")]);
        assert_eq!(browser.get("/show").text(), "Rejected(Unknown)  false");
    }
}

#[track_caller]
fn assert_rejected_and_kept(old: &Site, new: &Site, token: &str) {
    for path in ["/show", "/renew", "/idle", "/remember"] {
        let reply = old.get_with(token, path);
        assert_eq!((reply.status, reply.set_cookies()), (200, vec![]), "{path}");
        let told = "rejected cart: written by a newer version";
        assert_eq!(old.events.take(), [told], "{path}");
    }
    let written = old.get_with(token, "/items/cup");
    assert_eq!(lines(&written), [line("cart")]);
    assert_eq!(
        old.shown_to(&crate::site::cookie_of(&written)),
        "Loaded cup"
    );
    assert_eq!(new.shown_to(token), "Loaded tea false");
}

#[test]
fn what_older_code_wrote_is_read_by_newer_code_and_not_touched_by_reading() {
    for engine in Engine::each() {
        let site = Site::shop(engine);
        let new = beside(&site, newer_routes);
        let token = cookie(&with_tea(&site));
        assert_eq!(new.shown_to(&token), "Loaded tea false");
        assert_eq!(site.shown_to(&token), "Loaded tea");
        new.get_with(&token, "/items/cup");
        assert_eq!(new.shown_to(&token), "Loaded tea,cup false");
        assert_eq!(site.shown_to(&token), "Rejected(NewerVersion) ");
    }
}

#[test]
fn what_newer_code_writes_while_older_code_is_busy_is_not_overwritten() {
    for engine in Engine::each() {
        let site = Site::shop(engine);
        let new = beside(&site, newer_routes);
        let browser = with_tea(&site);
        let token = cookie(&browser);
        // A renewal writes no data of its own.
        let (reply, ()) = site.overtake(&browser, "/renew", Verb::Rename, || {
            new.get_with(&token, "/items/cup");
        });
        assert_eq!(reply.status, 200);
        let renewed = crate::site::cookie_of(&reply);
        assert_eq!(new.shown_to(&renewed), "Loaded tea,cup false");
        assert_eq!(new.shown_to(&token), "Rejected(Unknown)  false");

        // A write cannot be joined with what it does not understand.
        for (path, verb) in [("/items/late", Verb::Update), ("/renew/late", Verb::Rename)] {
            let browser = with_tea(&site);
            let token = cookie(&browser);
            let (reply, _) = site.overtake(&browser, path, verb, || {
                new.get_with(&token, "/items/cup").status
            });
            assert_eq!((reply.status, reply.text()), (409, ""), "{path}");
            assert_eq!(reply.set_cookies(), NONE);
            assert_eq!(new.shown_to(&token), "Loaded tea,cup false", "{path}");
        }
    }
}

#[test]
fn a_release_that_refuses_newer_records_loses_nothing_while_it_is_back() {
    for engine in Engine::each() {
        let old = Site::open(engine, |all| all.refuse_newer(true), shop);
        let new = beside(&old, newer_routes);
        let mut browser = new.browser();
        browser.get("/items/tea");
        let token = cookie(&browser);
        let record = old.only();
        // The rollback: only the old release answers.
        for path in [
            "/show",
            "/idle",
            "/renew",
            "/remember",
            "/items/cup",
            "/save/cup",
            "/destroy",
        ] {
            let reply = old.get_with(&token, path);
            assert_eq!((reply.status, reply.text()), (503, ""), "{path}");
            assert_eq!(reply.set_cookies(), NONE, "{path}");
            assert_eq!(reply.header("vary"), Some("Cookie"), "{path}");
            let told = "rejected cart: written by a newer version";
            assert_eq!(old.events.take(), [told], "{path}");
        }
        assert_eq!(old.get_with(&token, "/plain").text(), "plain");
        assert_eq!(old.browser().get("/items/cup").text(), "cup");
        // It is over, and everything is there.
        assert!(old.live().contains(&record));
        assert_eq!(new.shown_to(&token), "Loaded tea false");
        browser.get("/items/cup");
        assert_eq!(new.shown_to(&token), "Loaded tea,cup false");
    }
}

#[test]
fn a_release_that_refuses_newer_records_refuses_them_also_where_it_was_overtaken() {
    for engine in Engine::each() {
        let site = Site::open(engine, |all| all.refuse_newer(true), shop);
        let new = beside(&site, newer_routes);
        for (path, verb) in [("/items/late", Verb::Update), ("/renew/late", Verb::Rename)] {
            let browser = with_tea(&site);
            let token = cookie(&browser);
            let (reply, _) = site.overtake(&browser, path, verb, || {
                new.get_with(&token, "/items/cup").status
            });
            assert_eq!((reply.status, reply.text()), (503, ""), "{path}");
            assert_eq!(reply.set_cookies(), NONE);
            assert_eq!(new.shown_to(&token), "Loaded tea,cup false", "{path}");
        }
    }
}

#[test]
fn two_releases_in_turn_lose_no_field_that_one_of_them_knows() {
    for engine in Engine::each() {
        let site = Site::shop(engine);
        let wide = beside(&site, wider_routes);
        let token = cookie(&with_tea(&site));
        for round in 0..3 {
            wide.get_with(&token, &format!("/coupon/{round}"));
            let reply = site.get_with(&token, &format!("/items/{round}"));
            assert_eq!(reply.set_cookies(), NONE);
        }
        assert_eq!(wide.shown_to(&token), r#"tea,0,1,2 Some("2")"#);
        assert_eq!(site.shown_to(&token), "Loaded tea,0,1,2");
    }
}
