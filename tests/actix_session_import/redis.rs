use actix_session::{config::CookieContentSecurity, storage::RedisSessionStore};
use actix_web::rt::System;
use sessions::actix_session::RedisReader;
use sessions_tests::Engine;

use crate::site::{SHOWN, Site, cookies, secret, visitor_of};

/// The cookie of a visitor to the old application, whose sessions are in Redis behind this prefix.
fn visitor(url: &str, prefix: &'static str) -> String {
    let store = RedisSessionStore::builder(url);
    let store = store.cache_keygen(move |key| format!("{prefix}{key}"));
    visitor_of(CookieContentSecurity::Private, &secret(), async {
        store.build().await.unwrap()
    })
}

fn reader(url: &str) -> RedisReader {
    RedisReader::new(url, cookies(CookieContentSecurity::Private)).unwrap()
}

#[test]
fn what_the_old_application_kept_in_redis_is_taken_over() {
    let Some(url) = Engine::Redis.url() else {
        return;
    };
    let value = visitor(&url, "");
    let site = Site::new(reader(&url));
    let reply = site.get(&format!("id={value}"), "/");
    assert_eq!(reply.text(), SHOWN);
    // It is only read: the old application goes on serving it.
    assert_eq!(site.told_of(&value), (200, "created, imported".to_owned()));

    let prefixed = visitor(&url, "shop:");
    assert_eq!(site.told_of(&prefixed), (200, "ended".to_owned()));
    let shop = Site::new(reader(&url).cache_keygen(|key| format!("shop:{key}")));
    assert_eq!(
        shop.told_of(&prefixed),
        (200, "created, imported".to_owned())
    );
    assert_eq!(shop.told_of("x"), (200, "not authentic".to_owned()));
}

#[test]
fn a_redis_that_is_down_is_an_outage_and_asked_by_no_stranger() {
    let site = Site::new(reader("redis://127.0.0.1:1"));
    let key = actix_web::cookie::Key::from(&secret());
    let mut jar = actix_web::cookie::CookieJar::new();
    let cookie = actix_web::cookie::Cookie::new("id", "A".repeat(64));
    jar.private_mut(&key).add(cookie);
    let value = jar.get("id").unwrap().value().to_owned();
    assert_eq!(site.told_of(&value), (503, String::new()));
    assert_eq!(site.told_of("x"), (200, "not authentic".to_owned()));
}

/// An application signs more than keys of sessions with its key, and a signed cookie opens under any name: what a visitor had it sign, such
/// as a nickname, would be asked of Redis, which may hold anything.
#[test]
fn only_what_is_a_key_of_theirs_is_asked_for() {
    // Whatever is asked for is an outage.
    let reader = |security| RedisReader::new("redis://127.0.0.1:1", cookies(security)).unwrap();
    let key = actix_web::cookie::Key::from(&secret());
    for (text, expected) in [
        ("A".repeat(64), (503, String::new())),
        ("z9".repeat(32), (503, String::new())),
        ("A".repeat(63), (200, "undecodable".to_owned())),
        ("A".repeat(65), (200, "undecodable".to_owned())),
        ("A".repeat(63) + "-", (200, "undecodable".to_owned())),
        ("A".repeat(62) + "é", (200, "undecodable".to_owned())),
        ("report:2024".to_owned(), (200, "undecodable".to_owned())),
        (String::new(), (200, "undecodable".to_owned())),
    ] {
        for security in [
            CookieContentSecurity::Private,
            CookieContentSecurity::Signed,
        ] {
            let mut jar = actix_web::cookie::CookieJar::new();
            let cookie = actix_web::cookie::Cookie::new("id", text.clone());
            match security {
                CookieContentSecurity::Private => jar.private_mut(&key).add(cookie),
                CookieContentSecurity::Signed => jar.signed_mut(&key).add(cookie),
            }
            let value = jar.get("id").unwrap().encoded().to_string();
            let value = value.trim_start_matches("id=");
            let site = Site::new(reader(security));
            assert_eq!(site.told_of(value), expected, "{text:?}");
        }
    }
}

#[test]
fn an_address_that_is_none_is_refused_at_start_and_no_password_is_shown() {
    let cookies = || cookies(CookieContentSecurity::Private);
    let refused = RedisReader::new("redis//:secret@host", cookies()).unwrap_err();
    assert!(!format!("{refused} {refused:?}").contains("secret"));
    let shown = System::new().block_on(async {
        let reader = RedisReader::new("redis://:secret@localhost:6379/0", cookies());
        format!("{:?}", reader.unwrap())
    });
    assert!(!shown.contains("secret"), "{shown}");
}
