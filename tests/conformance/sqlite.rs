//! SQLite: as a server opens it, several instances on one file as several processes have them, and a pool that there was already.

use std::{
    fs,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use sessions::SqliteStore;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions};

use crate::several::Several;

/// A file of its own for each law, removed with what SQLite puts beside it.
#[derive(Debug)]
struct File(PathBuf);

impl File {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("conformance-{}-{count}.db", process::id());
        Self(Path::new(env!("CARGO_TARGET_TMPDIR")).join(name))
    }

    async fn store(&self) -> SqliteStore {
        let url = format!("sqlite:{}", self.0.display());
        let store = SqliteStore::connect(&url).await.unwrap();
        store.migrate().await.unwrap();
        store
    }
}

impl Drop for File {
    fn drop(&mut self) {
        for end in ["", "-wal", "-shm"] {
            let mut name = self.0.clone().into_os_string();
            name.push(end);
            let _ = fs::remove_file(name);
        }
    }
}

async fn stores(count: usize) -> Several<SqliteStore, File> {
    let file = File::new();
    let mut stores = Vec::new();
    for _ in 0..count {
        stores.push(file.store().await);
    }
    Several::new(stores).on(file)
}

mod one {
    use super::*;

    sessions::store_conformance!(async || stores(1).await);
}

mod several {
    use super::*;

    sessions::store_conformance!(async || stores(3).await);
}

mod by_a_pool_and_another_table {
    use super::*;

    sessions::store_conformance!(async || {
        let file = File::new();
        let options = SqliteConnectOptions::new()
            .filename(&file.0)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .busy_timeout(Duration::from_secs(5));
        // Several connections that write: each waits for the others in the engine.
        let pool = SqlitePoolOptions::new().max_connections(4);
        let pool = pool.connect_with(options).await.unwrap();
        let store = SqliteStore::from_pool(pool).table("app_visits").unwrap();
        store.migrate().await.unwrap();
        Several::new(vec![store]).on(file)
    });
}
