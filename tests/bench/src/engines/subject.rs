use std::{
    error::Error,
    sync::Arc,
    time::{Duration, SystemTime},
};

use futures_util::future::LocalBoxFuture;
use sessions::{
    Handle, Timestamp,
    store::{Record, SessionStore, StoreKey, WriteId},
};

use super::counter::Counted;

/// One engine, as it is measured: by our store, and by its client alone.
///
/// The client does what our store does, on the condition that it does it on, and nothing besides: it knows what it finds to be a session.
pub(crate) trait Subject {
    /// What it says of itself.
    fn version(&self) -> LocalBoxFuture<'_, Result<String, Box<dyn Error>>>;

    /// A store of ours, connected anew.
    fn store(&self) -> LocalBoxFuture<'_, Result<Arc<dyn SessionStore>, Box<dyn Error>>>;

    /// The same, with its round trips counted; `None` where nothing goes over a wire.
    fn counted(&self) -> LocalBoxFuture<'_, Result<Option<Counted>, Box<dyn Error>>>;

    /// Puts sessions there for both, by whatever is fastest. No store is open meanwhile.
    fn fill<'a>(&'a self, keys: &'a [StoreKey]) -> LocalBoxFuture<'a, Result<(), Box<dyn Error>>>;

    /// Loads one, by the client alone.
    fn load<'a>(&'a self, key: &'a StoreKey) -> LocalBoxFuture<'a, Result<Found, Box<dyn Error>>>;

    /// Saves one if it still is as it was found, by the client alone.
    fn save<'a>(
        &'a self,
        key: &'a StoreKey,
        found: &'a Found,
        write: u64,
    ) -> LocalBoxFuture<'a, Result<(), Box<dyn Error>>>;

    /// Takes away what was put there: up to so many sessions.
    fn clear(&self, sessions: u64) -> LocalBoxFuture<'_, Result<(), Box<dyn Error>>>;
}

/// What a client alone has found.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) write_id: [u8; WriteId::LEN],
    /// The record as it is kept, or its body where the rest is kept beside it.
    pub(crate) bytes: Vec<u8>,
}

impl Found {
    /// Takes what is under a key of an engine of keys and values: see `docs/formats.md`.
    pub(crate) fn of_packed(bytes: Vec<u8>) -> Result<Self, Box<dyn Error>> {
        let write_id = bytes.get(WRITE_ID).and_then(|bytes| bytes.first_chunk());
        Ok(Self {
            write_id: *write_id.ok_or("no record")?,
            bytes,
        })
    }

    /// The same record after another write.
    pub(crate) fn repacked(&self, write: u64) -> Vec<u8> {
        let mut bytes = self.bytes.clone();
        if let Some(place) = bytes.get_mut(WRITE_ID) {
            place.copy_from_slice(&write_id(write));
        }
        if let Some(last) = bytes.last_chunk_mut() {
            *last = write.to_le_bytes();
        }
        bytes
    }
}

/// Where the name of a write stands in a record.
const WRITE_ID: std::ops::Range<usize> = 2..18;

/// A session with a body of 300 bytes, which lives for a day and belongs to nobody.
pub(crate) fn record(write: u64) -> Record {
    let now = now();
    let record = Record {
        handle: Handle::from_bytes([7; Handle::LEN]),
        write_id: WriteId::from_bytes(write_id(write)),
        created: now,
        last_seen: now,
        deadline: now.saturating_add(LIFETIME),
        principal: None,
        device: None,
        body: vec![7; 300],
    };
    rewritten(record, write)
}

/// The same session after another write, which changed its body.
pub(crate) fn rewritten(mut record: Record, write: u64) -> Record {
    record.write_id = WriteId::from_bytes(write_id(write));
    if let Some(last) = record.body.last_chunk_mut() {
        *last = write.to_le_bytes();
    }
    record
}

/// A write's name.
pub(crate) fn write_id(write: u64) -> [u8; WriteId::LEN] {
    let mut id = [9; WriteId::LEN];
    if let Some(first) = id.first_chunk_mut() {
        *first = write.to_le_bytes();
    }
    id
}

/// By the clock of this machine: some engines compare deadlines with theirs.
pub(crate) fn now() -> Timestamp {
    SystemTime::now().into()
}

/// Of a session.
pub(crate) const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);
