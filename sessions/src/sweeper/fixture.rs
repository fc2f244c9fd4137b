use std::{
    collections::VecDeque,
    future,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use crate::{
    clock::Timestamp,
    store::{
        Abilities, Answer, Loaded, SessionStore, StoreError, StoreErrorKind, StoreKey, Touched,
        Write, Written,
    },
};

/// Holds nothing but the dead, and can be told how to fail.
#[derive(Debug, Default)]
pub(super) struct Engine {
    pub(super) dead: AtomicUsize,
    /// How often it was asked to delete some.
    pub(super) calls: AtomicUsize,
    /// At which times.
    pub(super) times: Mutex<Vec<Timestamp>>,
    /// What happens to the next calls.
    pub(super) faults: Mutex<VecDeque<Fault>>,
    pub(super) forgets: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    Error(StoreErrorKind),
    Silence,
    Panic,
}

impl SessionStore for Engine {
    fn delete_expired(&self, limit: usize, now: Timestamp) -> Answer<'_, usize> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.times.lock().unwrap().push(now);
        let fault = self.faults.lock().unwrap().pop_front();
        match fault {
            None => {
                let dead = self.dead.load(Ordering::Relaxed);
                let deleted = dead.min(limit);
                self.dead.store(dead - deleted, Ordering::Relaxed);
                Answer::ready(Ok(deleted))
            }
            Some(Fault::Error(kind)) => Answer::ready(Err(StoreError::new(kind))),
            Some(Fault::Silence) => Answer::pending(future::pending()),
            Some(Fault::Panic) => panic!("the engine panics, as it was told to"),
        }
    }

    fn abilities(&self) -> Abilities<'_> {
        Abilities {
            expires_by_itself: self.forgets,
            renames_at_once: true,
            ..Abilities::default()
        }
    }

    fn write<'a>(&'a self, _: Write<'a>) -> Answer<'a, Written> {
        refused()
    }

    fn load<'a>(&'a self, _: &'a StoreKey, _: Timestamp) -> Answer<'a, Option<Loaded>> {
        refused()
    }

    fn touch<'a>(&'a self, _: &'a StoreKey, _: Timestamp, _: Timestamp) -> Answer<'a, Touched> {
        refused()
    }

    fn delete<'a>(&'a self, _: &'a StoreKey) -> Answer<'a, ()> {
        refused()
    }
}

/// A sweeper has no business with the living.
fn refused<T>() -> Answer<'static, T> {
    Answer::ready(Err(StoreError::new(StoreErrorKind::Refused)))
}
