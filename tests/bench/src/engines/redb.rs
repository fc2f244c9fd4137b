use std::{
    error::Error,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_util::future::{LocalBoxFuture, ready};
use redb::{Database, Durability, ReadableDatabase as _, ReadableTable as _, TableDefinition};
use sessions::{
    RedbStore,
    store::{SessionStore, StoreKey, Write},
};

use crate::{bulk::key, scratch::Scratch};

use super::{
    counter::Counted,
    subject::{Found, Subject, now, record},
};

/// A file of redb. Bare, it is another file, with one table and a commit for each save, on the thread that asks.
pub(crate) struct Redb {
    scratch: Scratch,
    open: Mutex<Open>,
}

/// What is open: a file is so once, and while it is filled not by a store.
#[derive(Default)]
struct Open {
    store: Option<RedbStore>,
    bare: Option<Database>,
    /// A record as the store writes it, and its deadline.
    template: Option<(Found, u64)>,
}

/// As `docs/formats.md` draws them.
const RECORDS: TableDefinition<'_, &[u8; 32], &[u8]> = TableDefinition::new("sessions-records");
const DEADLINES: TableDefinition<'_, &[u8; 40], ()> = TableDefinition::new("sessions-deadlines");

impl Redb {
    pub(crate) fn open() -> Result<Self, Box<dyn Error>> {
        Ok(Self {
            scratch: Scratch::new()?,
            open: Mutex::default(),
        })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn opened(&self) -> Result<RedbStore, Box<dyn Error>> {
        let mut open = self.lock();
        if let Some(store) = &open.store {
            return Ok(store.clone());
        }
        let store = RedbStore::open(self.path("store.redb"))?;
        open.store = Some(store.clone());
        Ok(store)
    }

    /// What the store makes of a record.
    async fn template(&self) -> Result<(Found, u64), Box<dyn Error>> {
        if let Some(template) = self.lock().template.clone() {
            return Ok(template);
        }
        let (key, record) = (key(u64::MAX), record(0));
        let store = self.opened()?;
        store.write(Write::create(&key, &record, now())).await?;
        drop(store);
        self.lock().store = None;
        let database = Database::open(self.path("store.redb"))?;
        let found = find(&database, &key)?;
        let template = (found, record.deadline.as_seconds());
        self.lock().template = Some(template.clone());
        Ok(template)
    }
}

fn find(database: &Database, key: &StoreKey) -> Result<Found, Box<dyn Error>> {
    let table = database.begin_read()?.open_table(RECORDS)?;
    let bytes = table.get(key.as_bytes())?.ok_or("a session is gone")?;
    Found::of_packed(bytes.value().to_vec())
}

fn replace(
    database: &Database,
    key: &StoreKey,
    found: &Found,
    write: u64,
) -> Result<(), Box<dyn Error>> {
    let transaction = database.begin_write()?;
    {
        let mut table = transaction.open_table(RECORDS)?;
        let there = table.get(key.as_bytes())?;
        let there = there.map(|bytes| bytes.value().to_vec());
        let there = Found::of_packed(there.ok_or("a session is gone")?)?;
        if there.write_id != found.write_id {
            return Err("somebody else wrote".into());
        }
        table.insert(key.as_bytes(), &*found.repacked(write))?;
    }
    Ok(transaction.commit()?)
}

/// Puts many records into a file in one transaction, which the disk has when it is closed.
fn insert(
    path: &Path,
    keys: &[StoreKey],
    template: &(Found, u64),
) -> Result<Database, Box<dyn Error>> {
    let database = Database::create(path)?;
    let mut transaction = database.begin_write()?;
    transaction.set_durability(Durability::None)?;
    {
        let mut records = transaction.open_table(RECORDS)?;
        let mut deadlines = transaction.open_table(DEADLINES)?;
        for key in keys {
            records.insert(key.as_bytes(), &*template.0.bytes)?;
            let mut entry = [0; 40];
            let bytes = template.1.to_be_bytes().into_iter().chain(*key.as_bytes());
            for (place, byte) in entry.iter_mut().zip(bytes) {
                *place = byte;
            }
            deadlines.insert(&entry, ())?;
        }
    }
    transaction.commit()?;
    Ok(database)
}

impl Subject for Redb {
    fn version(&self) -> LocalBoxFuture<'_, Result<String, Box<dyn Error>>> {
        Box::pin(ready(Ok(String::new())))
    }

    fn store(&self) -> LocalBoxFuture<'_, Result<Arc<dyn SessionStore>, Box<dyn Error>>> {
        let store = self.opened();
        Box::pin(ready(
            store.map(|store| Arc::new(store) as Arc<dyn SessionStore>),
        ))
    }

    fn counted(&self) -> LocalBoxFuture<'_, Result<Option<Counted>, Box<dyn Error>>> {
        Box::pin(ready(Ok(None)))
    }

    fn fill<'a>(&'a self, keys: &'a [StoreKey]) -> LocalBoxFuture<'a, Result<(), Box<dyn Error>>> {
        Box::pin(async move {
            let template = self.template().await?;
            let mut open = self.lock();
            open.store = None;
            open.bare = None;
            drop(insert(&self.path("store.redb"), keys, &template)?);
            open.bare = Some(insert(&self.path("bare.redb"), keys, &template)?);
            Ok(())
        })
    }

    fn load<'a>(&'a self, key: &'a StoreKey) -> LocalBoxFuture<'a, Result<Found, Box<dyn Error>>> {
        let open = self.lock();
        let database = open.bare.as_ref().ok_or_else(|| "it is not open".into());
        Box::pin(ready(database.and_then(|database| find(database, key))))
    }

    fn save<'a>(
        &'a self,
        key: &'a StoreKey,
        found: &'a Found,
        write: u64,
    ) -> LocalBoxFuture<'a, Result<(), Box<dyn Error>>> {
        let open = self.lock();
        let database = open.bare.as_ref().ok_or_else(|| "it is not open".into());
        let saved = database.and_then(|database| replace(database, key, found, write));
        Box::pin(ready(saved))
    }

    /// It goes with the folder.
    fn clear(&self, _: u64) -> LocalBoxFuture<'_, Result<(), Box<dyn Error>>> {
        Box::pin(ready(Ok(())))
    }
}
