use std::{sync::Arc, time::Duration};

use rand::RngExt as _;

use crate::{
    clock::{Clock, Timestamp},
    store::{
        Admission, Device, Handle, Loaded, Principal, PrincipalIndex, Record, Revision,
        SessionStore, StoreError, StoreKey, Touched, Write, WriteId, Written,
    },
};

/// A store under test, and the time the law begins at.
pub(super) struct Subject<S> {
    pub(super) store: Arc<S>,
    /// The real time: an engine that forgets by its own clock must not find every record dead.
    pub(super) now: Timestamp,
}

/// How long a record of the kit lives, in seconds.
pub(super) const LIFETIME: u64 = 4 * 60 * 60;

impl<S: SessionStore> Subject<S> {
    pub(super) async fn new(new_store: impl AsyncFn() -> S) -> Self {
        Self {
            store: Arc::new(new_store().await),
            now: Clock::system().now(),
        }
    }

    pub(super) fn after(&self, seconds: u64) -> Timestamp {
        self.now.saturating_add(Duration::from_secs(seconds))
    }

    /// From here on, records of the kit that were not touched are dead.
    pub(super) fn end(&self) -> Timestamp {
        self.after(LIFETIME)
    }

    pub(super) fn record(&self) -> Record {
        let body: [u8; 24] = rand::rng().random();
        Record {
            handle: Handle::generate(),
            write_id: WriteId::from_bytes(rand::rng().random()),
            created: self.now,
            last_seen: self.now,
            deadline: self.end(),
            principal: None,
            device: None,
            body: body.to_vec(),
        }
    }

    pub(super) fn record_of(&self, principal: &Principal) -> Record {
        Record {
            principal: Some(principal.clone()),
            ..self.record()
        }
    }

    /// A record that comes after another of the same session.
    pub(super) fn successor(&self, record: &Record) -> Record {
        Record {
            handle: record.handle,
            principal: record.principal.clone(),
            ..self.record()
        }
    }

    /// Stores a record under a key of its own.
    pub(super) async fn stored(&self, record: &Record) -> (StoreKey, Revision) {
        let key = new_key();
        let revision = applied(
            self.create(&key, record, None).await,
            "`create`: stores a record under a key that holds none",
        );
        (key, revision)
    }

    pub(super) async fn write(&self, write: Write<'_>) -> Written {
        self::write(&*self.store, write).await
    }

    pub(super) async fn create(
        &self,
        key: &StoreKey,
        record: &Record,
        admission: Option<Admission>,
    ) -> Written {
        let create = Write::create(key, record, self.now);
        self.write(create.admitted_by(admission)).await
    }

    pub(super) async fn load(&self, key: &StoreKey) -> Option<Loaded> {
        self.load_at(key, self.now).await
    }

    pub(super) async fn load_at(&self, key: &StoreKey, now: Timestamp) -> Option<Loaded> {
        answered("load", self.store.load(key, now).await)
    }

    pub(super) async fn update(
        &self,
        key: &StoreKey,
        record: &Record,
        expected: Revision,
    ) -> Written {
        let update = Write::update(key, record, expected, self.now);
        self.write(update).await
    }

    pub(super) async fn touch(
        &self,
        key: &StoreKey,
        deadline: Timestamp,
        now: Timestamp,
    ) -> Touched {
        answered("touch", self.store.touch(key, deadline, now).await)
    }

    pub(super) async fn rename(
        &self,
        old: &StoreKey,
        new: &StoreKey,
        record: &Record,
        expected: Revision,
    ) -> Written {
        let rename = Write::rename(old, new, record, expected, self.now);
        self.write(rename).await
    }

    pub(super) async fn delete(&self, key: &StoreKey) {
        answered("delete", self.store.delete(key).await);
    }

    pub(super) async fn sweep(&self, limit: usize, now: Timestamp) -> usize {
        let answer = self.store.delete_expired(limit, now).await;
        answered("delete_expired", answer)
    }

    /// The index of a store that can hold a principal to a limit.
    pub(super) fn limiting_index(&self) -> Option<&dyn PrincipalIndex> {
        let index = self.store.abilities().principals;
        index.filter(|index| index.limits())
    }

    /// The handles of a principal's sessions, sorted.
    pub(super) async fn listed(
        &self,
        index: &dyn PrincipalIndex,
        principal: &Principal,
    ) -> Vec<String> {
        let listed = answered("list", index.list(principal, self.now).await);
        handles(listed.iter().map(|listed| listed.handle))
    }

    /// Fails unless a record is as it was last written.
    pub(super) async fn assert_holds(
        &self,
        key: &StoreKey,
        record: &Record,
        revision: Revision,
        clause: &str,
    ) {
        let loaded = self.load(key).await;
        assert_eq!(
            loaded.as_ref(),
            Some(&Loaded {
                record: record.clone(),
                revision
            }),
            "{clause}"
        );
    }

    pub(super) async fn assert_holds_nothing(&self, key: &StoreKey, clause: &str) {
        assert_eq!(self.load(key).await, None, "{clause}");
    }
}

pub(super) fn new_key() -> StoreKey {
    StoreKey::from_bytes(rand::rng().random())
}

pub(super) fn new_principal() -> Principal {
    let bytes: [u8; 20] = rand::rng().random();
    Principal::from_bytes(bytes)
}

pub(super) fn new_device() -> Device {
    Device {
        address: Some("2001:db8::7".to_owned()),
        user_agent: Some("Mozilla/5.0 (X11; Linux) \"quoted\", 日本語".to_owned()),
    }
}

/// A revision that no store gave.
pub(super) fn stale_revision() -> Revision {
    Revision::from_bytes(rand::rng().random())
}

/// Sorted, to be compared.
pub(super) fn handles(handles: impl IntoIterator<Item = Handle>) -> Vec<String> {
    let mut handles = handles
        .into_iter()
        .map(|handle| handle.to_string())
        .collect::<Vec<_>>();
    handles.sort_unstable();
    handles
}

pub(super) fn answered<T>(verb: &str, answer: Result<T, StoreError>) -> T {
    answer.unwrap_or_else(|error| {
        panic!(
            "`{verb}` failed: {error} ({:?}); an error is for an engine in trouble",
            error.kind()
        )
    })
}

/// The answer to a write that must not fail.
pub(super) async fn write(store: &impl SessionStore, write: Write<'_>) -> Written {
    answered(write.verb(), store.write(write).await)
}

/// The revision of a write that must have been done.
pub(super) fn applied(written: Written, clause: &str) -> Revision {
    match written {
        Written::Applied { revision, .. } => revision,
        other => panic!("{clause}: it answered {other:?}"),
    }
}
