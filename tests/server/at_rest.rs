//! A stolen store yields no session: with `encrypt_at_rest` neither data nor names, and never anything that works as a cookie.

use std::{fs, path::PathBuf};

use sessions::{
    Key, SessionOptions,
    store::{Record, StoreKey},
    test_util::Verb,
};
use sessions_tests::Browser;

use crate::{
    account::{account, logged_in, open},
    engine::Engine,
    site::{HOUR, NONE, Site, cookie, cookie_of, line, lines, removal},
};

/// Text that is nowhere else.
const SECRET: &str = "the-secret-diary";
const USER: &str = "ada.lovelace@shop.example";

fn sealed(key: &Key) -> impl FnOnce(SessionOptions) -> SessionOptions + use<> {
    let key = key.clone();
    move |all| all.encrypt_at_rest(key)
}

/// Everything that a thief of the store has: what was ever written, as bytes.
fn dump(site: &Site) -> Vec<u8> {
    let mut dump = Vec::new();
    for (key, record) in site.engine.ledger.written() {
        dump.extend_from_slice(key.as_bytes());
        dump.extend_from_slice(key.to_string().as_bytes());
        dump.extend_from_slice(record.handle.as_bytes());
        dump.extend_from_slice(record.handle.to_string().as_bytes());
        dump.extend_from_slice(record.write_id.as_bytes());
        if let Some(principal) = &record.principal {
            dump.extend_from_slice(principal.as_bytes());
        }
        dump.extend_from_slice(format!("{:?}", record.device).as_bytes());
        dump.extend_from_slice(&record.body);
    }
    let mut folders: Vec<PathBuf> = site.engine.path().into_iter().collect();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            dump.extend_from_slice(path.as_os_str().as_encoded_bytes());
            if path.is_dir() {
                folders.push(path);
            } else {
                dump.extend(fs::read(path).unwrap());
            }
        }
    }
    dump
}

fn holds(dump: &[u8], needle: &[u8]) -> bool {
    dump.windows(needle.len()).any(|window| window == needle)
}

/// Everything a visitor does: comes, logs in, writes, renews, is remembered.
fn live_through(site: &Site) -> (Browser, Vec<String>) {
    let mut browser = site.browser();
    let mut tokens = Vec::new();
    for path in [
        "/items/tea".to_owned(),
        format!("/login/{USER}"),
        format!("/items/{SECRET}"),
        "/renew".to_owned(),
    ] {
        assert_eq!(browser.get(&path).status, 200);
        tokens.push(cookie(&browser).split_once('=').unwrap().1.to_owned());
    }
    (browser, tokens)
}

#[test]
fn no_token_is_ever_in_the_store_sealed_or_not() {
    for engine in Engine::each() {
        for seals in [false, true] {
            let key = Key::generate().unwrap();
            let site = open(engine.another(), |all| {
                if seals { all.encrypt_at_rest(key) } else { all }
            });
            let (_, tokens) = live_through(&site);
            let dump = dump(&site);
            for token in tokens {
                assert!(!holds(&dump, token.as_bytes()));
                // Nor half of one, nor its bytes.
                assert!(!holds(&dump, &token.as_bytes()[..20]));
                let bytes = base64url(&token);
                assert!(!holds(&dump, &bytes[..16]));
            }
            // Nor does a key or a handle in its place open anything.
            for (key, record) in site.engine.ledger.written() {
                for stolen in stolen(&key, &record) {
                    let shown = site.shown_to(&format!("__Host-login={stolen}"));
                    assert!(shown.starts_with("Rejected("), "{shown}");
                }
            }
        }
    }
}

/// What a thief would try as a cookie.
fn stolen(key: &StoreKey, record: &Record) -> [String; 4] {
    [
        to_base64url(key.as_bytes()),
        key.to_string(),
        record.handle.to_string(),
        to_base64url(record.body.get(1..33).unwrap_or_default()),
    ]
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// RFC 4648, section 5, without padding.
fn to_base64url(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let mut bits = chunk
            .iter()
            .fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
        bits <<= 8 * (3 - chunk.len());
        for place in 0..=chunk.len() {
            let sextet = bits >> (18 - 6 * place) & 63;
            text.extend(ALPHABET.get(sextet as usize).map(|byte| char::from(*byte)));
        }
    }
    text
}

/// The same back.
fn base64url(text: &str) -> Vec<u8> {
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for character in text.bytes() {
        let sextet = ALPHABET
            .iter()
            .position(|known| *known == character)
            .unwrap();
        bits = bits << 6 | u32::try_from(sextet).unwrap();
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
        }
    }
    bytes
}

#[test]
fn sealed_records_tell_neither_data_nor_whom_they_belong_to() {
    for engine in Engine::each() {
        let plain = open(engine.another(), |all| all);
        live_through(&plain);
        let open_dump = dump(&plain);
        // What is looked for would be found.
        assert!(holds(&open_dump, SECRET.as_bytes()));
        assert!(holds(&open_dump, USER.as_bytes()));
        assert!(holds(&open_dump, b"items"));

        let site = open(engine, sealed(&Key::generate().unwrap()));
        let (mut browser, _) = live_through(&site);
        let dump = dump(&site);
        for needle in [SECRET, USER, "lovelace", "the-secret", "items"] {
            assert!(!holds(&dump, needle.as_bytes()), "{needle}");
        }
        let shown = format!(r#"Loaded Some("{USER}") tea,{SECRET}"#);
        assert_eq!(browser.get("/show").text(), shown);
    }
}

#[test]
fn two_records_of_the_same_data_have_nothing_in_common_but_their_length() {
    let site = open(Engine::memory(), sealed(&Key::generate().unwrap()));
    logged_in(&site, "ada");
    logged_in(&site, "ada");
    let live = site.live();
    let [(_, first), (_, second)] = &live[..] else {
        panic!("two sessions, not {live:?}");
    };
    assert_eq!(first.body.len(), second.body.len());
    let alike = first
        .body
        .iter()
        .zip(&second.body)
        .filter(|(one, two)| one == two);
    assert!(alike.count() < first.body.len() / 4);
    // The store can tell that they belong to one person, and not to whom.
    assert_eq!(first.principal, second.principal);
}

#[test]
fn sealed_sessions_do_all_that_open_ones_do() {
    for engine in Engine::each() {
        let site = open(engine, sealed(&Key::generate().unwrap()));
        let mut browser = logged_in(&site, USER);
        assert_eq!(browser.get("/items/tea").set_cookies(), NONE);
        assert_eq!(lines(&browser.get("/renew")), [line("login")]);
        site.clock.advance(HOUR);
        site.engine.tally();
        browser.get("/show");
        assert_eq!(
            site.engine.tally(),
            "load 1, touch 1",
            "a touch needs no key"
        );
        let mut other = logged_in(&site, USER);
        assert_eq!(browser.get("/sessions").text().lines().count(), 2);
        assert_eq!(browser.get("/end-others").text(), "1");
        assert_eq!(other.get("/show").text(), "Rejected(Unknown) None ");
        // A write over another's is joined with it.
        let late = browser.clone();
        let (reply, _) = site.overtake(&late, "/items/late", Verb::Update, || {
            browser.get("/items/cup")
        });
        assert_eq!(reply.status, 200);
        let renewing = browser.clone();
        let (reply, _) = site.overtake(&renewing, "/renew", Verb::Rename, || {
            browser.get("/items/milk")
        });
        let renewed = cookie_of(&reply);
        assert!(site.shown_to(&renewed).ends_with("milk"));
        assert_eq!(
            lines(&site.get_with(&renewed, "/logout")),
            [removal("login")]
        );
        assert_eq!(site.live(), []);
    }
}

#[test]
fn under_another_key_a_session_is_rejected_and_not_overwritten() {
    for engine in Engine::each() {
        let site = open(engine, sealed(&Key::generate().unwrap()));
        let browser = logged_in(&site, "ada");
        let token = cookie(&browser);
        let before = site.only();
        let other = Site::open(
            Engine::beside(&site.engine),
            sealed(&Key::generate().unwrap()),
            account,
        );
        let unsealed = Site::open(Engine::beside(&site.engine), |all| all, account);
        for stranger in [&other, &unsealed] {
            let reply = stranger.get_with(&token, "/show");
            assert_eq!(reply.text(), "Rejected(Unauthentic) None ");
            assert_eq!(reply.set_cookies(), NONE);
            assert_eq!(stranger.events.take(), ["rejected login: not authentic"]);
            let written = stranger.get_with(&token, "/items/tea");
            assert_eq!(lines(&written), [line("login")]);
            stranger.get_with(&cookie_of(&written), "/logout");
        }
        assert!(site.live().contains(&before));
        assert_eq!(site.shown_to(&token), r#"Loaded Some("ada") "#);
    }
}

#[test]
fn what_was_kept_open_is_not_taken_for_sealed() {
    // Who can write to the store, but has no key, cannot slip a session in.
    let open_site = open(Engine::memory(), |all| all);
    let token = cookie(&logged_in(&open_site, "ada"));
    let site = Site::open(
        Engine::beside(&open_site.engine),
        sealed(&Key::generate().unwrap()),
        account,
    );
    assert_eq!(site.shown_to(&token), "Rejected(Unauthentic) None ");
}

#[test]
fn a_sealed_body_moved_to_another_record_or_changed_is_rejected() {
    let site = open(Engine::memory(), sealed(&Key::generate().unwrap()));
    let token = cookie(&logged_in(&site, "ada"));
    let (key, before) = site.only();
    let mallory = logged_in(&site, "mallory");
    let (mallorys, _) = site
        .live()
        .into_iter()
        .find(|(other, _)| *other != key)
        .unwrap();
    site.spoil(&mallorys, |record| record.body.clone_from(&before.body));
    assert_eq!(
        site.shown_to(&cookie(&mallory)),
        "Rejected(Unauthentic) None "
    );
    for at in 0..before.body.len() {
        site.spoil(&key, |record| {
            record.body.clone_from(&before.body);
            record.body[at] ^= 1;
        });
        let shown = site.shown_to(&token);
        assert!(shown.starts_with("Rejected("), "{at} {shown}");
    }
    for length in 0..before.body.len() {
        site.spoil(&key, |record| record.body = before.body[..length].to_vec());
        let shown = site.shown_to(&token);
        assert!(shown.starts_with("Rejected("), "{length} {shown}");
    }
}
