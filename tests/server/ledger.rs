//! What a store is given, written down before the store hears of it, and what became of it.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use sessions::{
    Timestamp,
    store::{
        Abilities, Answer, Loaded, Record, Replaces, SessionStore, StoreKey, Touched, Write,
        Written,
    },
};

/// A store whose records a test can see, and spoil.
#[derive(Debug)]
pub(crate) struct Ledger {
    store: Arc<dyn SessionStore>,
    written: Mutex<Vec<(StoreKey, Record)>>,
    renames_in_steps: AtomicBool,
    halves_next_rename: AtomicBool,
    always_conflicts: AtomicBool,
    hides_index: AtomicBool,
}

impl Ledger {
    pub(crate) fn new(store: Arc<dyn SessionStore>) -> Self {
        Self {
            store,
            written: Mutex::default(),
            renames_in_steps: AtomicBool::new(false),
            halves_next_rename: AtomicBool::new(false),
            always_conflicts: AtomicBool::new(false),
            hides_index: AtomicBool::new(false),
        }
    }

    /// Every session that was to be written, in order, whatever became of it.
    pub(crate) fn written(&self) -> Vec<(StoreKey, Record)> {
        let mut written = self.lock().clone();
        written.retain(|(_, record)| !is_forward(record));
        written
    }

    /// The sessions that live, in the order of their keys.
    pub(crate) async fn live(&self, now: Timestamp) -> Vec<(StoreKey, Record)> {
        let mut live = self.kept(now).await;
        live.retain(|(_, record)| !is_forward(record));
        live
    }

    /// Where it is written down to what keys sessions were renewed.
    pub(crate) async fn forwards(&self, now: Timestamp) -> Vec<(StoreKey, Record)> {
        let mut forwards = self.kept(now).await;
        forwards.retain(|(_, record)| is_forward(record));
        forwards
    }

    /// The records that live, in the order of their keys.
    async fn kept(&self, now: Timestamp) -> Vec<(StoreKey, Record)> {
        let keys: BTreeSet<StoreKey> = self.lock().iter().map(|(key, _)| *key).collect();
        let mut live = Vec::new();
        for key in keys {
            if let Some(found) = self.store.load(&key, now).await.unwrap() {
                live.push((key, found.record));
            }
        }
        live
    }

    /// Changes a record behind everybody's back.
    pub(crate) async fn spoil(
        &self,
        key: &StoreKey,
        now: Timestamp,
        spoil: impl FnOnce(&mut Record),
    ) {
        let mut found = self.store.load(key, now).await.unwrap().unwrap();
        spoil(&mut found.record);
        let update = self
            .store
            .write(Write::update(key, &found.record, found.revision, now));
        assert!(matches!(update.await, Ok(Written::Applied { .. })));
    }

    /// Is a store that cannot change two keys at once, and breaks off the next renewal between its two steps: the new record lives, the old
    /// one is as it was, and the answer is lost.
    pub(crate) fn halve_next_rename(&self) {
        self.renames_in_steps.store(true, Ordering::Relaxed);
        self.halves_next_rename.store(true, Ordering::Relaxed);
    }

    /// Lets somebody be faster than every update and every renewal.
    pub(crate) fn always_conflict(&self, always: bool) {
        self.always_conflicts.store(always, Ordering::Relaxed);
    }

    /// Is a store that cannot list by principal.
    pub(crate) fn hide_index(&self) {
        self.hides_index.store(true, Ordering::Relaxed);
    }

    fn conflicts(&self) -> bool {
        self.always_conflicts.load(Ordering::Relaxed)
    }

    /// Begins a new page.
    pub(crate) fn forget(&self) {
        self.lock().clear();
    }

    fn note(&self, key: &StoreKey, record: &Record) {
        self.lock().push((*key, record.clone()));
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(StoreKey, Record)>> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a record says where a session went, and is none.
fn is_forward(record: &Record) -> bool {
    matches!(record.body.split_first(), Some((3, keys)) if keys.len() % StoreKey::LEN == 0)
}

impl SessionStore for Ledger {
    fn write<'a>(&'a self, write: Write<'a>) -> Answer<'a, Written> {
        self.note(write.key, write.record);
        match write.replaces {
            Replaces::Same(_) | Replaces::Other(..) if self.conflicts() => {
                Answer::ready(Ok(Written::Conflict))
            }
            Replaces::Other(..) if self.halves_next_rename.swap(false, Ordering::Relaxed) => {
                Answer::pending(async move {
                    let create = Write::create(write.key, write.record, write.now);
                    self.store.write(create).await?;
                    Ok(Written::Ambiguous)
                })
            }
            _ => self.store.write(write),
        }
    }

    fn load<'a>(&'a self, key: &'a StoreKey, now: Timestamp) -> Answer<'a, Option<Loaded>> {
        self.store.load(key, now)
    }

    fn touch<'a>(
        &'a self,
        key: &'a StoreKey,
        deadline: Timestamp,
        now: Timestamp,
    ) -> Answer<'a, Touched> {
        self.store.touch(key, deadline, now)
    }

    fn delete<'a>(&'a self, key: &'a StoreKey) -> Answer<'a, ()> {
        self.store.delete(key)
    }

    fn delete_expired(&self, limit: usize, now: Timestamp) -> Answer<'_, usize> {
        self.store.delete_expired(limit, now)
    }

    fn abilities(&self) -> Abilities<'_> {
        let mut abilities = self.store.abilities();
        if self.hides_index.load(Ordering::Relaxed) {
            abilities.principals = None;
        }
        abilities.renames_at_once &= !self.renames_in_steps.load(Ordering::Relaxed);
        Abilities {
            scan: None,
            ..abilities
        }
    }
}
