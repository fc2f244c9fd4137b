use std::{fmt, sync::Arc};

use crate::clock::Timestamp;

use super::{Abilities, Answer, Handle, Record, Revision, StoreKey, Write};

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
    /// Puts a record under a key, in the place of what the [`Write`] says.
    ///
    /// - **A creation** replaces [`Nothing`](super::Replaces::Nothing). `Conflict` if a record lives under the key.
    /// - **An update** replaces the record under the [`Same`](super::Replaces::Same) key if it is still in the state that is named. `Conflict` if it is
    ///   in another, `Missing` if none lives there: it never creates.
    /// - **A rename** replaces the record under an [`Other`](super::Replaces::Other) key, if it is still in the state that is named, by one under a key
    ///   that holds none that lives. `Missing` if none lives under the old key; `Conflict` if it is in another state, or if one lives under the
    ///   new. Where the engine cannot change two keys at once: create the new, delete the old by its revision, delete the new again if that was
    ///   refused; answer `Applied` only when the old is dead; and do not claim [`renames_at_once`](Abilities::renames_at_once).
    ///
    /// The record's deadline replaces the old one.
    ///
    /// With an `admission`, counts the live sessions of the record's principal in the same step; beyond the limit it answers `Refused` or ends
    /// the oldest, as the policy says, so that parallel calls never exceed the limit together. The replaced record counts no longer and never
    /// has to make room for its successor. A record without a principal is admitted. A store is only given an admission if its index
    /// [`limits`](super::PrincipalIndex::limits).
    fn write<'a>(&'a self, write: Write<'a>) -> Answer<'a, Written>;

    /// The record under a key as it was last written, with deadline and `last_seen` as last touched; `None` if none lives there.
    fn load<'a>(&'a self, key: &'a StoreKey, now: Timestamp) -> Answer<'a, Option<Loaded>>;

    /// Moves the deadline and `last_seen` of the record under a key to later times; an earlier one leaves what is there.
    ///
    /// The revision and everything else stay. `Missing` if none lives there: it never revives.
    fn touch<'a>(
        &'a self,
        key: &'a StoreKey,
        deadline: Timestamp,
        now: Timestamp,
    ) -> Answer<'a, Touched>;

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

    /// What the store can do beside these verbs.
    fn abilities(&self) -> Abilities<'_>;
}

/// A store that is shared, with a test or an administrator's page, is a store.
impl<S: SessionStore + ?Sized> SessionStore for Arc<S> {
    fn write<'a>(&'a self, write: Write<'a>) -> Answer<'a, Written> {
        S::write(self, write)
    }

    fn load<'a>(&'a self, key: &'a StoreKey, now: Timestamp) -> Answer<'a, Option<Loaded>> {
        S::load(self, key, now)
    }

    fn touch<'a>(
        &'a self,
        key: &'a StoreKey,
        deadline: Timestamp,
        now: Timestamp,
    ) -> Answer<'a, Touched> {
        S::touch(self, key, deadline, now)
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

    fn abilities(&self) -> Abilities<'_> {
        S::abilities(self)
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

/// For a store that takes the write's name for the revision.
impl From<Record> for Loaded {
    fn from(record: Record) -> Self {
        Self {
            revision: record.write_id.into(),
            record,
        }
    }
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
