//! The wrappers do what they are told to, and only that.

use std::sync::Arc;

use actix_web::rt;
use sessions::{
    Handle, MemoryStore, Timestamp,
    store::{
        Principal, Record, Revision, SessionStore, StoreErrorKind, StoreKey, Touched, Write,
        WriteId, Written,
    },
    test_util::{CountingStore, Fault, FaultyStore, Gate, GatedStore, Verb},
};

const KEY: StoreKey = StoreKey::from_bytes([7; 32]);
const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);
const DEADLINE: Timestamp = Timestamp::from_seconds(1_700_000_100);

fn record(write: u8) -> Record {
    Record {
        handle: Handle::from_bytes([1; 16]),
        write_id: WriteId::from_bytes([write; 16]),
        created: NOW,
        last_seen: NOW,
        deadline: DEADLINE,
        principal: Some(Principal::from_bytes(*b"anna")),
        device: None,
        body: vec![write],
    }
}

/// Which write a record was left by.
async fn body(store: &impl SessionStore) -> Option<Vec<u8>> {
    let loaded = store.load(&KEY, NOW).await.unwrap();
    loaded.map(|loaded| loaded.record.body)
}

#[actix_web::test]
async fn a_lost_call_is_not_done_and_a_lost_answer_is() {
    let store = FaultyStore::new(MemoryStore::new());
    store.fail(Verb::Create, 1, Fault::CallLost);
    store.fail(Verb::Create, 2, Fault::AnswerLost);
    for body_after in [None, Some(vec![1])] {
        let written = store
            .write(Write::create(&KEY, &record(1), NOW))
            .await
            .unwrap();
        assert_eq!(written, Written::Ambiguous);
        assert_eq!(body(&store).await, body_after);
    }
    let first = Revision::from(WriteId::from_bytes([1; 16]));
    store.fail(Verb::Update, 1, Fault::AnswerLost);
    let written = store
        .write(Write::update(&KEY, &record(2), first, NOW))
        .await;
    assert_eq!(written.unwrap(), Written::Ambiguous);
    assert_eq!(body(&store).await, Some(vec![2]));
    for (fault, body_after) in [(Fault::CallLost, Some(vec![2])), (Fault::AnswerLost, None)] {
        store.fail(Verb::Delete, 1, fault);
        let error = store.delete(&KEY).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::TimedOut);
        assert_eq!(body(&store).await, body_after);
    }
}

#[actix_web::test]
async fn the_nth_call_of_a_verb_fails_and_no_other() {
    let store = FaultyStore::new(MemoryStore::new());
    store.fail(Verb::Touch, 2, Fault::Error(StoreErrorKind::Unavailable));
    let mut touched = Vec::new();
    for _ in 0..3 {
        assert_eq!(body(&store).await, None);
        let answer = store.touch(&KEY, DEADLINE, NOW).await;
        touched.push(answer.map_err(|error| error.kind()));
    }
    assert_eq!(
        touched,
        [
            Ok(Touched::Missing),
            Err(StoreErrorKind::Unavailable),
            Ok(Touched::Missing)
        ]
    );
}

#[actix_web::test]
async fn a_call_held_by_a_plan_goes_through_when_the_gate_opens() {
    let store = Arc::new(FaultyStore::new(MemoryStore::new()));
    let gate = Gate::closed();
    store.fail(Verb::Create, 1, Fault::Held(gate.clone()));
    let request = rt::spawn({
        let store = Arc::clone(&store);
        async move { store.write(Write::create(&KEY, &record(1), NOW)).await }
    });
    gate.reached(1).await;
    assert_eq!(body(&store).await, None);
    gate.open();
    let written = request.await.unwrap().unwrap();
    assert!(matches!(written, Written::Applied { .. }));
}

#[actix_web::test]
async fn a_held_call_is_not_done_and_a_held_answer_is() {
    let store = Arc::new(GatedStore::new(MemoryStore::new()));
    for (holds_answer, body_while_held) in [(false, None), (true, Some(vec![1]))] {
        store.delete(&KEY).await.unwrap();
        let gate = if holds_answer {
            store.hold_answer(Verb::Create)
        } else {
            store.hold(Verb::Create)
        };
        let request = rt::spawn({
            let store = Arc::clone(&store);
            async move { store.write(Write::create(&KEY, &record(1), NOW)).await }
        });
        gate.reached(1).await;
        assert_eq!(body(&store).await, body_while_held);
        assert!(!request.is_finished());
        gate.open();
        let written = request.await.unwrap().unwrap();
        assert!(matches!(written, Written::Applied { .. }));
    }
}

#[actix_web::test]
async fn every_verb_is_counted_under_its_own_name() {
    let store = CountingStore::new(MemoryStore::new());
    let anna = Principal::from_bytes(*b"anna");
    let revision = Revision::from(0);
    store
        .write(Write::create(&KEY, &record(1), NOW))
        .await
        .unwrap();
    store.load(&KEY, NOW).await.unwrap();
    store.load_many(&[KEY, KEY], NOW).await.unwrap();
    store.touch(&KEY, DEADLINE, NOW).await.unwrap();
    for _ in 0..2 {
        let written = store
            .write(Write::update(&KEY, &record(2), revision, NOW))
            .await;
        assert_eq!(written.unwrap(), Written::Conflict);
    }
    let (new, next) = (StoreKey::from_bytes([8; 32]), record(2));
    let written = store
        .write(Write::rename(&KEY, &new, &next, revision, NOW))
        .await;
    assert_eq!(written.unwrap(), Written::Conflict);
    let listed = store
        .abilities()
        .principals
        .unwrap()
        .list(&anna, NOW)
        .await
        .unwrap();
    assert_eq!(listed.len(), 1);
    store.delete(&KEY).await.unwrap();
    store.delete_expired(10, NOW).await.unwrap();
    for verb in [
        Verb::Create,
        Verb::Load,
        Verb::LoadMany,
        Verb::Touch,
        Verb::Rename,
        Verb::List,
        Verb::Delete,
        Verb::DeleteExpired,
    ] {
        assert_eq!(store.count(verb), 1, "{verb}");
    }
    assert_eq!((store.count(Verb::Update), store.total()), (2, 10));
    store.reset();
    assert_eq!(store.total(), 0);
}
