use std::{
    fmt::Debug,
    sync::atomic::{AtomicUsize, Ordering},
};

use sessions::{
    Timestamp,
    store::{
        Abilities, Answer, Listed, Loaded, Principal, PrincipalIndex, Scan, ScanCursor, Scanned,
        SessionStore, StoreKey, Touched, Write, Written,
    },
};

/// Several instances of a store on one engine, as several processes have them: each call goes to the next.
#[derive(Debug)]
pub(crate) struct Several<S, E = ()> {
    instances: Vec<S>,
    turn: AtomicUsize,
    /// What ends with the last call, after the instances.
    _engine: E,
}

impl<S> Several<S> {
    pub(crate) fn new(instances: Vec<S>) -> Self {
        Self {
            instances,
            turn: AtomicUsize::new(0),
            _engine: (),
        }
    }

    /// Keeps the engine, if it is one that must be cleaned up.
    pub(crate) fn on<E>(self, engine: E) -> Several<S, E> {
        Several {
            instances: self.instances,
            turn: self.turn,
            _engine: engine,
        }
    }
}

impl<S, E> Several<S, E> {
    fn next(&self) -> &S {
        &self.instances[self.turn.fetch_add(1, Ordering::Relaxed) % self.instances.len()]
    }
}

impl<S: SessionStore, E: Debug + Send + Sync + 'static> SessionStore for Several<S, E> {
    fn write<'a>(&'a self, write: Write<'a>) -> Answer<'a, Written> {
        self.next().write(write)
    }

    fn load<'a>(&'a self, key: &'a StoreKey, now: Timestamp) -> Answer<'a, Option<Loaded>> {
        self.next().load(key, now)
    }

    fn touch<'a>(
        &'a self,
        key: &'a StoreKey,
        deadline: Timestamp,
        now: Timestamp,
    ) -> Answer<'a, Touched> {
        self.next().touch(key, deadline, now)
    }

    fn delete<'a>(&'a self, key: &'a StoreKey) -> Answer<'a, ()> {
        self.next().delete(key)
    }

    fn delete_expired(&self, limit: usize, now: Timestamp) -> Answer<'_, usize> {
        self.next().delete_expired(limit, now)
    }

    fn load_many<'a>(
        &'a self,
        keys: &'a [StoreKey],
        now: Timestamp,
    ) -> Answer<'a, Vec<Option<Loaded>>> {
        self.next().load_many(keys, now)
    }

    fn abilities(&self) -> Abilities<'_> {
        let abilities = self.next().abilities();
        Abilities {
            principals: abilities.principals.map(|_| self as _),
            scan: abilities.scan.map(|_| self as _),
            ..abilities
        }
    }
}

impl<S: SessionStore, E: Debug + Send + Sync + 'static> Scan for Several<S, E> {
    fn step<'a>(&'a self, after: Option<&'a ScanCursor>, limit: usize) -> Answer<'a, Scanned> {
        let scan = self.next().abilities().scan.expect("they are all alike");
        scan.step(after, limit)
    }
}

impl<S: SessionStore, E: Debug + Send + Sync + 'static> PrincipalIndex for Several<S, E> {
    fn list<'a>(&'a self, principal: &'a Principal, now: Timestamp) -> Answer<'a, Vec<Listed>> {
        self.next().abilities().principals.map_or_else(
            || Answer::ready(Ok(Vec::new())),
            |index| index.list(principal, now),
        )
    }

    fn limits(&self) -> bool {
        let index = self.next().abilities().principals;
        index.is_some_and(|index| index.limits())
    }
}
