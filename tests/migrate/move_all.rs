use std::sync::{Arc, Mutex};

use sessions::{
    FilesystemStore, MemoryStore,
    migrate::{Migration, PairStore},
    store::{Record, SessionStore as _, StoreErrorKind, StoreKey},
    test_util::{Fault, TestClock, Verb},
};
use sessions_tests::Folder;

use crate::rig::{KEY, NOW, Rig, Server, record, seed};

fn key(number: u8) -> StoreKey {
    let mut bytes = [number; 32];
    bytes[31] = 0xa5;
    StoreKey::from_bytes(bytes)
}

#[actix_web::test]
async fn every_session_moves_as_it_is_and_a_second_run_has_nothing_to_do() {
    let rig = Rig::new(Server::Moves);
    for number in 0..50 {
        seed(&rig.old, &key(number), &record(number)).await;
    }
    let dead = Record {
        deadline: NOW,
        ..record(60)
    };
    seed(&rig.old, &key(60), &dead).await;
    let moved = rig.migrate().await;
    assert_eq!((moved.moved, moved.failed), (50, 0));
    for number in 0..50 {
        let found = rig.new.load(&key(number), NOW).await.unwrap().unwrap();
        assert_eq!(found.record, record(number));
    }
    let again = rig.migrate().await;
    assert_eq!((again.moved, again.failed), (0, 0));
}

#[actix_web::test]
async fn progress_is_told_after_each_session() {
    let rig = Rig::new(Server::Moves);
    for number in 0..5 {
        seed(&rig.old, &key(number), &record(number)).await;
    }
    let told = Mutex::new(Vec::new());
    let clock = TestClock::at(NOW.into());
    let moved = Migration::of(&rig.moving)
        .at_once(0)
        .clock(clock.clock())
        .on_progress(|moved| told.lock().unwrap().push(moved.moved))
        .run()
        .await
        .unwrap();
    assert_eq!(moved.moved, 5);
    assert_eq!(told.into_inner().unwrap(), [1, 2, 3, 4, 5]);
}

#[actix_web::test]
async fn a_session_too_large_for_the_new_store_stays_where_it_is_and_readable() {
    let folder = Folder::new();
    let new = FilesystemStore::new(folder.path()).unwrap().max_length(8);
    let old = Arc::new(MemoryStore::new());
    let pair = PairStore::new(new, Arc::clone(&old));
    // Some stores count the principal, too.
    let large = [5, 9].map(|length| Record {
        body: vec![7; length],
        ..record(1)
    });
    for (number, record) in (0..).zip(&large) {
        seed(&old, &key(number), record).await;
    }
    seed(&old, &KEY, &record(2)).await;
    let clock = TestClock::at(NOW.into());
    let moved = Migration::of(&pair).clock(clock.clock()).run().await;
    let moved = moved.unwrap();
    assert_eq!((moved.moved, moved.failed), (1, 2));
    for (number, record) in (0..).zip(large) {
        let found = pair.load(&key(number), NOW).await.unwrap().unwrap();
        assert_eq!(found.record, record);
    }
}

#[actix_web::test]
async fn a_migration_that_a_store_stops_is_run_again() {
    let rig = Rig::new(Server::Moves);
    for number in 0..20 {
        seed(&rig.old, &key(number), &record(number)).await;
    }
    let down = Fault::Error(StoreErrorKind::Unavailable);
    rig.new.fail(Verb::Create, 7, down);
    let clock = TestClock::at(NOW.into());
    let migration = Migration::of(&rig.moving).clock(clock.clock());
    assert!(migration.run().await.is_err());
    rig.assert_settled(20).await;
}

#[actix_web::test]
async fn a_store_that_cannot_be_scanned_is_refused() {
    let pair = PairStore::new(MemoryStore::new(), MemoryStore::new());
    // A pair itself cannot.
    let outer = PairStore::new(MemoryStore::new(), pair);
    let error = Migration::of(&outer).run().await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Refused);
}

#[actix_web::test]
async fn a_pair_that_prepares_moves_nothing() {
    let rig = Rig::seeded(Server::Prepares).await;
    let error = Migration::of(&rig.pair).run().await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Refused);
    assert!(rig.old.load(&KEY, NOW).await.unwrap().is_some());
}
