//! The primary dies while sessions are written, and another takes its place.
//!
//! Replication does not wait: what the dead one had answered and not passed on is gone. That is the loss window the documentation names; here
//! it is measured, and nothing outside of it may be lost.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use actix_web::rt::{self, task::JoinHandle, time::sleep};
use sessions::{
    RedisStore,
    store::{PrincipalIndex as _, SessionStore as _, StoreErrorKind, StoreKey, WriteId, Written},
};
use sessions_tests::{Engine, Proxy, RedisCluster, RedisSentinels, RedisServer};

use crate::{
    fixture::{loaded, new_key, now, record, record_of, stored},
    report::say,
};

/// Writes that went out before a death by less than this may be lost with it.
const WINDOW: Duration = Duration::from_secs(1);

/// People who log in again and again, until they are told to stop.
struct Visitors {
    is_over: Arc<AtomicBool>,
    tasks: Vec<JoinHandle<Diary>>,
}

/// What came of it.
#[derive(Default)]
struct Diary {
    /// Sessions that the store said it had, and when it said so.
    acknowledged: Vec<(StoreKey, WriteId, Instant)>,
    ambiguous: usize,
    unavailable: usize,
    /// The last failure.
    failed_until: Option<Instant>,
}

impl Visitors {
    fn begin(store: &RedisStore) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let tasks = (0..32)
            .map(|visitor| {
                let (store, is_over) = (store.clone(), Arc::clone(&is_over));
                rt::spawn(async move {
                    let mut diary = Diary::default();
                    while !is_over.load(Ordering::Relaxed) {
                        let record = record_of(&format!("visitor {visitor}"));
                        let key = new_key();
                        match store.create(&key, &record, None, now()).await {
                            Ok(Written::Applied { .. }) => {
                                let entry = (key, record.write_id, Instant::now());
                                diary.acknowledged.push(entry);
                            }
                            Ok(Written::Ambiguous) => diary.ambiguous += 1,
                            Ok(other) => panic!("{other:?}"),
                            Err(error) => {
                                assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error:?}");
                                diary.unavailable += 1;
                                diary.failed_until = Some(Instant::now());
                                sleep(Duration::from_millis(5)).await;
                            }
                        }
                    }
                    diary
                })
            })
            .collect();
        Self { is_over, tasks }
    }

    /// Looks for every session that was acknowledged. What is lost must have been written right before a death.
    async fn end(self, store: &RedisStore, deaths: &[Instant], what: &str) {
        self.is_over.store(true, Ordering::Relaxed);
        let (mut written, mut lost, mut ambiguous, mut unavailable) = (0, 0, 0, 0);
        let (mut window, mut outage) = (Duration::ZERO, Duration::ZERO);
        for task in self.tasks {
            let diary = task.await.unwrap();
            written += diary.acknowledged.len();
            ambiguous += diary.ambiguous;
            unavailable += diary.unavailable;
            if let (Some(until), Some(death)) = (diary.failed_until, deaths.last()) {
                outage = outage.max(until.saturating_duration_since(*death));
            }
            for (key, write_id, when) in diary.acknowledged {
                match loaded(store, &key).await {
                    Some(found) => assert_eq!(found.write_id, write_id),
                    None => {
                        lost += 1;
                        let before = deaths
                            .iter()
                            .filter_map(|death| death.checked_duration_since(when))
                            .min();
                        let before = before.expect("what was written after all deaths is there");
                        assert!(before < WINDOW, "lost although written {before:?} before");
                        window = window.max(before);
                    }
                }
            }
        }
        say(&format!(
            "{what}: {written} sessions acknowledged, {lost} of them lost, written up to {window:?} before the death; \
             {ambiguous} ambiguous, {unavailable} unavailable, for {outage:?}"
        ));
        assert!(written > 100, "{written} written");
        assert!(unavailable > 0, "a death was noticed");
    }
}

#[actix_web::test]
async fn sentinels_name_a_successor_and_the_store_follows() {
    if !Engine::RedisSentinel.is_running() {
        return;
    }
    let mut group = RedisSentinels::start();
    let store = RedisStore::sentinel(group.urls(), "sessions")
        .connect()
        .await
        .unwrap();
    let visitors = Visitors::begin(&store);
    sleep(Duration::from_millis(500)).await;
    let primary = group.primary().unwrap();
    group.kill(primary);
    let death = Instant::now();
    let group = rt::task::spawn_blocking(move || {
        group.wait_for_successor(primary);
        group
    })
    .await
    .unwrap();
    sleep(Duration::from_millis(500)).await;
    visitors.end(&store, &[death], "sentinels").await;
    drop(group);
}

#[actix_web::test]
async fn a_cluster_promotes_a_replica_and_the_store_follows() {
    if !Engine::RedisCluster.is_running() {
        return;
    }
    let mut cluster = RedisCluster::start();
    let store = RedisStore::cluster(cluster.urls()).connect().await.unwrap();
    let visitors = Visitors::begin(&store);
    sleep(Duration::from_millis(500)).await;
    cluster.kill(cluster.primaries()[0]);
    let death = Instant::now();
    let cluster = rt::task::spawn_blocking(move || {
        cluster.wait_until_whole();
        cluster
    })
    .await
    .unwrap();
    sleep(Duration::from_millis(500)).await;
    visitors.end(&store, &[death], "cluster").await;
    // The index has survived, too: whom it lists lives.
    let visitor = record_of("visitor 0").principal.unwrap();
    assert!(!store.list(&visitor, now()).await.unwrap().is_empty());
    drop(cluster);
}

/// What the documentation names, shown: a fail-over loses what the replica had not received, and nothing else.
#[actix_web::test]
async fn what_a_replica_had_not_received_is_lost_with_the_primary() {
    if !Engine::Redis.is_running() {
        return;
    }
    let mut primary = RedisServer::start();
    let replication = Proxy::start(primary.address());
    let port = replication.address().port().to_string();
    let replica = RedisServer::start_with(&["--replicaof", "127.0.0.1", &port]);
    let address = Proxy::start(primary.address());
    let url = format!("redis://{}", address.address());
    let store = RedisStore::connect(&url).await.unwrap();
    let kept = record();
    let (kept_key, _) = stored(&store, &kept).await;
    let until = Instant::now() + Duration::from_secs(30);
    while primary.command(&["WAIT", "1", "100"]).unwrap() != ["1"] {
        assert!(Instant::now() < until, "the replica follows");
    }
    replication.stall();
    let (lost_key, _) = stored(&store, &record()).await;
    store.delete(&kept_key).await.unwrap();

    primary.kill();
    replication.cut();
    replica.command(&["REPLICAOF", "NO", "ONE"]).unwrap();
    address.retarget(replica.address());
    // The store finds out that its connection is gone.
    sleep(Duration::from_millis(100)).await;
    assert_eq!(loaded(&store, &lost_key).await, None);
    // A logout that was lost: the session is back.
    assert_eq!(loaded(&store, &kept_key).await, Some(kept));
    stored(&store, &record()).await;
}
