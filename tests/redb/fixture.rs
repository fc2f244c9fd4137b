//! Records, each unlike the others.

use std::future::Future;

use sessions::{
    Handle, RedbStore, Timestamp,
    store::{
        Principal, PrincipalIndex as _, Record, Revision, SessionStore as _, StoreKey, WriteId,
        Written,
    },
};

/// Long before any deadline.
pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

pub(crate) const DEADLINE: Timestamp = Timestamp::from_seconds(1_700_100_000);

/// Waits as a server does.
pub(crate) fn wait<T>(future: impl Future<Output = T>) -> T {
    actix_web::rt::System::new().block_on(future)
}

/// Spread over all keys, and as different as the numbers.
pub(crate) fn key(number: u64) -> StoreKey {
    let mut bytes = [7; StoreKey::LEN];
    bytes[..8].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    StoreKey::from_bytes(bytes)
}

/// Everything about it follows from its number, so that a mixture of two is seen.
pub(crate) fn record(number: u64) -> Record {
    let mut write = [9; WriteId::LEN];
    write[..8].copy_from_slice(&number.to_be_bytes());
    let [.., byte] = number.to_be_bytes();
    Record {
        handle: Handle::from_bytes(write),
        write_id: WriteId::from_bytes(write),
        created: NOW,
        last_seen: NOW,
        deadline: DEADLINE,
        principal: match number % 3 {
            0 => None,
            1 => Some(alice()),
            _ => Some(bob()),
        },
        device: None,
        body: vec![byte; usize::try_from(number % 41 * 100).unwrap()],
    }
}

pub(crate) fn alice() -> Principal {
    Principal::from_bytes(*b"alice")
}

pub(crate) fn bob() -> Principal {
    Principal::from_bytes(*b"bob")
}

/// The keys a principal's sessions are listed with, in order.
pub(crate) async fn listed(store: &RedbStore, principal: &Principal) -> Vec<StoreKey> {
    let listed = store.list(principal, NOW).await.unwrap();
    let mut keys: Vec<_> = listed.into_iter().map(|session| session.key).collect();
    keys.sort_unstable();
    keys
}

pub(crate) async fn loaded(store: &RedbStore, key: &StoreKey) -> Option<Record> {
    let loaded = store.load(key, NOW).await.unwrap();
    loaded.map(|loaded| loaded.record)
}

/// The revision of a write that was applied.
pub(crate) fn applied(written: &Written) -> Revision {
    match written {
        Written::Applied { revision, .. } => *revision,
        other => panic!("{other:?}"),
    }
}
