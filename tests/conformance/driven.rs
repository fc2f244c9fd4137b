//! A store over a network, as far as its connections go: each is driven by the runtime that opened it and ends with it, and whoever waits for an
//! answer on it then cannot know. The laws must not end a runtime while somebody waits.

use std::{
    future::pending,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use actix_web::rt::{self, task::JoinHandle};
use sessions::{
    MemoryStore, Timestamp,
    store::{
        Abilities, Answer, Listed, Loaded, Principal, PrincipalIndex, SessionStore, StoreKey,
        Touched, Write, Written,
    },
};

sessions::store_conformance!(async || DrivenStore::default());

/// A memory store whose writes are ambiguous if one of its connections ends before they are answered.
#[derive(Debug, Default)]
struct DrivenStore {
    store: MemoryStore,
    connections: Mutex<Vec<JoinHandle<()>>>,
}

impl DrivenStore {
    /// Opens a connection on the caller's runtime, and waits for the answer over all that there are.
    fn over_the_network<'a>(&'a self, written: Answer<'a, Written>) -> Answer<'a, Written> {
        Answer::pending(async move {
            let connection = rt::spawn(pending());
            {
                let mut connections = self.lock();
                // What ended while nobody waited is replaced.
                connections.retain(|connection| !connection.is_finished());
                connections.push(connection);
            }
            let written = written.await;
            // Long enough for a runtime that ends to have ended.
            rt::time::sleep(Duration::from_millis(1)).await;
            if self.lock().iter().any(JoinHandle::is_finished) {
                return Ok(Written::Ambiguous);
            }
            written
        })
    }

    fn lock(&self) -> MutexGuard<'_, Vec<JoinHandle<()>>> {
        self.connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl SessionStore for DrivenStore {
    fn write<'a>(&'a self, write: Write<'a>) -> Answer<'a, Written> {
        self.over_the_network(self.store.write(write))
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

    fn load_many<'a>(
        &'a self,
        keys: &'a [StoreKey],
        now: Timestamp,
    ) -> Answer<'a, Vec<Option<Loaded>>> {
        self.store.load_many(keys, now)
    }

    fn abilities(&self) -> Abilities<'_> {
        Abilities {
            principals: Some(self),
            scan: None,
            ..self.store.abilities()
        }
    }
}

impl PrincipalIndex for DrivenStore {
    fn list<'a>(&'a self, principal: &'a Principal, now: Timestamp) -> Answer<'a, Vec<Listed>> {
        self.store.list(principal, now)
    }

    fn limits(&self) -> bool {
        self.store.limits()
    }
}
