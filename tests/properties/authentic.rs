//! Cookies that are authentic and hold what no release would write: by an older or newer code, or by whoever has the key.

use std::rc::Rc;

use actix_web::{http::StatusCode, web};
use proptest::{collection, prelude::*, sample};
use sessions::{CookieStore, Session, SessionData, Values};
use sessions_tests::{Mint, Stamp};

use super::site::{Drawer, NOON, Site, key, keys, runner};

#[derive(SessionData)]
struct Cart {
    items: Vec<String>,
    count: u8,
}

fn site<T: SessionData>(drawer: &Drawer<bool>) -> Site {
    let loaded = Rc::clone(drawer);
    Site::new(CookieStore::signed(keys()), |app| {
        app.route(
            "/",
            web::get().to(move |session: Session<T>| {
                loaded.replace(Some(!session.is_new()));
                // Every getter, on whatever was read.
                let _ = (
                    session.created_at(),
                    session.authenticated_at(),
                    session.handle(),
                );
                async { "" }
            }),
        )
        .route(
            "/renew",
            web::get().to(|mut session: Session<T>| {
                session.renew();
                async { "" }
            }),
        );
    })
}

const HOUR: u64 = 60 * 60;

fn stamp() -> impl Strategy<Value = Stamp> {
    let seconds = || {
        prop_oneof![
            2 => sample::select(vec![0, 1, 604_800, 2_592_000, u32::MAX - 1, u32::MAX]),
            1 => any::<u32>(),
        ]
    };
    let created = prop_oneof![
        2 => sample::select(vec![0, NOON - 1, NOON, NOON + HOUR, NOON + HOUR + 1, (1 << 40) - 1]),
        1 => 0_u64..1 << 40,
    ];
    (
        any::<[u8; 16]>(),
        0_u8..5,
        created,
        seconds(),
        seconds(),
        seconds(),
        seconds(),
    )
        .prop_map(
            |(handle, persistence, created, sealed, idle, absolute, authenticated)| Stamp {
                handle,
                persistence,
                created,
                sealed,
                idle,
                absolute,
                authenticated,
            },
        )
}

/// A payload that every reading code takes.
const EMPTY: &[u8] = b"\x01\xa0";

#[test]
fn any_stamp_is_read_or_refused_and_lives_exactly_until_its_deadlines() {
    let drawer = Drawer::default();
    let site = site::<Cart>(&drawer);
    let mint = Mint::new(key());
    runner(1000)
        .run(&stamp(), |stamp| {
            let cookie = format!("__Host-cart={}", mint.signed("cart", &stamp, EMPTY));
            let answer = site.get("/", &[cookie.as_bytes()]);
            prop_assert_eq!(answer.status, StatusCode::OK);
            let sealed = stamp.created + u64::from(stamp.sealed);
            let idle = sealed + u64::from(stamp.idle);
            let absolute = stamp.created + u64::from(stamp.absolute);
            // Another machine's clock may be an hour ahead.
            let alive =
                stamp.persistence < 3 && sealed <= NOON + HOUR && NOON < idle && NOON < absolute;
            prop_assert_eq!(drawer.take(), Some(alive));

            let renewed = site.get("/renew", &[cookie.as_bytes()]);
            prop_assert_eq!(renewed.status, StatusCode::OK);
            prop_assert_eq!(renewed.cookies.len(), usize::from(alive));
            Ok(())
        })
        .unwrap();
}

#[test]
fn any_payload_is_read_or_refused() {
    let drawer = Drawer::default();
    let (carts, values) = (site::<Cart>(&drawer), site::<Values>(&drawer));
    let mint = Mint::new(key());
    let stamp = Stamp {
        handle: [7; 16],
        persistence: 0,
        created: NOON,
        sealed: 0,
        idle: 604_800,
        absolute: 2_592_000,
        authenticated: 0,
    };
    let item = prop_oneof![
        3 => any::<u8>(),
        1 => sample::select(vec![0x61_u8, 0x80, 0x81, 0x9f, 0xa0, 0xa1, 0xbf, 0xff, 0x5b, 0x7b, 0x9b, 0xbb]),
    ];
    let payload = (collection::vec(item, 0..300), 0_u8..5).prop_map(|(bytes, entries)| {
        // Some of them with a version and so many entries before.
        match entries {
            0 => bytes,
            _ => [&[1, 0xa0 | entries], &bytes[..]].concat(),
        }
    });
    runner(1000)
        .run(&payload, |payload| {
            for (site, name) in [(&carts, "cart"), (&values, "values")] {
                let cookie = format!("__Host-{name}={}", mint.signed(name, &stamp, &payload));
                for path in ["/", "/renew"] {
                    let answer = site.get(path, &[cookie.as_bytes()]);
                    prop_assert_eq!(answer.status, StatusCode::OK);
                }
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_content_too_short_for_a_stamp_is_refused() {
    let drawer = Drawer::default();
    let site = site::<Cart>(&drawer);
    for length in 0..Stamp::LENGTH {
        let value = Mint::new(key()).signed_content("cart", &vec![0; length]);
        let answer = site.get("/", &[format!("__Host-cart={value}").as_bytes()]);
        assert_eq!(
            (answer.status, drawer.take()),
            (StatusCode::OK, Some(false))
        );
    }
}

#[test]
fn a_payload_as_large_as_a_cookie_of_nothing_but_nesting_or_promises_is_refused() {
    let drawer = Drawer::default();
    let site = site::<Cart>(&drawer);
    let stamp = Stamp {
        handle: [7; 16],
        persistence: 0,
        created: NOON,
        sealed: 0,
        idle: 604_800,
        absolute: 2_592_000,
        authenticated: 0,
    };
    for opening in [
        &b"\x81"[..],
        b"\x9f",
        b"\xa1\x00",
        b"\x9b\x40\x00\x00\x00\x00\x00\x00\x00",
        b"\xbb\x40\x00\x00\x00\x00\x00\x00\x00",
        b"\xc0",
    ] {
        for door in [&b"\x01\xa1\x65items"[..], b"\x01\xa1\x61z", b"\x01", b""] {
            let payload = [door, &opening.repeat(2900 / opening.len())].concat();
            let value = Mint::new(key()).signed("cart", &stamp, &payload);
            let answer = site.get("/", &[format!("__Host-cart={value}").as_bytes()]);
            assert_eq!(
                (answer.status, drawer.take()),
                (StatusCode::OK, Some(false))
            );
        }
    }
}
