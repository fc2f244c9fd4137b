//! A store of your own, from nothing: sessions in a `BTreeMap`. `cargo test -p sessions-examples --example custom_store` shows that it keeps the contract.
//!
//! A store implements [`SessionStore`]: four verbs by key, a sweep, and what it can do besides. It sees keys, records and deadlines;
//! tokens, cookies, encryption and your types are other people's work. What each clause asks for is explained in the chapter
//! "A store of your own" of `sessions::store`; every clause has a test, and the last lines of this file run them all.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sessions::Timestamp;
use sessions::store::{
    Abilities, Answer, Loaded, Record, SessionStore, StoreKey, Touched, Write, Written,
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
}

impl SessionStore for MapStore {
    /// A record comes, and what it replaces goes: nothing, the one under the same key, or the one under another, whose visitor gets a new
    /// token after `Applied`.
    ///
    /// Its `admission` is for stores with an index by principal. This one has none, so it is never given any.
    fn write<'a>(&'a self, write: Write<'a>) -> Answer<'a, Written> {
        let mut records = self.lock();
        // What is past its deadline is not there, swept or not.
        let living = |key| records.get(key).filter(|found| found.is_alive(write.now));
        let old = write.old();
        let found = old.map(|(key, expected)| (living(key), expected));
        // With an engine to wait for: `Answer::pending(async move { … })`, and `Written::Ambiguous` if its answer is lost.
        Answer::ready(Ok(match found {
            // Do not create it: a session that was destroyed while this request was under way stays destroyed.
            Some((None, _)) => Written::Missing,
            // A record's state is the name of the write that left it so. The caller names each at random: no state ever comes back.
            Some((Some(it), expected)) if expected != it.write_id.into() => Written::Conflict,
            _ if write.needs_free_key() && living(write.key).is_some() => Written::Conflict,
            _ => {
                old.map(|(key, _)| records.remove(key));
                records.insert(*write.key, write.record.clone());
                Written::applied(write.record.write_id)
            }
        }))
    }

    fn load<'a>(&'a self, key: &'a StoreKey, now: Timestamp) -> Answer<'a, Option<Loaded>> {
        let records = self.lock();
        let found = records.get(key).filter(|found| found.is_alive(now));
        Answer::ready(Ok(found.cloned().map(Loaded::from)))
    }

    /// Requests overtake each other: only ever move the two times forward, and write nothing else back.
    fn touch(&self, key: &StoreKey, deadline: Timestamp, now: Timestamp) -> Answer<'_, Touched> {
        let mut records = self.lock();
        let found = records.get_mut(key).filter(|found| found.is_alive(now));
        let touched = found.map(|found| found.touch(deadline, now));
        Answer::ready(Ok(touched.map_or(Touched::Missing, |_| Touched::Applied)))
    }

    fn delete<'a>(&'a self, key: &'a StoreKey) -> Answer<'a, ()> {
        self.lock().remove(key);
        Answer::ready(Ok(()))
    }

    /// Keep to the limit: it is what keeps a sweep short. A database does it with `DELETE … WHERE deadline <= ? LIMIT ?`.
    fn delete_expired(&self, limit: usize, now: Timestamp) -> Answer<'_, usize> {
        let mut records = self.lock();
        let dead = records.extract_if(.., |_, record| !record.is_alive(now));
        Answer::ready(Ok(dead.take(limit).count()))
    }

    /// Both keys of a rename change in one step, as under a lock or in a transaction.
    ///
    /// Nothing else: no index by principal, so that sessions can be neither listed nor limited; no way through all records, so that they are
    /// not moved elsewhere but one by one; and it does not forget at a deadline by itself, like Redis, so that somebody must sweep.
    fn abilities(&self) -> Abilities<'_> {
        Abilities {
            renames_at_once: true,
            ..Abilities::default()
        }
    }
}

// One test for each law of the contract. The closure makes an empty store: with an engine, in a schema or folder of its own.
#[cfg(test)]
sessions::store_conformance!(async || MapStore::default());
