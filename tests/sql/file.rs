use std::{
    fs,
    path::{Path, PathBuf},
};

use sessions::SqliteStore;
use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};

use crate::fixture::number;

/// A file of SQLite of one test, removed with what lies beside it.
pub(crate) struct File(PathBuf);

impl File {
    /// Names a file that is not there yet.
    pub(crate) fn new() -> Self {
        let name = format!("sql-{}.db", number());
        Self(Path::new(env!("CARGO_TARGET_TMPDIR")).join(name))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn url(&self) -> String {
        format!("sqlite:{}", self.0.display())
    }

    /// A store without tables, perhaps.
    pub(crate) async fn open(&self) -> SqliteStore {
        SqliteStore::connect(&self.url()).await.unwrap()
    }

    pub(crate) async fn store(&self) -> SqliteStore {
        let store = self.open().await;
        store.migrate().await.unwrap();
        store
    }

    /// One connection beside the store's.
    pub(crate) async fn pool(&self) -> SqlitePool {
        let options = SqliteConnectOptions::new().filename(&self.0);
        let pool = SqlitePoolOptions::new().max_connections(1);
        pool.connect_with(options).await.unwrap()
    }

    /// Removes it, with what lies beside it, whoever has it open.
    pub(crate) fn remove(&self) {
        for path in self.beside() {
            let _ = fs::remove_file(path);
        }
    }

    pub(crate) fn beside(&self) -> [PathBuf; 3] {
        ["", "-wal", "-shm"].map(|end| {
            let mut name = self.0.clone().into_os_string();
            name.push(end);
            name.into()
        })
    }
}

impl Drop for File {
    fn drop(&mut self) {
        self.remove();
    }
}
