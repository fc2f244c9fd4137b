//! A directory of its own for each test, and records to put there.

use std::{
    env, fs,
    future::Future,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU32, Ordering},
};

use sessions::{
    FilesystemStore, Handle, Timestamp,
    store::{
        Principal, PrincipalIndex as _, Record, Revision, SessionStore, StoreKey, Write, WriteId,
        Written,
    },
};

/// Long before any deadline.
pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

pub(crate) const DEADLINE: Timestamp = Timestamp::from_seconds(1_700_100_000);

/// Removed with everything in it.
pub(crate) struct Directory(PathBuf);

impl Directory {
    /// Names a directory that is not there yet.
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("sessions-files-{}-{count}", process::id());
        Self(env::temp_dir().join(name))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn store(&self) -> FilesystemStore {
        FilesystemStore::new(&self.0).unwrap()
    }

    /// Every file below a folder.
    pub(crate) fn files(&self, folder: &str) -> Vec<PathBuf> {
        let mut files = Vec::new();
        let mut folders = vec![self.0.join(folder)];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    files.push(path);
                }
            }
        }
        files
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Waits as a server does, on a runtime with threads for blocking work.
pub(crate) fn wait<T>(future: impl Future<Output = T>) -> T {
    actix_web::rt::System::new().block_on(future)
}

pub(crate) fn key(first: u8, number: u32) -> StoreKey {
    let mut bytes = [first; StoreKey::LEN];
    bytes[4..8].copy_from_slice(&number.to_be_bytes());
    StoreKey::from_bytes(bytes)
}

pub(crate) fn record(write: u128) -> Record {
    Record {
        handle: Handle::from_bytes([7; 16]),
        write_id: WriteId::from_bytes(write.to_be_bytes()),
        created: NOW,
        last_seen: NOW,
        deadline: DEADLINE,
        principal: None,
        device: None,
        body: b"a body".to_vec(),
    }
}

pub(crate) fn belonging_to(principal: &Principal, write: u128) -> Record {
    Record {
        principal: Some(principal.clone()),
        ..record(write)
    }
}

pub(crate) fn alice() -> Principal {
    Principal::from_bytes(*b"alice")
}

pub(crate) fn bob() -> Principal {
    Principal::from_bytes(*b"bob")
}

/// The keys a principal's sessions are listed with, in order.
pub(crate) async fn listed(store: &FilesystemStore, principal: &Principal) -> Vec<StoreKey> {
    let listed = store.list(principal, NOW).await.unwrap();
    let mut keys: Vec<_> = listed.into_iter().map(|session| session.key).collect();
    keys.sort_unstable();
    keys
}

/// The revision of a write that was applied.
pub(crate) fn applied(written: &Written) -> Revision {
    match written {
        Written::Applied { revision, .. } => *revision,
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn create(store: &FilesystemStore, key: &StoreKey, record: &Record) -> Revision {
    applied(&store.write(Write::create(key, record, NOW)).await.unwrap())
}
