//! Two stores as one: with everything in the new store, and with every other session in the old one at first.

use std::{fmt::Debug, sync::Arc};

use sessions::{
    FilesystemStore, MemoryStore, Timestamp,
    migrate::PairStore,
    store::{
        Admission, Answer, Loaded, PrincipalIndex, Record, Revision, SessionStore, StoreKey,
        Touched, Written,
    },
};
use sessions_tests::{Engine, Folder};

use crate::{postgres, tables::new_table};

mod nothing_old {
    use super::*;

    sessions::store_conformance!(async || PairStore::new(MemoryStore::new(), MemoryStore::new()));
}

mod memory_to_memory {
    use super::*;

    sessions::store_conformance!(async || Seeded::new(MemoryStore::new(), MemoryStore::new(), ()));
}

mod files_to_memory {
    use super::*;

    sessions::store_conformance!(async || {
        let folder = Folder::new();
        let files = files(&folder);
        Seeded::new(MemoryStore::new(), files, folder)
    });
}

mod memory_to_files {
    use super::*;

    sessions::store_conformance!(async || {
        let folder = Folder::new();
        let files = files(&folder);
        Seeded::new(files, MemoryStore::new(), folder)
    });
}

mod files_to_postgres {
    use super::*;

    sessions::store_conformance!(if Engine::Postgres.is_running(), async || {
        let folder = Folder::new();
        let files = files(&folder);
        Seeded::new(postgres::store(&new_table()).await, files, folder)
    });
}

/// As large as the other half takes them.
fn files(folder: &Folder) -> FilesystemStore {
    FilesystemStore::new(folder.path()).unwrap().max_length(0)
}

/// A pair in which half of the sessions begin in the old store: those with an odd first byte.
#[derive(Debug)]
struct Seeded<E> {
    pair: PairStore,
    old: Arc<dyn SessionStore>,
    _engine: E,
}

impl<E> Seeded<E> {
    fn new(new: impl SessionStore, old: impl SessionStore, engine: E) -> Self {
        let old: Arc<dyn SessionStore> = Arc::new(old);
        Self {
            pair: PairStore::new(new, Arc::clone(&old)),
            old,
            _engine: engine,
        }
    }
}

impl<E: Debug + Send + Sync + 'static> SessionStore for Seeded<E> {
    fn create<'a>(
        &'a self,
        key: &'a StoreKey,
        record: &'a Record,
        admission: Option<Admission>,
        now: Timestamp,
    ) -> Answer<'a, Written> {
        Answer::pending(async move {
            if key.as_bytes()[0].is_multiple_of(2) {
                return self.pair.create(key, record, admission, now).await;
            }
            if self.pair.load(key, now).await?.is_some() {
                return Ok(Written::Conflict);
            }
            let written = self.old.create(key, record, admission, now).await?;
            Ok(match written {
                Written::Applied { .. } => Written::applied(record.write_id),
                other => other,
            })
        })
    }

    fn load<'a>(&'a self, key: &'a StoreKey, now: Timestamp) -> Answer<'a, Option<Loaded>> {
        self.pair.load(key, now)
    }

    fn update<'a>(
        &'a self,
        key: &'a StoreKey,
        record: &'a Record,
        expected: Revision,
        admission: Option<Admission>,
        now: Timestamp,
    ) -> Answer<'a, Written> {
        self.pair.update(key, record, expected, admission, now)
    }

    fn touch<'a>(
        &'a self,
        key: &'a StoreKey,
        deadline: Timestamp,
        now: Timestamp,
    ) -> Answer<'a, Touched> {
        self.pair.touch(key, deadline, now)
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
        self.pair.rename(old, new, record, expected, admission, now)
    }

    fn delete<'a>(&'a self, key: &'a StoreKey) -> Answer<'a, ()> {
        self.pair.delete(key)
    }

    fn delete_expired(&self, limit: usize, now: Timestamp) -> Answer<'_, usize> {
        self.pair.delete_expired(limit, now)
    }

    fn load_many<'a>(
        &'a self,
        keys: &'a [StoreKey],
        now: Timestamp,
    ) -> Answer<'a, Vec<Option<Loaded>>> {
        self.pair.load_many(keys, now)
    }

    fn principals(&self) -> Option<&dyn PrincipalIndex> {
        self.pair.principals()
    }

    fn expires_by_itself(&self) -> bool {
        self.pair.expires_by_itself()
    }

    fn renames_at_once(&self) -> bool {
        self.pair.renames_at_once()
    }
}
