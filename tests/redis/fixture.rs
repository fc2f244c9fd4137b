use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime},
};

use sessions::{
    Handle, Timestamp,
    store::{Loaded, Principal, Record, Revision, SessionStore, StoreKey, Write, WriteId, Written},
};

/// Numbers that no test of this process has had.
pub(crate) fn number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

pub(crate) fn key(number: u64) -> StoreKey {
    let mut bytes = [7; 32];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    StoreKey::from_bytes(bytes)
}

pub(crate) fn new_key() -> StoreKey {
    key(number())
}

pub(crate) fn now() -> Timestamp {
    Timestamp::from(SystemTime::now())
}

/// A record that lives for an hour, and no other has its write's name.
pub(crate) fn record() -> Record {
    let mut write = [9; 16];
    write[..8].copy_from_slice(&number().to_be_bytes());
    Record {
        handle: Handle::from_bytes(write),
        write_id: WriteId::from_bytes(write),
        created: now(),
        last_seen: now(),
        deadline: now().saturating_add(Duration::from_secs(3600)),
        principal: None,
        device: None,
        body: vec![b'x'; 300],
    }
}

pub(crate) fn record_of(principal: &str) -> Record {
    Record {
        principal: Some(Principal::from_bytes(principal.as_bytes())),
        ..record()
    }
}

/// Creates a record under a new key.
pub(crate) async fn stored(store: &impl SessionStore, record: &Record) -> (StoreKey, Revision) {
    let key = new_key();
    let written = store
        .write(Write::create(&key, record, now()))
        .await
        .unwrap();
    assert_eq!(written, Written::applied(record.write_id));
    (key, Revision::from(record.write_id))
}

pub(crate) async fn loaded(store: &impl SessionStore, key: &StoreKey) -> Option<Record> {
    let loaded: Option<Loaded> = store.load(key, now()).await.unwrap();
    loaded.map(|loaded| loaded.record)
}
