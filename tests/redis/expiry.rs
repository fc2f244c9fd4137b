//! The server forgets by itself, soon after the deadline and never before it, whatever anybody's clock shows.

use std::time::Duration;

use sessions::{
    RedisStore, Timestamp,
    store::{PrincipalIndex as _, Record, SessionStore as _, StoreKey, Write},
};
use sessions_tests::{Engine, RedisServer};

use crate::fixture::{new_key, now, record_of};

/// In how many seconds the server forgets what is under a key.
fn time_left(server: &RedisServer, name: &str) -> i64 {
    server.command(&["TTL", name]).unwrap()[0].parse().unwrap()
}

fn name(key: &StoreKey) -> String {
    format!("sessions:record:{key}")
}

#[actix_web::test]
async fn the_server_forgets_a_minute_after_the_deadline_by_whatever_clock() {
    if !Engine::Redis.is_running() {
        return;
    }
    let server = RedisServer::start();
    let store = RedisStore::connect(&server.url()).await.unwrap();
    // A clock that a test has turned, a server whose clock is wrong: it is all the same.
    for clock in [1_000_000_000, now().as_seconds(), 5_000_000_000] {
        let now = Timestamp::from_seconds(clock);
        let after = |seconds| now.saturating_add(Duration::from_secs(seconds));
        let key = new_key();
        let record = Record {
            deadline: after(3600),
            ..record_of(&format!("of {clock}"))
        };
        store
            .write(Write::create(&key, &record, now))
            .await
            .unwrap();
        let index = server.command(&["KEYS", "sessions:principal:*"]).unwrap();
        assert_eq!(index.len(), 1);
        for name in [&name(&key), &index[0]] {
            assert!((3655..=3660).contains(&time_left(&server, name)), "{name}");
        }
        store.touch(&key, after(7200), after(60)).await.unwrap();
        for name in [&name(&key), &index[0]] {
            assert!((7195..=7200).contains(&time_left(&server, name)), "{name}");
        }
        store.touch(&key, after(100), after(120)).await.unwrap();
        assert!(
            time_left(&server, &name(&key)) > 7100,
            "a touch never shortens"
        );
        server.command(&["FLUSHALL"]).unwrap();
    }
}

#[actix_web::test]
async fn a_deadline_at_the_end_of_time_is_no_error() {
    if !Engine::Redis.is_running() {
        return;
    }
    let server = RedisServer::start();
    let store = RedisStore::connect(&server.url()).await.unwrap();
    let record = Record {
        deadline: Timestamp::from_seconds(u64::MAX),
        ..record_of("anna")
    };
    let key = new_key();
    store
        .write(Write::create(&key, &record, now()))
        .await
        .unwrap();
    store.touch(&key, record.deadline, now()).await.unwrap();
    assert!(store.load(&key, now()).await.unwrap().is_some());
}

/// Nothing is left of sessions that came and went, and an index forgets those that died without a word.
#[actix_web::test]
async fn nothing_is_left_of_sessions_that_ended() {
    if !Engine::Redis.is_running() {
        return;
    }
    let server = RedisServer::start();
    let store = RedisStore::connect(&server.url()).await.unwrap();
    let anna = record_of("anna").principal.unwrap();
    let mut keys = Vec::new();
    for _ in 0..10 {
        let key = new_key();
        store
            .write(Write::create(&key, &record_of("anna"), now()))
            .await
            .unwrap();
        keys.push(key);
    }
    assert_eq!(store.list(&anna, now()).await.unwrap().len(), 10);
    let later = now().saturating_add(Duration::from_secs(4000));
    let record = Record {
        deadline: later.saturating_add(Duration::from_secs(3600)),
        ..record_of("anna")
    };
    let last = new_key();
    store
        .write(Write::create(&last, &record, later))
        .await
        .unwrap();
    let index = server.command(&["KEYS", "sessions:principal:*"]).unwrap();
    assert_eq!(server.command(&["ZCARD", &index[0]]).unwrap(), ["1"]);
    keys.push(last);
    for key in &keys {
        store.delete(key).await.unwrap();
    }
    assert_eq!(server.command(&["DBSIZE"]).unwrap(), ["0"]);
}

/// What the documentation says a session takes.
#[actix_web::test]
async fn a_session_takes_as_much_as_the_documentation_says() {
    if !Engine::Redis.is_running() {
        return;
    }
    let server = RedisServer::start();
    let store = RedisStore::connect(&server.url()).await.unwrap();
    let mut report = String::new();
    let usage = |name: &str| {
        let usage = server.command(&["MEMORY", "USAGE", name]).unwrap();
        usage[0].parse::<u32>().unwrap()
    };
    for (principal, body, most) in [
        (None, 300, 650),
        (Some("anna"), 300, 650),
        (None, 1000, 1500),
    ] {
        let record = Record {
            principal: principal.and_then(|name| record_of(name).principal),
            body: vec![7; body],
            ..record_of("anna")
        };
        let key = new_key();
        store
            .write(Write::create(&key, &record, now()))
            .await
            .unwrap();
        let bytes = usage(&name(&key));
        report += &format!("body of {body}, principal {principal:?}: {bytes} bytes\n");
        assert!(bytes <= most, "{report}");
    }
    let index = server.command(&["KEYS", "sessions:principal:*"]).unwrap();
    report += &format!("index of one: {}\n", usage(&index[0]));
    for _ in 0..99 {
        store
            .write(Write::create(&new_key(), &record_of("anna"), now()))
            .await
            .unwrap();
    }
    report += &format!("index of a hundred: {}", usage(&index[0]));
    crate::report::say(&report);
}
