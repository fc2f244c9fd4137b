//! A store of your own, from nothing: sessions in a `BTreeMap`. `cargo test -p sessions-examples --example custom_store` shows that it keeps the contract.
//!
//! A store implements [`SessionStore`]: six verbs by key, a sweep, and two questions about what it can do. It sees keys, records and
//! deadlines; tokens, cookies, encryption and your types are other people's work. What each clause asks for is explained in the chapter
//! "A store of your own" of `sessions::store`; every clause has a test, and the last lines of this file run them all.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sessions::Timestamp;
use sessions::store::{
    Admission, Answer, Loaded, Record, Revision, SessionStore, StoreKey, Touched, Written,
};

/// What an engine keeps. A database has a table for it: the key, a column for each field of [`Record`], and an index by deadline.
#[derive(Debug, Default)]
pub struct MapStore(Mutex<BTreeMap<StoreKey, Record>>);

impl MapStore {
    /// One lock around everything makes each verb happen at once or not at all. A database does it with a transaction, or with one statement
    /// that says its condition, like `UPDATE … WHERE key = ? AND write_id = ? AND deadline > ?`; never load first and store later.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<StoreKey, Record>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The three verbs that write are one: if the key `old` is in the state `expected`, put a record under `key` in its place.
    ///
    /// A creation expects nothing, and `old` is `key`, as with an update; only a rename has two.
    fn write(
        &self,
        (old, expected): (&StoreKey, Option<Revision>),
        key: &StoreKey,
        record: &Record,
        now: Timestamp,
    ) -> Answer<'_, Written> {
        let mut records = self.lock();
        // What is past its deadline is not there, swept or not.
        let living = |key| records.get(key).filter(|found| found.deadline > now);
        // A record's state is the name of the write that left it so. The caller names each at random: no state ever comes back.
        let state = |key| living(key).map(|found| Revision::from(found.write_id));
        // With an engine to wait for: `Answer::pending(async move { … })`, and `Written::Ambiguous` if its answer is lost.
        Answer::ready(Ok(if expected.is_some() && state(old).is_none() {
            // Do not create it: a session that was destroyed while this request was under way stays destroyed.
            Written::Missing
        } else if state(old) != expected || old != key && state(key).is_some() {
            Written::Conflict
        } else {
            records.remove(old);
            records.insert(*key, record.clone());
            Written::applied(record.write_id)
        }))
    }
}

impl SessionStore for MapStore {
    /// The `admission` is for stores with an index by principal. This one has none, so it is never given any.
    fn create<'a>(
        &'a self,
        key: &'a StoreKey,
        record: &'a Record,
        _: Option<Admission>,
        now: Timestamp,
    ) -> Answer<'a, Written> {
        self.write((key, None), key, record, now)
    }

    fn load<'a>(&'a self, key: &'a StoreKey, now: Timestamp) -> Answer<'a, Option<Loaded>> {
        let records = self.lock();
        let found = records.get(key).filter(|found| found.deadline > now);
        Answer::ready(Ok(found.map(|found| Loaded {
            record: found.clone(),
            revision: found.write_id.into(),
        })))
    }

    fn update<'a>(
        &'a self,
        key: &'a StoreKey,
        record: &'a Record,
        expected: Revision,
        _: Option<Admission>,
        now: Timestamp,
    ) -> Answer<'a, Written> {
        self.write((key, Some(expected)), key, record, now)
    }

    /// Requests overtake each other: only ever move the two times forward, and write nothing else back.
    fn touch(&self, key: &StoreKey, deadline: Timestamp, now: Timestamp) -> Answer<'_, Touched> {
        let mut records = self.lock();
        let Some(found) = records.get_mut(key).filter(|found| found.deadline > now) else {
            return Answer::ready(Ok(Touched::Missing));
        };
        found.deadline = found.deadline.max(deadline);
        found.last_seen = found.last_seen.max(now);
        Answer::ready(Ok(Touched::Applied))
    }

    /// The visitor gets the new token only after `Applied`, and by then the old key must be dead.
    fn rename<'a>(
        &'a self,
        old: &'a StoreKey,
        new: &'a StoreKey,
        record: &'a Record,
        expected: Revision,
        _: Option<Admission>,
        now: Timestamp,
    ) -> Answer<'a, Written> {
        self.write((old, Some(expected)), new, record, now)
    }

    fn delete<'a>(&'a self, key: &'a StoreKey) -> Answer<'a, ()> {
        self.lock().remove(key);
        Answer::ready(Ok(()))
    }

    /// Keep to the limit: it is what keeps a sweep short. A database does it with `DELETE … WHERE deadline <= ? LIMIT ?`.
    fn delete_expired(&self, limit: usize, now: Timestamp) -> Answer<'_, usize> {
        let mut records = self.lock();
        let dead = records.extract_if(.., |_, record| record.deadline <= now);
        Answer::ready(Ok(dead.take(limit).count()))
    }

    /// Without an index by principal, sessions can be neither listed nor limited: a limit is refused at start, a list when a request asks for it.
    fn principals(&self) -> Option<&dyn sessions::store::PrincipalIndex> {
        None
    }

    /// `true` for an engine that forgets at a deadline by itself, like Redis; then nobody calls `delete_expired`.
    fn expires_by_itself(&self) -> bool {
        false
    }

    /// `true` where `rename` is one step, as under a lock or in a transaction.
    fn renames_at_once(&self) -> bool {
        true
    }
}

// One test for each law of the contract. The closure makes an empty store: with an engine, in a schema or folder of its own.
#[cfg(test)]
sessions::store_conformance!(async || MapStore::default());
