//! Connections that break and servers that die, in the middle of whatever the store does.

use std::time::{Duration, Instant};

use actix_web::rt::{
    self,
    time::{sleep, timeout},
};
use futures_util::future::join_all;
use sessions::{
    MemcachedStore,
    store::{Record, SessionStore as _, StoreErrorKind, Touched, Write, Written},
};
use sessions_tests::{Engine, MemcachedServer, Proxy};

use crate::fixture::{loaded, new_key, now, record, stored};

/// A store that reaches its server through a network that can be broken.
async fn through_a_proxy() -> (MemcachedServer, Proxy, MemcachedStore) {
    let server = MemcachedServer::start();
    let proxy = Proxy::start(server.address());
    let store = MemcachedStore::builder([proxy.address().to_string()])
        .timeout(Duration::from_millis(400))
        .connect()
        .await
        .unwrap();
    (server, proxy, store)
}

async fn directly() -> (MemcachedServer, MemcachedStore) {
    let server = MemcachedServer::start();
    let store = MemcachedStore::connect([server.address().to_string()]).await;
    (server, store.unwrap())
}

#[actix_web::test]
async fn a_write_whose_answer_was_lost_is_ambiguous_and_happened_once() {
    if !Engine::Memcached.is_running() {
        return;
    }
    let (_server, proxy, store) = through_a_proxy().await;
    let (key, first) = (new_key(), record());
    proxy.lose_the_next_answer();
    let created = store
        .write(Write::create(&key, &first, now()))
        .await
        .unwrap();
    assert_eq!(created, Written::Ambiguous);
    assert_eq!(loaded(&store, &key).await.as_ref(), Some(&first));

    // The first command of an update looks; its answer is asked for again.
    let second = record();
    for (answers, expected) in [
        (0, Written::applied(second.write_id)),
        (1, Written::Ambiguous),
    ] {
        let (key, revision) = stored(&store, &record()).await;
        proxy.lose_an_answer_after(answers);
        let updated = store
            .write(Write::update(&key, &second, revision, now()))
            .await;
        assert_eq!(updated.unwrap(), expected);
        assert_eq!(loaded(&store, &key).await.as_ref(), Some(&second));
    }
}

/// Look at the old, create the new, delete the old.
#[actix_web::test]
async fn a_renewal_whose_answer_was_lost_leaves_the_old_or_the_new_and_says_so() {
    if !Engine::Memcached.is_running() {
        return;
    }
    let (_server, proxy, store) = through_a_proxy().await;
    for (answers, old_is_there) in [(0, false), (1, true), (2, false)] {
        let (first, second, new) = (record(), record(), new_key());
        let (key, revision) = stored(&store, &first).await;
        proxy.lose_an_answer_after(answers);
        let renamed = store.write(Write::rename(&key, &new, &second, revision, now()));
        let expected = match answers {
            0 => Written::applied(second.write_id),
            _ => Written::Ambiguous,
        };
        assert_eq!(renamed.await.unwrap(), expected);
        let old = loaded(&store, &key).await;
        assert_eq!(old, old_is_there.then_some(first));
        assert_eq!(loaded(&store, &new).await, Some(second));
    }
}

#[actix_web::test]
async fn what_may_be_repeated_is_when_its_answer_was_lost() {
    if !Engine::Memcached.is_running() {
        return;
    }
    let (_server, proxy, store) = through_a_proxy().await;
    let record = record();
    let (key, _) = stored(&store, &record).await;
    proxy.lose_the_next_answer();
    assert_eq!(loaded(&store, &key).await.as_ref(), Some(&record));
    proxy.lose_the_next_answer();
    let found = store.load_many(&[key, key], now()).await.unwrap();
    assert!(found.iter().all(Option::is_some));
    for answers in [0, 1] {
        let seconds = 60 * u64::try_from(answers + 1).unwrap();
        let deadline = record.deadline.saturating_add(Duration::from_secs(seconds));
        proxy.lose_an_answer_after(answers);
        let touched = store.touch(&key, deadline, now()).await;
        assert_eq!(touched.unwrap(), Touched::Applied);
        assert_eq!(loaded(&store, &key).await.unwrap().deadline, deadline);
    }
    proxy.lose_the_next_answer();
    store.delete(&key).await.unwrap();
    assert_eq!(loaded(&store, &key).await, None);
}

#[actix_web::test]
async fn a_cut_network_is_unavailable_at_once_and_heals_by_itself() {
    if !Engine::Memcached.is_running() {
        return;
    }
    let (_server, proxy, store) = through_a_proxy().await;
    let record = record();
    let (key, revision) = stored(&store, &record).await;
    proxy.cut();
    // Until the cut is noticed, a write may have been sent.
    sleep(Duration::from_millis(100)).await;
    let began = Instant::now();
    for _ in 0..3 {
        let new = new_key();
        let errors = [
            store.load(&key, now()).await.map(drop),
            store.load_many(&[key, new], now()).await.map(drop),
            store
                .write(Write::create(&new, &record, now()))
                .await
                .map(drop),
            store
                .write(Write::update(&key, &record, revision, now()))
                .await
                .map(drop),
            store
                .write(Write::rename(&key, &new, &record, revision, now()))
                .await
                .map(drop),
            store.touch(&key, record.deadline, now()).await.map(drop),
            store.delete(&key).await,
        ];
        for error in errors {
            assert_eq!(error.unwrap_err().kind(), StoreErrorKind::Unavailable);
        }
    }
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "{:?}",
        began.elapsed()
    );
    proxy.heal();
    assert_eq!(loaded(&store, &key).await, Some(record));
}

#[actix_web::test]
async fn a_server_that_was_started_again_is_empty_and_takes_new_sessions() {
    if !Engine::Memcached.is_running() {
        return;
    }
    let (mut server, store) = directly().await;
    let first = record();
    let (key, revision) = stored(&store, &first).await;
    server.kill();
    sleep(Duration::from_millis(50)).await;
    let error = store.load(&key, now()).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    server.start_again();
    assert_eq!(loaded(&store, &key).await, None);
    // The states are numbered from one again: what is written by an old number must not meet a new one.
    let updated = store
        .write(Write::update(&key, &record(), revision, now()))
        .await;
    assert_eq!(updated.unwrap(), Written::Missing);
    let touched = store.touch(&key, first.deadline, now()).await;
    assert_eq!(touched.unwrap(), Touched::Missing);
    let second = record();
    let (key, _) = stored(&store, &second).await;
    assert_eq!(loaded(&store, &key).await, Some(second));
}

#[actix_web::test]
async fn a_connection_that_was_closed_while_nobody_used_it_loses_no_write() {
    if !Engine::Memcached.is_running() {
        return;
    }
    let (_server, proxy, store) = through_a_proxy().await;
    for _ in 0..3 {
        stored(&store, &record()).await;
        proxy.cut();
        proxy.heal();
        sleep(Duration::from_millis(100)).await;
        // Applied, not ambiguous: nothing was sent where nobody listened.
        stored(&store, &record()).await;
    }
}

/// A worker that ends takes the runtime with it that drove the connection.
#[test]
fn a_connection_whose_runtime_has_ended_loses_no_write() {
    if !Engine::Memcached.is_running() {
        return;
    }
    let first = rt::Runtime::new().unwrap();
    let (_server, store) = first.block_on(directly());
    drop(first);
    let second = rt::Runtime::new().unwrap();
    second.block_on(stored(&store, &record()));
}

#[actix_web::test]
async fn a_server_that_hangs_is_given_up_within_the_timeout() {
    if !Engine::Memcached.is_running() {
        return;
    }
    let (server, _proxy, store) = through_a_proxy().await;
    let first = record();
    let (key, _) = stored(&store, &first).await;
    server.pause();
    let began = Instant::now();
    let read = store.load(&key, now()).await.unwrap_err();
    // The second time, for a load is repeated, it is not even greeted.
    assert_eq!(read.kind(), StoreErrorKind::Unavailable);
    assert!(
        began.elapsed() < Duration::from_millis(1500),
        "{:?}",
        began.elapsed()
    );
    server.resume();
    assert_eq!(loaded(&store, &key).await.as_ref(), Some(&first));
    server.pause();
    let written = store
        .write(Write::create(&new_key(), &record(), now()))
        .await;
    assert_eq!(written.unwrap(), Written::Ambiguous);
    server.resume();
    assert_eq!(loaded(&store, &key).await, Some(first));
}

#[actix_web::test]
async fn a_caller_who_gives_up_leaves_his_answer_to_nobody() {
    if !Engine::Memcached.is_running() {
        return;
    }
    let (server, _proxy, store) = through_a_proxy().await;
    let records = [record(), record(), record()];
    let mut keys = Vec::new();
    for record in &records {
        keys.push(stored(&store, record).await.0);
    }
    for _ in 0..5 {
        server.pause();
        let impatient = keys.iter().map(|key| store.load(key, now()));
        let impatient = impatient.map(|load| timeout(Duration::from_millis(20), load));
        assert!(join_all(impatient).await.iter().all(Result::is_err));
        server.resume();
        for (key, record) in keys.iter().zip(&records) {
            assert_eq!(loaded(&store, key).await.as_ref(), Some(record));
        }
    }
}

/// Nobody waits for ever, and no more connections are made than are allowed.
#[actix_web::test]
async fn many_requests_share_few_connections() {
    if !Engine::Memcached.is_running() {
        return;
    }
    let server = MemcachedServer::start();
    let proxy = Proxy::start(server.address());
    let store = MemcachedStore::builder([proxy.address().to_string()])
        .connections(3)
        .connect()
        .await
        .unwrap();
    let record = record();
    let (key, _) = stored(&store, &record).await;
    let found = join_all((0..200).map(|_| loaded(&store, &key))).await;
    assert!(
        found
            .iter()
            .all(|found: &Option<Record>| found.as_ref() == Some(&record))
    );
    assert_eq!(proxy.accepted(), 3);
}

/// Of two servers, the one that is down takes down its own sessions, and no others.
#[actix_web::test]
async fn a_server_that_is_down_takes_nobody_else_with_it() {
    if !Engine::Memcached.is_running() {
        return;
    }
    let mut servers = [MemcachedServer::start(), MemcachedServer::start()];
    let addresses = servers
        .each_ref()
        .map(|server| server.address().to_string());
    let store = MemcachedStore::connect(&addresses).await.unwrap();
    let mut keys = Vec::new();
    for _ in 0..40 {
        keys.push(stored(&store, &record()).await.0);
    }
    let [first, _] = &mut servers;
    first.kill();
    sleep(Duration::from_millis(50)).await;
    let mut lost = 0;
    for key in &keys {
        match store.load(key, now()).await {
            Ok(found) => assert!(found.is_some()),
            Err(error) => {
                assert_eq!(error.kind(), StoreErrorKind::Unavailable);
                lost += 1;
            }
        }
    }
    assert!((5..35).contains(&lost), "{lost}");
    let many = store.load_many(&keys, now()).await.unwrap_err();
    assert_eq!(many.kind(), StoreErrorKind::Unavailable);
}
