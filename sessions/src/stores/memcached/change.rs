use crate::{
    clock::Timestamp,
    store::{
        Replaces, Revision, StoreError, StoreErrorKind, StoreKey, Touched, Write, Written, packed,
    },
};

use super::{
    error::{MemcachedError, MemcachedErrorKind},
    failure::Failure,
    item::{Condition, Item, is_in, refused},
    reply::Reply,
    servers::Servers,
};

/// How often a write begins again because somebody else came between reading and writing. Each time, that one came through.
const ATTEMPTS: usize = 64;

/// A [`Write`], the bytes that it comes to, and where they go.
pub(super) struct Change<'a> {
    servers: &'a Servers,
    write: Write<'a>,
    bytes: Vec<u8>,
}

impl<'a> Change<'a> {
    pub(super) fn new(servers: &'a Servers, write: Write<'a>) -> Result<Self, StoreError> {
        let bytes = packed::encode(write.record);
        Ok(Self {
            servers,
            write,
            bytes: bytes.ok_or_else(|| StoreError::new(StoreErrorKind::TooLarge))?,
        })
    }

    pub(super) async fn apply(&self) -> Result<Written, StoreError> {
        match self.write.replaces {
            Replaces::Nothing => self.create().await,
            Replaces::Same(expected) => self.update(expected).await,
            Replaces::Other(old, expected) => self.rename(old, expected).await,
        }
    }

    /// Puts the record where none lives.
    async fn create(&self) -> Result<Written, StoreError> {
        let item = self.item(self.write.key)?;
        let mut condition = Condition::Free;
        for _ in 0..ATTEMPTS {
            match self.set(&item, condition).await {
                Ok(Reply::Done) => return Ok(Written::applied(self.write.record.write_id)),
                Ok(Reply::NotStored | Reply::Changed | Reply::Nothing) => {}
                failed => return outcome(failed),
            }
            condition = match item.get().await.map_err(Failure::into_store_error)? {
                None => Condition::Free,
                Some(stored) if stored.live(self.write.now)?.is_some() => {
                    return Ok(Written::Conflict);
                }
                // Dead, and the server has not noticed.
                Some(stored) => Condition::State(stored.cas),
            };
        }
        Err(given_up())
    }

    /// Puts the record in the place of one that is in the state `expected`.
    async fn update(&self, expected: Revision) -> Result<Written, StoreError> {
        let item = self.item(self.write.key)?;
        for _ in 0..ATTEMPTS {
            let cas = match self.look(&item, expected).await? {
                Ok(cas) => cas,
                Err(refusal) => return Ok(refusal),
            };
            match self.set(&item, Condition::State(cas)).await {
                Ok(Reply::Done) => return Ok(Written::applied(self.write.record.write_id)),
                // Touched meanwhile, or written, or gone: it has to be looked at.
                Ok(Reply::Changed | Reply::Nothing) => {}
                failed => return outcome(failed),
            }
        }
        Err(given_up())
    }

    /// Creates the new, deletes the old if it still is as expected, and the new again if it is not.
    async fn rename(&self, old: &StoreKey, expected: Revision) -> Result<Written, StoreError> {
        let item = self.item(old)?;
        let mut cas = match self.look(&item, expected).await? {
            Ok(cas) => cas,
            Err(refusal) => return Ok(refusal),
        };
        match self.create().await? {
            Written::Applied { .. } => {}
            refusal => return Ok(refusal),
        }
        for _ in 0..ATTEMPTS {
            match item.delete_in_state(cas).await {
                Ok(Reply::Done) => return Ok(Written::applied(self.write.record.write_id)),
                Ok(Reply::Changed | Reply::Nothing) => {}
                // The old one may be dead, so the new one has to stay: the caller looks.
                Err(Failure::Lost(_)) => return Ok(Written::Ambiguous),
                failed => return self.undone(outcome(failed)).await,
            }
            // Touched meanwhile, or written, or gone.
            match self.look(&item, expected).await {
                Ok(Ok(state)) => cas = state,
                refused => return self.undone(refused.map(flattened)).await,
            }
        }
        self.undone(Err(given_up())).await
    }

    /// The state of an item that holds the record in the state `expected`, or why nothing can be written there.
    async fn look(
        &self,
        item: &Item<'_>,
        expected: Revision,
    ) -> Result<Result<u64, Written>, StoreError> {
        let Some(stored) = item.get().await.map_err(Failure::into_store_error)? else {
            return Ok(Err(Written::Missing));
        };
        Ok(match stored.live(self.write.now)? {
            None => Err(Written::Missing),
            Some(record) if is_in(&record, expected) => Ok(stored.cas),
            Some(_) => Err(Written::Conflict),
        })
    }

    /// Takes back what a renewal created, if it still is ours, and answers why.
    async fn undone(&self, refusal: Result<Written, StoreError>) -> Result<Written, StoreError> {
        let own = Revision::from(self.write.record.write_id);
        for _ in 0..ATTEMPTS {
            let Ok(item) = self.item(self.write.key) else {
                break;
            };
            let cas = match self.look(&item, own).await {
                Ok(Ok(cas)) => cas,
                // Somebody else's, or gone.
                Ok(Err(_)) => return refusal,
                Err(_) => break,
            };
            match item.delete_in_state(cas).await {
                Ok(Reply::Done) => return refusal,
                Ok(Reply::Changed | Reply::Nothing) => {}
                _ => break,
            }
        }
        // The new one may live: the caller discards it.
        Ok(Written::Ambiguous)
    }

    async fn set(&self, item: &Item<'_>, condition: Condition) -> Result<Reply, Failure> {
        let (deadline, now) = (self.write.record.deadline, self.write.now);
        item.set(&self.bytes, condition, deadline, now).await
    }

    fn item(&self, key: &StoreKey) -> Result<Item<'a>, StoreError> {
        Item::new(self.servers, key).map_err(Failure::into_store_error)
    }
}

/// Moves the times of the record under a key, each if it is later.
///
/// The whole record goes there and back: the server can move its own deadline of an item, but not what stands in it.
pub(super) async fn touch(
    servers: &Servers,
    key: &StoreKey,
    deadline: Timestamp,
    now: Timestamp,
) -> Result<Touched, StoreError> {
    let item = Item::new(servers, key).map_err(Failure::into_store_error)?;
    let mut lost = None;
    for _ in 0..ATTEMPTS {
        let found = item.get().await.map_err(Failure::into_store_error)?;
        let Some(mut stored) = found else {
            return Ok(Touched::Missing);
        };
        let Some(mut record) = stored.live(now)? else {
            return Ok(Touched::Missing);
        };
        if !record.touch(deadline, now) {
            return Ok(Touched::Applied);
        }
        if !packed::write_times(&mut stored.bytes, record.last_seen, record.deadline) {
            return Err(StoreError::new(StoreErrorKind::Corrupt));
        }
        let state = Condition::State(stored.cas);
        match item.set(&stored.bytes, state, record.deadline, now).await {
            Ok(Reply::Done) => return Ok(Touched::Applied),
            Ok(Reply::Changed | Reply::Nothing) => {}
            // The next look tells whether it was done.
            Err(Failure::Lost(error)) if lost.is_none() => lost = Some(error),
            Err(failure) => return Err(failure.into_store_error()),
            Ok(_) => return Err(refused().into_store_error()),
        }
    }
    Err(given_up())
}

/// What became of a write that was not simply done.
fn outcome(reply: Result<Reply, Failure>) -> Result<Written, StoreError> {
    match reply {
        Err(Failure::Lost(_)) => Ok(Written::Ambiguous),
        Err(failure) => Err(failure.into_store_error()),
        Ok(_) => Err(refused().into_store_error()),
    }
}

fn flattened(refusal: Result<u64, Written>) -> Written {
    refusal.err().unwrap_or(Written::Conflict)
}

fn given_up() -> StoreError {
    MemcachedError::new(MemcachedErrorKind::Unavailable).into_store_error()
}
