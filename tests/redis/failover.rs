//! The primary dies while sessions are written, and another takes its place.
//!
//! Replication does not wait: what the dead one had answered and not passed on is gone. That is the loss window the documentation names; here
//! it is measured, and nothing outside of it may be lost.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use actix_web::rt::{self, task::JoinHandle, time::sleep};
use sessions::{
    RedisStore,
    store::{
        PrincipalIndex as _, Record, SessionStore as _, StoreErrorKind, StoreKey, Write, WriteId,
        Written,
    },
};
use sessions_tests::{Engine, Proxy, RedisCluster, RedisSentinels, RedisServer};

use crate::{
    fixture::{loaded, new_key, now, record, record_of, stored},
    report::say,
};

/// How long the store may take to find its way again, on a machine that has other work.
const PATIENCE: Duration = Duration::from_secs(30);

/// People who log in again and again, until they are told to stop.
struct Visitors {
    is_over: Arc<AtomicBool>,
    tasks: Vec<JoinHandle<Diary>>,
}

/// What came of it.
#[derive(Default)]
struct Diary {
    acknowledged: Vec<Entry>,
    ambiguous: usize,
    unavailable: usize,
    /// The last failure.
    failed_until: Option<Instant>,
}

/// A session that the store said it had.
struct Entry {
    key: StoreKey,
    write_id: WriteId,
    /// When it was asked to.
    asked: Instant,
    /// When it said so.
    told: Instant,
}

/// What a primary took with it.
struct Death {
    /// What was told before had been passed on by then.
    passed_on: Instant,
    /// It was dead: what was asked for later was asked of its successor.
    dead: Instant,
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
                        let asked = Instant::now();
                        match store.write(Write::create(&key, &record, now())).await {
                            Ok(Written::Applied { .. }) => {
                                diary.acknowledged.push(Entry {
                                    key,
                                    write_id: record.write_id,
                                    asked,
                                    told: Instant::now(),
                                });
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

    /// Looks for every session that was acknowledged. What is lost must have been on its way when the primary died.
    async fn end(self, store: &RedisStore, death: &Death, what: &str) {
        self.is_over.store(true, Ordering::Relaxed);
        let (mut written, mut lost, mut ambiguous, mut unavailable) = (0, 0, 0, 0);
        let (mut window, mut outage) = (Duration::ZERO, Duration::ZERO);
        for task in self.tasks {
            let diary = task.await.unwrap();
            written += diary.acknowledged.len();
            ambiguous += diary.ambiguous;
            unavailable += diary.unavailable;
            if let Some(until) = diary.failed_until {
                outage = outage.max(until.saturating_duration_since(death.dead));
            }
            for entry in diary.acknowledged {
                match found(store, &entry.key).await {
                    Some(found) => assert_eq!(found.write_id, entry.write_id),
                    None => {
                        lost += 1;
                        assert!(entry.told >= death.passed_on, "lost although passed on");
                        let before = death.dead.checked_duration_since(entry.asked);
                        let before = before.expect("what was written after the death is there");
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

/// What is under a key, as soon as anybody says so.
async fn found(store: &RedisStore, key: &StoreKey) -> Option<Record> {
    let until = Instant::now() + PATIENCE;
    loop {
        match store.load(key, now()).await {
            Ok(loaded) => return loaded.map(|loaded| loaded.record),
            Err(error) => assert!(Instant::now() < until, "{error:?}"),
        }
        sleep(Duration::from_millis(20)).await;
    }
}

#[actix_web::test]
async fn sentinels_name_a_successor_and_the_store_follows() {
    if !Engine::RedisSentinel.is_running() {
        return;
    }
    let group = RedisSentinels::start();
    let store = RedisStore::sentinel(group.urls(), "sessions")
        .connect()
        .await
        .unwrap();
    let visitors = Visitors::begin(&store);
    let primary = group.primary().unwrap();
    let (mut group, passed_on) = rt::task::spawn_blocking(move || {
        thread::sleep(Duration::from_millis(500));
        let passed_on = Instant::now();
        group.wait_for_replicas(primary);
        (group, passed_on)
    })
    .await
    .unwrap();
    group.kill(primary);
    let dead = Instant::now();
    let death = Death { passed_on, dead };
    let group = rt::task::spawn_blocking(move || {
        group.wait_for_successor(primary);
        group
    })
    .await
    .unwrap();
    sleep(Duration::from_millis(500)).await;
    visitors.end(&store, &death, "sentinels").await;
    drop(group);
}

#[actix_web::test]
async fn a_cluster_promotes_a_replica_and_the_store_follows() {
    if !Engine::RedisCluster.is_running() {
        return;
    }
    let cluster = RedisCluster::start();
    let store = RedisStore::cluster(cluster.urls()).connect().await.unwrap();
    let visitors = Visitors::begin(&store);
    let primary = cluster.primaries()[0];
    let (mut cluster, passed_on) = rt::task::spawn_blocking(move || {
        thread::sleep(Duration::from_millis(500));
        let passed_on = Instant::now();
        cluster.wait_for_replicas(primary);
        (cluster, passed_on)
    })
    .await
    .unwrap();
    cluster.kill(primary);
    let dead = Instant::now();
    let death = Death { passed_on, dead };
    let cluster = rt::task::spawn_blocking(move || {
        cluster.wait_until_whole();
        cluster
    })
    .await
    .unwrap();
    sleep(Duration::from_millis(500)).await;
    visitors.end(&store, &death, "cluster").await;
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
