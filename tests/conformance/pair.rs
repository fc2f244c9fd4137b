//! Two stores as one: with everything where the pair puts it, and with every other session in the other store at first.

use std::{fmt::Debug, sync::Arc};

use sessions::{
    FilesystemStore, MemoryStore, Timestamp,
    migrate::PairStore,
    store::{Abilities, Answer, Loaded, Replaces, SessionStore, StoreKey, Touched, Write, Written},
};
use sessions_tests::{Engine, Folder};

use crate::{memcached, postgres, redis, tables::new_table};

mod nothing_old {
    use super::*;

    sessions::store_conformance!(async || PairStore::new(MemoryStore::new(), MemoryStore::new()));
}

mod nothing_new {
    use super::*;

    sessions::store_conformance!(async || {
        PairStore::prepare(MemoryStore::new(), MemoryStore::new())
    });
}

mod memory_to_memory {
    use super::*;

    sessions::store_conformance!(async || {
        Seeded::moves(MemoryStore::new(), MemoryStore::new(), ())
    });
}

mod memory_to_memory_prepared {
    use super::*;

    sessions::store_conformance!(async || {
        Seeded::prepares(MemoryStore::new(), MemoryStore::new(), ())
    });
}

mod files_to_memory {
    use super::*;

    sessions::store_conformance!(async || {
        let folder = Folder::new();
        let files = files(&folder);
        Seeded::moves(MemoryStore::new(), files, folder)
    });
}

mod memory_to_files {
    use super::*;

    sessions::store_conformance!(async || {
        let folder = Folder::new();
        let files = files(&folder);
        Seeded::moves(files, MemoryStore::new(), folder)
    });
}

mod memory_to_files_prepared {
    use super::*;

    sessions::store_conformance!(async || {
        let folder = Folder::new();
        let files = files(&folder);
        Seeded::prepares(files, MemoryStore::new(), folder)
    });
}

mod files_to_postgres {
    use super::*;

    sessions::store_conformance!(if Engine::Postgres.is_running(), async || {
        let folder = Folder::new();
        let files = files(&folder);
        Seeded::moves(postgres::store(&new_table()).await, files, folder)
    });
}

// Both halves forget by themselves, or neither: otherwise nobody can count what was swept.
mod redis_to_cluster {
    use super::*;

    sessions::store_conformance!(
        if Engine::RedisCluster.is_running() && Engine::Redis.is_running(),
        async || Seeded::moves(redis::cluster().await, redis::single().await, ())
    );
}

mod cluster_to_redis {
    use super::*;

    sessions::store_conformance!(
        if Engine::RedisCluster.is_running() && Engine::Redis.is_running(),
        async || Seeded::moves(redis::single().await, redis::cluster().await, ())
    );
}

mod cluster_to_redis_prepared {
    use super::*;

    sessions::store_conformance!(
        if Engine::RedisCluster.is_running() && Engine::Redis.is_running(),
        async || Seeded::prepares(redis::single().await, redis::cluster().await, ())
    );
}

mod redis_to_memcached {
    use super::*;

    sessions::store_conformance!(
        if Engine::Redis.is_running() && Engine::Memcached.is_running(),
        async || Seeded::moves(memcached::store().await, redis::single().await, ())
    );
}

/// As large as the other half takes them.
fn files(folder: &Folder) -> FilesystemStore {
    FilesystemStore::new(folder.path()).unwrap().max_length(0)
}

/// A pair in which half of the sessions begin in the other store than it would put them into: those with an odd first byte.
#[derive(Debug)]
struct Seeded<E> {
    pair: PairStore,
    other: Arc<dyn SessionStore>,
    _engine: E,
}

impl<E> Seeded<E> {
    fn moves(new: impl SessionStore, old: impl SessionStore, engine: E) -> Self {
        let other: Arc<dyn SessionStore> = Arc::new(old);
        Self {
            pair: PairStore::new(new, Arc::clone(&other)),
            other,
            _engine: engine,
        }
    }

    fn prepares(new: impl SessionStore, old: impl SessionStore, engine: E) -> Self {
        let other: Arc<dyn SessionStore> = Arc::new(new);
        Self {
            pair: PairStore::prepare(Arc::clone(&other), old),
            other,
            _engine: engine,
        }
    }
}

impl<E: Debug + Send + Sync + 'static> SessionStore for Seeded<E> {
    fn write<'a>(&'a self, write: Write<'a>) -> Answer<'a, Written> {
        let is_elsewhere = !write.key.as_bytes()[0].is_multiple_of(2);
        // Whom it admits, the pair has to count.
        if write.replaces != Replaces::Nothing || !is_elsewhere || write.admission.is_some() {
            return self.pair.write(write);
        }
        Answer::pending(async move {
            let Write { key, now, .. } = write;
            if self.pair.load(key, now).await?.is_some() {
                return Ok(Written::Conflict);
            }
            let written = self.other.write(write).await?;
            let Written::Applied { .. } = written else {
                return Ok(written);
            };
            let found = self.pair.load(key, now).await?;
            Ok(found.map_or(Written::Missing, |found| Written::applied(found.revision)))
        })
    }

    fn load<'a>(&'a self, key: &'a StoreKey, now: Timestamp) -> Answer<'a, Option<Loaded>> {
        self.pair.load(key, now)
    }

    fn touch<'a>(
        &'a self,
        key: &'a StoreKey,
        deadline: Timestamp,
        now: Timestamp,
    ) -> Answer<'a, Touched> {
        self.pair.touch(key, deadline, now)
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

    fn abilities(&self) -> Abilities<'_> {
        self.pair.abilities()
    }
}
