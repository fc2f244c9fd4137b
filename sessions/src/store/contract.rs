use std::{fmt, sync::Arc};

use crate::clock::Timestamp;

use super::{Admission, Answer, Handle, PrincipalIndex, Record, Revision, Scan, StoreKey};

/// Keeps sessions on the server: the contract between this crate and an engine.
///
/// A store sees keys, records and deadlines; never a token, a cookie, a type or a secret key. Every clause below is tested by the
/// conformance kit, which runs against any store.
///
/// # What holds for every verb
///
/// - **Time** is the caller's `now`. Whatever has `deadline <= now` is dead: no verb finds it, whether it is still stored or not.
/// - **One record changes at once or not at all**, for every caller in every process on the engine: no reader sees half of a write, and of
///   several writers that name the same revision one is applied.
/// - **Done means done.** When the answer has come, what it says outlives the death of the calling process; what it takes for the engine to
///   lose it (power, a fail-over) stands in the store's own documentation.
/// - **What is refused changes nothing.** Unless the answer is `Applied`, every record is as it was, and nobody had to make room.
/// - **Errors** are for what did not happen. A write that was sent and not answered is [`Written::Ambiguous`], never an error and never a
///   guess; a touch or a deletion, which may be repeated, is then [`StoreErrorKind::TimedOut`](super::StoreErrorKind).
/// - **Giving up.** An answer may take as long as it takes: the caller gives up by dropping it, at any `.await`. A dropped write may or may not
///   have happened, and nobody else notices: least of all by an answer that was meant for somebody else.
/// - **Runtimes.** A store is used on several at once, one for each worker, and goes on when one of them has ended.
#[doc(alias = "backend")]
pub trait SessionStore: fmt::Debug + Send + Sync + 'static {
    /// Stores a record under a key that holds none that lives.
    ///
    /// `Conflict` if one lives there. With an `admission`, counts the live sessions of the record's principal in the same step; beyond the
    /// limit it answers `Refused` or ends the oldest, as the policy says, so that parallel calls never exceed the limit together. A record
    /// without a principal is admitted. A store is only given an admission if its index [`limits`](PrincipalIndex::limits).
    fn create<'a>(
        &'a self,
        key: &'a StoreKey,
        record: &'a Record,
        admission: Option<Admission>,
        now: Timestamp,
    ) -> Answer<'a, Written>;

    /// The record under a key as it was last written, with deadline and `last_seen` as last touched; `None` if none lives there.
    fn load<'a>(&'a self, key: &'a StoreKey, now: Timestamp) -> Answer<'a, Option<Loaded>>;

    /// Replaces the record under a key if it is still in the state `expected`.
    ///
    /// `Conflict` if it is in another, `Missing` if none lives there: it never creates. The record's deadline replaces the old one. Admission is
    /// as in [`create`](Self::create); the replaced record counts no longer and never has to make room for its successor.
    fn update<'a>(
        &'a self,
        key: &'a StoreKey,
        record: &'a Record,
        expected: Revision,
        admission: Option<Admission>,
        now: Timestamp,
    ) -> Answer<'a, Written>;

    /// Moves the deadline and `last_seen` of the record under a key to later times; an earlier one leaves what is there.
    ///
    /// The revision and everything else stay. `Missing` if none lives there: it never revives.
    fn touch<'a>(
        &'a self,
        key: &'a StoreKey,
        deadline: Timestamp,
        now: Timestamp,
    ) -> Answer<'a, Touched>;

    /// Replaces the record under `old`, if it is still in the state `expected`, by a record under `new`, which holds none that lives.
    ///
    /// `Missing` if none lives under `old`; `Conflict` if it is in another state, or if one lives under `new`. Admission is as in
    /// [`update`](Self::update). Where the engine cannot change two keys at once: create the new, delete the old by its
    /// revision, delete the new again if that was refused; answer `Applied` only when the old is dead; and say so by
    /// [`renames_at_once`](Self::renames_at_once).
    fn rename<'a>(
        &'a self,
        old: &'a StoreKey,
        new: &'a StoreKey,
        record: &'a Record,
        expected: Revision,
        admission: Option<Admission>,
        now: Timestamp,
    ) -> Answer<'a, Written>;

    /// Deletes whatever is under a key; nothing there is as good.
    fn delete<'a>(&'a self, key: &'a StoreKey) -> Answer<'a, ()>;

    /// Deletes up to `limit` dead records and answers how many; fewer than `limit` when there are no more.
    ///
    /// Holds up no other verb for long. A store whose engine forgets by itself answers zero.
    fn delete_expired(&self, limit: usize, now: Timestamp) -> Answer<'_, usize>;

    /// Loads several records; answers in the order of the keys. One round trip where the engine can.
    fn load_many<'a>(
        &'a self,
        keys: &'a [StoreKey],
        now: Timestamp,
    ) -> Answer<'a, Vec<Option<Loaded>>> {
        Answer::pending(async move {
            let mut loaded = Vec::with_capacity(keys.len());
            for key in keys {
                loaded.push(self.load(key, now).await?);
            }
            Ok(loaded)
        })
    }

    /// The store's index by principal, if it has one.
    fn principals(&self) -> Option<&dyn PrincipalIndex>;

    /// Whether the engine forgets dead records by itself, so that nobody need call [`delete_expired`](Self::delete_expired).
    fn expires_by_itself(&self) -> bool;

    /// Whether [`rename`](Self::rename) changes both keys in one step for everybody else, also where its caller gives up on it.
    ///
    /// Only then does a new record without an old one show that a rename was applied whose answer was lost. Where it takes two, somebody may
    /// have deleted the old one before: such a renewal is given up, and what it created is discarded.
    fn renames_at_once(&self) -> bool;

    /// The way through all of the store's records, if it has one.
    ///
    /// Without one, sessions cannot be [moved](crate::migrate) out of it but one by one, when they are next written or touched.
    fn scan(&self) -> Option<&dyn Scan> {
        None
    }
}

/// A store that is shared, with a test or an administrator's page, is a store.
impl<S: SessionStore + ?Sized> SessionStore for Arc<S> {
    fn create<'a>(
        &'a self,
        key: &'a StoreKey,
        record: &'a Record,
        admission: Option<Admission>,
        now: Timestamp,
    ) -> Answer<'a, Written> {
        S::create(self, key, record, admission, now)
    }

    fn load<'a>(&'a self, key: &'a StoreKey, now: Timestamp) -> Answer<'a, Option<Loaded>> {
        S::load(self, key, now)
    }

    fn update<'a>(
        &'a self,
        key: &'a StoreKey,
        record: &'a Record,
        expected: Revision,
        admission: Option<Admission>,
        now: Timestamp,
    ) -> Answer<'a, Written> {
        S::update(self, key, record, expected, admission, now)
    }

    fn touch<'a>(
        &'a self,
        key: &'a StoreKey,
        deadline: Timestamp,
        now: Timestamp,
    ) -> Answer<'a, Touched> {
        S::touch(self, key, deadline, now)
    }

    fn rename<'a>(
        &'a self,
        old: &'a StoreKey,
        new: &'a StoreKey,
        record: &'a Record,
        expected: Revision,
        admission: Option<Admission>,
        now: Timestamp,
    ) -> Answer<'a, Written> {
        S::rename(self, old, new, record, expected, admission, now)
    }

    fn delete<'a>(&'a self, key: &'a StoreKey) -> Answer<'a, ()> {
        S::delete(self, key)
    }

    fn delete_expired(&self, limit: usize, now: Timestamp) -> Answer<'_, usize> {
        S::delete_expired(self, limit, now)
    }

    fn load_many<'a>(
        &'a self,
        keys: &'a [StoreKey],
        now: Timestamp,
    ) -> Answer<'a, Vec<Option<Loaded>>> {
        S::load_many(self, keys, now)
    }

    fn principals(&self) -> Option<&dyn PrincipalIndex> {
        S::principals(self)
    }

    fn expires_by_itself(&self) -> bool {
        S::expires_by_itself(self)
    }

    fn renames_at_once(&self) -> bool {
        S::renames_at_once(self)
    }

    fn scan(&self) -> Option<&dyn Scan> {
        S::scan(self)
    }
}

/// A record as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a store answers with nothing else"
)]
pub struct Loaded {
    /// The record.
    pub record: Record,
    /// The state it is in.
    pub revision: Revision,
}

/// The answer to a write.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a caller has to deal with every answer"
)]
pub enum Written {
    /// It is done; the record is now in this state.
    Applied {
        /// For the next write.
        revision: Revision,
        /// The sessions that ended to make room.
        evicted: Vec<Handle>,
    },
    /// Somebody else was faster: the record is in another state, or there is one where there should be none.
    Conflict,
    /// No record lives there.
    Missing,
    /// The principal has as many sessions as it may.
    Refused,
    /// It was sent and not answered: it may or may not have been done.
    Ambiguous,
}

impl Written {
    /// It is done, and nobody had to go.
    #[must_use]
    pub fn applied(revision: impl Into<Revision>) -> Self {
        Self::Applied {
            revision: revision.into(),
            evicted: Vec::new(),
        }
    }
}

/// The answer to a touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a caller has to deal with every answer"
)]
pub enum Touched {
    /// The record lives at least until the deadline.
    Applied,
    /// No record lives there.
    Missing,
}
