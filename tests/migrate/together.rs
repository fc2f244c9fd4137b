//! Threads that do everything at once, while everything moves.

use std::{
    process,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::SystemTime,
};

use actix_web::rt::System;
use sessions::{
    FilesystemStore, MemoryStore, RedisStore,
    migrate::{Migration, PairStore},
    store::{Record, SessionStore, StoreKey, Write, WriteId, Written},
    test_util::TestClock,
};
use sessions_tests::{Engine, Folder};

use crate::rig::{DEADLINE, NOW, record, seed};

const SESSIONS: u8 = 40;
const INCREMENTS: u8 = 50;

fn key(number: u8) -> StoreKey {
    StoreKey::from_bytes([number; 32])
}

/// Every session is counted up from several threads, as often as said; none is missed at any time.
fn count_while_moving(new: impl SessionStore, old: impl SessionStore) {
    let old: Arc<dyn SessionStore> = Arc::new(old);
    let new: Arc<dyn SessionStore> = Arc::new(new);
    let pair = PairStore::new(Arc::clone(&new), Arc::clone(&old));
    let prepared = PairStore::prepare(new, Arc::clone(&old));
    System::new().block_on(async {
        for number in 0..SESSIONS {
            let start = Record {
                body: vec![0],
                ..record(number)
            };
            seed(&old, &key(number), &start).await;
        }
    });
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let counters: Vec<_> = (0..5)
            .map(|thread| {
                // Some servers are not so far yet.
                let pair = if thread < 2 { &prepared } else { &pair };
                scope.spawn(move || System::new().block_on(count(pair, thread)))
            })
            .collect();
        scope.spawn(|| {
            System::new().block_on(async {
                while !is_over.load(Ordering::Relaxed) {
                    for number in 0..SESSIONS {
                        let found = pair.load(&key(number), NOW).await.unwrap();
                        assert!(found.is_some(), "a visitor was logged out");
                        pair.touch(&key(number), DEADLINE, NOW).await.unwrap();
                    }
                }
            });
        });
        for _ in 0..2 {
            scope.spawn(|| {
                System::new().block_on(async {
                    let clock = TestClock::at(NOW.into());
                    let migration = Migration::of(&pair).clock(clock.clock());
                    migration.run().await.unwrap();
                });
            });
        }
        let counted: Vec<_> = counters.into_iter().map(|counter| counter.join()).collect();
        is_over.store(true, Ordering::Relaxed);
        for counted in counted {
            counted.unwrap();
        }
    });
    System::new().block_on(async {
        for number in 0..SESSIONS {
            let found = pair.load(&key(number), NOW).await.unwrap().unwrap();
            assert_eq!(found.record.body, [INCREMENTS], "session {number}");
            assert_eq!(old.load(&key(number), NOW).await.unwrap(), None);
        }
    });
}

async fn count(pair: &PairStore, thread: u8) {
    for round in 0..INCREMENTS / 5 {
        for number in 0..SESSIONS {
            let key = key(number);
            loop {
                let found = pair.load(&key, NOW).await.unwrap().unwrap();
                let mut write = [0xf0; 16];
                write[..4].copy_from_slice(&[thread, round, number, found.record.body[0]]);
                let next = Record {
                    write_id: WriteId::from_bytes(write),
                    body: vec![found.record.body[0] + 1],
                    ..found.record
                };
                let update = pair.write(Write::update(&key, &next, found.revision, NOW));
                match update.await.unwrap() {
                    Written::Applied { .. } => break,
                    Written::Conflict => {}
                    other => panic!("{other:?}"),
                }
            }
        }
    }
}

#[test]
fn fifty_increments_while_all_moves_in_memory_are_fifty() {
    for _ in 0..5 {
        count_while_moving(MemoryStore::new(), MemoryStore::new());
    }
}

#[test]
fn fifty_increments_while_all_moves_from_files_are_fifty() {
    let folder = Folder::new();
    let files = FilesystemStore::new(folder.path()).unwrap();
    count_while_moving(MemoryStore::new(), files);
}

#[test]
fn fifty_increments_while_all_moves_into_files_are_fifty() {
    let folder = Folder::new();
    let files = FilesystemStore::new(folder.path()).unwrap();
    count_while_moving(files, MemoryStore::new());
}

/// Two keys do not change at once there.
async fn cluster() -> RedisStore {
    let urls = Engine::RedisCluster.url().unwrap();
    let nanoseconds = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_nanos();
    let prefix = format!("migrate-{}-{nanoseconds}:", process::id());
    let builder = RedisStore::cluster(urls.split(',')).prefix(prefix);
    builder.connect().await.unwrap()
}

#[test]
fn fifty_increments_while_all_moves_into_a_cluster_are_fifty() {
    if Engine::RedisCluster.is_running() {
        let cluster = System::new().block_on(cluster());
        count_while_moving(cluster, MemoryStore::new());
    }
}

#[test]
fn fifty_increments_while_all_moves_out_of_a_cluster_are_fifty() {
    if Engine::RedisCluster.is_running() {
        let cluster = System::new().block_on(cluster());
        count_while_moving(MemoryStore::new(), cluster);
    }
}
