//! A store of your own, from nothing: sessions in a `BTreeMap`. `cargo test --example custom_store` shows that it keeps the contract.
//!
//! A store implements [`SessionStore`]: six verbs by key, a sweep, and two questions about what it can do. It sees keys, records and
//! deadlines; tokens, cookies, encryption and your types are other people's work. Read the contract's own page beside this one: every clause
//! there has a test, and the last lines of this file run them all.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use sessions::Timestamp;
use sessions::store::{
    Admission, Answer, Loaded, PrincipalIndex, Record, Revision, SessionStore, StoreKey, Touched,
    Written,
};

/// What an engine keeps. A database has a table for it: the key, a column for each field of [`Record`], and an index by deadline.
///
/// One lock around everything makes each verb happen at once or not at all. A database does it with a transaction, or with one statement
/// that says its condition, like `UPDATE … WHERE key = ? AND write_id = ? AND deadline > ?`; never load first and store later.
#[derive(Debug, Default)]
pub struct MapStore {
    records: Mutex<BTreeMap<StoreKey, Record>>,
}

impl MapStore {
    fn records(&self) -> MutexGuard<'_, BTreeMap<StoreKey, Record>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The record under a key, if it lives. Every verb asks this first: what is past its deadline is not there, swept or not.
fn living<'a>(
    records: &'a mut BTreeMap<StoreKey, Record>,
    key: &StoreKey,
    now: Timestamp,
) -> Option<&'a mut Record> {
    records.get_mut(key).filter(|record| record.deadline > now)
}

/// The state a record is in. The caller names each write at random, so the name of the last one will do; an engine that counts versions by
/// itself can use those. A touch must not change it.
fn revision(record: &Record) -> Revision {
    Revision::from(record.write_id)
}

impl SessionStore for MapStore {
    /// The `admission` is for stores with an index by principal. This one has none, so it is never given any.
    fn create<'a>(
        &'a self,
        key: &'a StoreKey,
        record: &'a Record,
        _admission: Option<Admission>,
        now: Timestamp,
    ) -> Answer<'a, Written> {
        let mut records = self.records();
        if living(&mut records, key, now).is_some() {
            return Answer::ready(Ok(Written::Conflict));
        }
        records.insert(*key, record.clone());
        // With an engine to wait for: `Answer::pending(async move { … })`.
        Answer::ready(Ok(Written::applied(revision(record))))
    }

    fn load<'a>(&'a self, key: &'a StoreKey, now: Timestamp) -> Answer<'a, Option<Loaded>> {
        let loaded = living(&mut self.records(), key, now).map(|record| Loaded {
            record: record.clone(),
            revision: revision(record),
        });
        Answer::ready(Ok(loaded))
    }

    /// Never creates: a session that was destroyed while this request was under way stays destroyed.
    ///
    /// If the answer of the engine is lost, say [`Written::Ambiguous`]: the caller loads, and sees from the write's name whether it was done.
    fn update<'a>(
        &'a self,
        key: &'a StoreKey,
        record: &'a Record,
        expected: Revision,
        _admission: Option<Admission>,
        now: Timestamp,
    ) -> Answer<'a, Written> {
        Answer::ready(Ok(match living(&mut self.records(), key, now) {
            None => Written::Missing,
            Some(found) if revision(found) != expected => Written::Conflict,
            Some(found) => {
                found.clone_from(record);
                Written::applied(revision(record))
            }
        }))
    }

    /// Requests overtake each other: only ever move the two times forward, and write nothing else back.
    fn touch<'a>(
        &'a self,
        key: &'a StoreKey,
        deadline: Timestamp,
        now: Timestamp,
    ) -> Answer<'a, Touched> {
        let mut records = self.records();
        let Some(found) = living(&mut records, key, now) else {
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
        _admission: Option<Admission>,
        now: Timestamp,
    ) -> Answer<'a, Written> {
        let mut records = self.records();
        let is_taken = living(&mut records, new, now).is_some();
        Answer::ready(Ok(match living(&mut records, old, now) {
            None => Written::Missing,
            Some(found) if is_taken || revision(found) != expected => Written::Conflict,
            Some(_) => {
                records.remove(old);
                records.insert(*new, record.clone());
                Written::applied(revision(record))
            }
        }))
    }

    fn delete<'a>(&'a self, key: &'a StoreKey) -> Answer<'a, ()> {
        self.records().remove(key);
        Answer::ready(Ok(()))
    }

    /// Keep to the limit: it is what keeps a sweep short. A database does it with `DELETE … WHERE deadline <= ? LIMIT ?`.
    fn delete_expired(&self, limit: usize, now: Timestamp) -> Answer<'_, usize> {
        let mut records = self.records();
        let dead = records.extract_if(.., |_, record| record.deadline <= now);
        Answer::ready(Ok(dead.take(limit).count()))
    }

    /// Without an index by principal, sessions can be neither listed nor limited, and whoever configures that is told at start.
    fn principals(&self) -> Option<&dyn PrincipalIndex> {
        None
    }

    /// `true` for an engine that forgets at a deadline by itself, like Redis; then nobody calls `delete_expired`.
    fn expires_by_itself(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::MapStore;

    // One test for each law of the contract. The closure makes an empty store: with an engine, in a schema or folder of its own.
    sessions::store_conformance!(async || MapStore::default());
}
