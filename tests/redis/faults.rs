//! Connections that break and servers that die, in the middle of whatever the store does.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use actix_web::rt::{
    self,
    time::{sleep, timeout},
};
use sessions::{
    RedisStore,
    store::{Record, SessionStore as _, StoreErrorKind, Touched, Write, Written},
};
use sessions_tests::{Engine, Proxy, RedisServer};

use crate::fixture::{loaded, new_key, now, record, record_of, stored};

/// A store that reaches its server through a network that can be broken.
async fn through_a_proxy() -> (RedisServer, Proxy, RedisStore) {
    let server = RedisServer::start();
    let proxy = Proxy::start(server.address());
    let store = RedisStore::single(&format!("redis://{}", proxy.address()))
        .timeout(Duration::from_millis(400))
        .connect()
        .await
        .unwrap();
    // Every script is known to the server, so that one verb is one request.
    crate::refusals::use_every_verb(&store).await;
    (server, proxy, store)
}

#[actix_web::test]
async fn a_write_whose_answer_was_lost_is_ambiguous_and_happened_once() {
    if !Engine::Redis.is_running() {
        return;
    }
    let (server, proxy, store) = through_a_proxy().await;
    let (key, first) = (new_key(), record());
    proxy.lose_the_next_answer();
    let created = store
        .write(Write::create(&key, &first, now()))
        .await
        .unwrap();
    assert_eq!(created, Written::Ambiguous);
    assert_eq!(loaded(&store, &key).await.as_ref(), Some(&first));

    let second = record();
    proxy.lose_the_next_answer();
    let updated = store
        .write(Write::update(&key, &second, first.write_id.into(), now()))
        .await;
    assert_eq!(updated.unwrap(), Written::Ambiguous);
    assert_eq!(loaded(&store, &key).await.as_ref(), Some(&second));

    let (new, third) = (new_key(), record_of("anna"));
    proxy.lose_the_next_answer();
    let renamed = store.write(Write::rename(
        &key,
        &new,
        &third,
        second.write_id.into(),
        now(),
    ));
    assert_eq!(renamed.await.unwrap(), Written::Ambiguous);
    assert_eq!(loaded(&store, &key).await, None);
    assert_eq!(loaded(&store, &new).await, Some(third));
    let calls = server.command(&["INFO", "commandstats"]).unwrap().concat();
    assert!(calls.contains("cmdstat_evalsha"), "{calls}");
}

#[actix_web::test]
async fn what_may_be_repeated_is_when_its_answer_was_lost() {
    if !Engine::Redis.is_running() {
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
    proxy.lose_the_next_answer();
    let touched = store.touch(&key, record.deadline, now()).await;
    assert_eq!(touched.unwrap(), Touched::Applied);
    proxy.lose_the_next_answer();
    store.delete(&key).await.unwrap();
    assert_eq!(loaded(&store, &key).await, None);
}

#[actix_web::test]
async fn a_cut_network_is_unavailable_at_once_and_heals_by_itself() {
    if !Engine::Redis.is_running() {
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
        let errors = [
            store.load(&key, now()).await.map(drop),
            store
                .write(Write::create(&new_key(), &record, now()))
                .await
                .map(drop),
            store
                .write(Write::update(&key, &record, revision, now()))
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
async fn a_connection_that_was_closed_while_nobody_used_it_loses_no_write() {
    if !Engine::Redis.is_running() {
        return;
    }
    let server = RedisServer::start();
    let store = RedisStore::connect(&server.url()).await.unwrap();
    for _ in 0..3 {
        server
            .command(&["CLIENT", "KILL", "TYPE", "normal"])
            .unwrap();
        sleep(Duration::from_millis(50)).await;
        // Applied, not ambiguous: nothing was sent where nobody listened.
        stored(&store, &record()).await;
    }
}

/// A worker that ends takes the runtime with it that drove the connection.
#[test]
fn a_connection_whose_runtime_has_ended_loses_no_write() {
    if !Engine::Redis.is_running() {
        return;
    }
    let server = RedisServer::start();
    let first = rt::Runtime::new().unwrap();
    let store = first.block_on(RedisStore::connect(&server.url())).unwrap();
    drop(first);
    let second = rt::Runtime::new().unwrap();
    second.block_on(stored(&store, &record()));
}

#[actix_web::test]
async fn a_server_that_hangs_is_given_up_within_the_timeout() {
    if !Engine::Redis.is_running() {
        return;
    }
    let (server, _proxy, store) = through_a_proxy().await;
    let record = record();
    let (key, _) = stored(&store, &record).await;
    server.pause();
    let began = Instant::now();
    let read = store.load(&key, now()).await.unwrap_err();
    assert_eq!(read.kind(), StoreErrorKind::TimedOut);
    assert!(
        began.elapsed() < Duration::from_secs(1),
        "{:?}",
        began.elapsed()
    );
    server.resume();
    assert_eq!(loaded(&store, &key).await.as_ref(), Some(&record));
    server.pause();
    let written = store.write(Write::create(&new_key(), &record, now())).await;
    assert_eq!(written.unwrap(), Written::Ambiguous);
    server.resume();
    assert_eq!(loaded(&store, &key).await, Some(record));
}

#[actix_web::test]
async fn a_connection_that_is_dead_and_does_not_say_so_is_replaced() {
    if !Engine::Redis.is_running() {
        return;
    }
    let server = RedisServer::start();
    let proxy = Proxy::start(server.address());
    // Whoever asks gives up long before the store does.
    let store = RedisStore::single(&format!("redis://{}", proxy.address()))
        .timeout(Duration::from_secs(600))
        .connect()
        .await
        .unwrap();
    let record = record();
    let (key, _) = stored(&store, &record).await;
    proxy.strand();
    let mut failures = 0;
    while timeout(Duration::from_millis(50), store.load(&key, now()))
        .await
        .is_err()
    {
        failures += 1;
        assert!(failures < 20, "the connection is replaced");
    }
    assert_eq!(loaded(&store, &key).await, Some(record));
}

#[actix_web::test]
async fn a_caller_who_gives_up_takes_the_connection_from_nobody() {
    if !Engine::Redis.is_running() {
        return;
    }
    let (_server, proxy, store) = through_a_proxy().await;
    let record = record();
    let (key, _) = stored(&store, &record).await;
    proxy.cut();
    sleep(Duration::from_millis(100)).await;
    proxy.heal();
    // The first to come begins to connect, and is gone before that is done; the others get what he began.
    let before = proxy.accepted();
    let impatient = timeout(Duration::ZERO, store.load(&key, now())).await;
    assert!(impatient.is_err());
    let patient = (0..20).map(|_| loaded(&store, &key));
    for found in futures_util::future::join_all(patient).await {
        assert_eq!(found.as_ref(), Some(&record));
    }
    assert_eq!(proxy.accepted() - before, 1);
}

/// A server that writes every command to the disk before it answers loses nothing that it answered.
#[actix_web::test]
async fn a_server_that_dies_under_load_loses_nothing_it_has_on_the_disk() {
    if !Engine::Redis.is_running() {
        return;
    }
    let mut server = RedisServer::start_with(&["--appendonly", "yes", "--appendfsync", "always"]);
    let store = RedisStore::connect(&server.url()).await.unwrap();
    let is_over = Arc::new(AtomicBool::new(false));
    let writers = (0..8).map(|_| {
        let (store, is_over) = (store.clone(), Arc::clone(&is_over));
        rt::spawn(async move {
            let (mut acknowledged, mut failures) = (Vec::<(_, Record)>::new(), 0);
            while !is_over.load(Ordering::Relaxed) {
                let (key, record) = (new_key(), record());
                match store.write(Write::create(&key, &record, now())).await {
                    Ok(Written::Applied { .. }) => acknowledged.push((key, record)),
                    Ok(Written::Ambiguous) => failures += 1,
                    Ok(other) => panic!("{other:?}"),
                    Err(error) => {
                        assert_eq!(error.kind(), StoreErrorKind::Unavailable);
                        failures += 1;
                        sleep(Duration::from_millis(10)).await;
                    }
                }
            }
            (acknowledged, failures)
        })
    });
    let writers = writers.collect::<Vec<_>>();
    for _ in 0..3 {
        sleep(Duration::from_millis(300)).await;
        server.kill();
        sleep(Duration::from_millis(100)).await;
        server.start_again();
    }
    sleep(Duration::from_millis(300)).await;
    is_over.store(true, Ordering::Relaxed);
    let (mut count, mut failures) = (0, 0);
    for writer in writers {
        let (acknowledged, failed) = writer.await.unwrap();
        failures += failed;
        for (key, record) in acknowledged {
            assert_eq!(
                loaded(&store, &key).await,
                Some(record),
                "acknowledged and lost"
            );
            count += 1;
        }
    }
    assert!(
        count > 100 && failures > 0,
        "{count} written, {failures} failed"
    );
}
