//! Records to put into a store.

use std::{
    error::Error,
    process,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime},
};

use sessions::{
    Handle, Timestamp,
    store::{
        Admission, AdmissionPolicy, Principal, Record, Revision, SessionStore, StoreKey, Write,
        WriteId, Written,
    },
};

/// Long before any deadline.
pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

pub(crate) const DEADLINE: Timestamp = Timestamp::from_seconds(1_700_100_000);

/// A number that no other test has had.
pub(crate) fn number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed) << 32 | u64::from(process::id())
}

/// A table's name that no test has had: a server may have run longer than this process.
pub(crate) fn new_table() -> String {
    let nanoseconds = SystemTime::UNIX_EPOCH.elapsed().unwrap().subsec_nanos();
    format!("test_{}_{nanoseconds}", number())
}

pub(crate) fn key(number: u64) -> StoreKey {
    let mut bytes = [7; StoreKey::LEN];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    StoreKey::from_bytes(bytes)
}

pub(crate) fn new_key() -> StoreKey {
    key(number())
}

pub(crate) fn record() -> Record {
    record_written(number())
}

/// Everything that says which write it is follows from its number.
pub(crate) fn record_written(number: u64) -> Record {
    let mut write = [9; 16];
    write[..8].copy_from_slice(&number.to_be_bytes());
    Record {
        handle: Handle::from_bytes(write),
        write_id: WriteId::from_bytes(write),
        created: NOW,
        last_seen: NOW,
        deadline: DEADLINE,
        principal: None,
        device: None,
        body: b"a body".to_vec(),
    }
}

pub(crate) fn alice() -> Principal {
    Principal::from_bytes(*b"alice")
}

pub(crate) fn record_of(principal: &Principal) -> Record {
    Record {
        principal: Some(principal.clone()),
        ..record()
    }
}

pub(crate) fn at_most(limit: u32) -> Option<Admission> {
    Some(Admission::new(limit, AdmissionPolicy::EvictOldest))
}

/// Creates a record under a new key.
pub(crate) async fn stored(store: &impl SessionStore, record: &Record) -> (StoreKey, Revision) {
    let key = new_key();
    let written = store.write(Write::create(&key, record, NOW)).await.unwrap();
    (key, applied(&written))
}

pub(crate) fn applied(written: &Written) -> Revision {
    let Written::Applied { revision, .. } = written else {
        panic!("{written:?}");
    };
    *revision
}

pub(crate) async fn found(store: &impl SessionStore, key: &StoreKey) -> Option<Record> {
    let loaded = store.load(key, NOW).await.unwrap();
    loaded.map(|loaded| loaded.record)
}

/// Every verb once, with what it is to answer; and a limit that ends a session.
pub(crate) async fn use_every_verb(store: &impl SessionStore) {
    let (key, revision) = stored(store, &record()).await;
    assert!(found(store, &key).await.is_some());
    let next = record_of(&Principal::from_bytes(number().to_be_bytes()));
    let written = store
        .write(Write::update(&key, &next, revision, NOW))
        .await
        .unwrap();
    let revision = applied(&written);
    let touched = store.touch(&key, DEADLINE, NOW).await;
    touched.unwrap();
    let (new, renewed) = (new_key(), record_of(next.principal.as_ref().unwrap()));
    let written = store
        .write(Write::rename(&key, &new, &renewed, revision, NOW))
        .await;
    applied(&written.unwrap());
    let (newcomer, of) = (new_key(), next.principal.unwrap());
    let login = record_of(&of);
    let written = store
        .write(Write::create(&newcomer, &login, NOW).admitted_by(at_most(1)))
        .await;
    let Written::Applied { evicted, .. } = written.unwrap() else {
        panic!("it is admitted, and another makes room");
    };
    assert_eq!(evicted, [renewed.handle]);
    let index = store.abilities().principals.unwrap();
    assert_eq!(index.list(&of, NOW).await.unwrap().len(), 1);
    let several = store.load_many(&[new, newcomer], NOW).await.unwrap();
    assert!(several[0].is_none() && several[1].is_some());
    store.delete(&newcomer).await.unwrap();
    store.delete_expired(10, NOW).await.unwrap();
}

/// An error and all that stands behind it, in one line each way it can be printed.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut line = format!("{error} / {error:?}");
    let mut source = error.source();
    while let Some(error) = source {
        line = format!("{line} / {error}");
        source = error.source();
    }
    line
}

/// Waits for what somebody else does, for ten seconds.
pub(crate) async fn eventually(what: &str, is_so: impl AsyncFn() -> bool) {
    for _ in 0..400 {
        if is_so().await {
            return;
        }
        actix_web::rt::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{what}");
}
