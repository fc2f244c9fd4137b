//! A limit of sessions per principal, while some of them lie in the old store.

use std::{sync::Arc, thread, time::Duration};

use actix_web::rt::System;
use sessions::{
    Handle, MemoryStore, Timestamp,
    migrate::{Migration, PairStore},
    store::{
        Admission, AdmissionPolicy, Principal, Record, SessionStore, StoreKey, Write, WriteId,
        Written,
    },
    test_util::TestClock,
};

use crate::rig::{NOW, Rig, Server, anna, record, seed};

fn key(number: u8) -> StoreKey {
    StoreKey::from_bytes([number; 32])
}

/// One session among many, last seen at a time of its own.
fn session(number: u8) -> Record {
    Record {
        handle: Handle::from_bytes([number; 16]),
        write_id: WriteId::from_bytes([number; 16]),
        last_seen: Timestamp::from_seconds(1_699_990_000).saturating_add(seconds(number)),
        ..record(number)
    }
}

fn seconds(number: u8) -> Duration {
    Duration::from_secs(number.into())
}

async fn count(store: &impl SessionStore, principal: &Principal) -> usize {
    let index = store.abilities().principals.unwrap();
    index.list(principal, NOW).await.unwrap().len()
}

#[actix_web::test]
async fn a_pair_that_moves_can_limit_and_one_that_prepares_cannot() {
    for (server, limits) in [(Server::Moves, true), (Server::Prepares, false)] {
        let rig = Rig::new(server);
        assert_eq!(rig.pair.abilities().principals.unwrap().limits(), limits);
    }
}

#[actix_web::test]
async fn sessions_in_the_old_store_count() {
    let rig = Rig::new(Server::Moves);
    for number in 1..=3 {
        seed(&rig.old, &key(number), &session(number)).await;
    }
    let refuse = Admission::new(3, AdmissionPolicy::Refuse);
    let (at, next) = (key(4), session(4));
    let refused = rig
        .pair
        .write(Write::create(&at, &next, NOW).admitted_by(Some(refuse)))
        .await;
    assert_eq!(refused.unwrap(), Written::Refused);
    assert_eq!(count(&rig.pair, &anna()).await, 3);
    let evict = Admission::new(3, AdmissionPolicy::EvictOldest);
    let admitted = rig
        .pair
        .write(Write::create(&at, &next, NOW).admitted_by(Some(evict)))
        .await;
    let Written::Applied { evicted, .. } = admitted.unwrap() else {
        panic!("it was not admitted");
    };
    assert_eq!(evicted, [session(1).handle]);
    assert_eq!(count(&rig.pair, &anna()).await, 3);
    assert_eq!(rig.load(&key(1)).await, None);
    rig.assert_settled(3).await;
}

#[test]
fn parallel_logins_while_all_moves_keep_to_the_limit() {
    const LIMIT: u32 = 3;
    for policy in [AdmissionPolicy::Refuse, AdmissionPolicy::EvictOldest] {
        for _ in 0..20 {
            let old = Arc::new(MemoryStore::new());
            let pair = PairStore::new(MemoryStore::new(), Arc::clone(&old));
            System::new().block_on(async {
                for number in 1..=2 {
                    seed(&old, &key(number), &session(number)).await;
                }
            });
            let admission = Admission::new(LIMIT, policy);
            thread::scope(|scope| {
                for number in 10..14 {
                    let pair = &pair;
                    scope.spawn(move || {
                        System::new().block_on(async {
                            let (at, next) = (key(number), session(number));
                            pair.write(Write::create(&at, &next, NOW).admitted_by(Some(admission)))
                                .await
                                .unwrap();
                            assert!(count(pair, &anna()).await <= 3);
                        });
                    });
                }
                scope.spawn(|| {
                    System::new().block_on(async {
                        let clock = TestClock::at(NOW.into());
                        let migration = Migration::of(&pair).clock(clock.clock());
                        migration.run().await.unwrap();
                    });
                });
            });
            System::new().block_on(async {
                assert_eq!(count(&pair, &anna()).await, 3, "{policy:?}");
            });
        }
    }
}
