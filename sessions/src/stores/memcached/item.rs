use crate::{
    clock::Timestamp,
    store::{Record, Revision, StoreError, StoreErrorKind, StoreKey, packed::Packed},
};

use super::{
    error::{MemcachedError, MemcachedErrorKind},
    expiry::expiry,
    failure::Failure,
    pool::{Pool, Size},
    reply::Reply,
    servers::Servers,
};

/// One key, and the server it lies on.
///
/// What is behind it is a record as one string, or nothing.
pub(super) struct Item<'a> {
    pool: &'a Pool,
    name: String,
}

/// On which condition a value is stored.
#[derive(Clone, Copy)]
pub(super) enum Condition {
    /// There is none.
    Free,
    /// The one that is there is in this state.
    State(u64),
}

/// What is behind a key.
pub(super) struct Stored {
    /// The state of the item: the server's number for it, which a touch changes, too.
    pub(super) cas: u64,
    pub(super) bytes: Vec<u8>,
}

impl<'a> Item<'a> {
    pub(super) fn new(servers: &'a Servers, key: &StoreKey) -> Result<Self, Failure> {
        let pool = servers.pool(servers.number_of(key));
        let unavailable = || Failure::NotDone(MemcachedError::new(MemcachedErrorKind::Unavailable));
        Ok(Self {
            pool: pool.ok_or_else(unavailable)?,
            name: servers.name(key),
        })
    }

    /// Reads it; asks again if the answer was lost.
    pub(super) async fn get(&self) -> Result<Option<Stored>, Failure> {
        let command = format!("mg {} v c\r\n", self.name);
        match repeated(self.pool, command.as_bytes()).await? {
            Reply::Found { cas, value } => Ok(Some(Stored { cas, bytes: value })),
            Reply::Nothing => Ok(None),
            _ => Err(refused()),
        }
    }

    /// Stores a value; once.
    pub(super) async fn set(
        &self,
        bytes: &[u8],
        condition: Condition,
        deadline: Timestamp,
        now: Timestamp,
    ) -> Result<Reply, Failure> {
        let condition = match condition {
            Condition::Free => "ME".to_owned(),
            Condition::State(cas) => format!("C{cas}"),
        };
        let ttl = expiry(deadline, now);
        let line = format!("ms {} {} {condition} T{ttl}\r\n", self.name, bytes.len());
        let command = [line.as_bytes(), bytes, b"\r\n"].concat();
        let size = Size {
            key: self.name.len(),
            value: bytes.len(),
        };
        self.pool.store(&command, size).await
    }

    /// Deletes it if it is in this state; once.
    pub(super) async fn delete_in_state(&self, cas: u64) -> Result<Reply, Failure> {
        let command = format!("md {} C{cas}\r\n", self.name);
        single(self.pool.ask(command.as_bytes(), 1).await?)
    }

    /// Deletes whatever is there; asks again if the answer was lost.
    pub(super) async fn delete(&self) -> Result<(), Failure> {
        let command = format!("md {}\r\n", self.name);
        match repeated(self.pool, command.as_bytes()).await? {
            Reply::Done | Reply::Nothing => Ok(()),
            _ => Err(refused()),
        }
    }
}

impl Stored {
    /// The record, without its body.
    pub(super) fn record(&self) -> Result<Record, StoreError> {
        let packed = Packed::decode(&self.bytes);
        let corrupt = StoreError::new(StoreErrorKind::Corrupt);
        packed.map(|packed| packed.record).ok_or(corrupt)
    }

    /// The record, if it lives.
    pub(super) fn live(&self, now: Timestamp) -> Result<Option<Record>, StoreError> {
        let record = self.record()?;
        Ok(record.is_alive(now).then_some(record))
    }
}

/// Whether a record is in the state that a caller names.
pub(super) fn is_in(record: &Record, expected: Revision) -> bool {
    Revision::from(record.write_id) == expected
}

/// For an answer that no command of ours has.
pub(super) fn refused() -> Failure {
    Failure::NotDone(MemcachedError::new(MemcachedErrorKind::Refused))
}

pub(super) fn single(replies: Vec<Reply>) -> Result<Reply, Failure> {
    replies.into_iter().next().ok_or_else(refused)
}

async fn repeated(pool: &Pool, command: &[u8]) -> Result<Reply, Failure> {
    match pool.ask(command, 1).await {
        Err(Failure::Lost(_)) => single(pool.ask(command, 1).await?),
        answer => single(answer?),
    }
}
