use std::{error::Error, fs, path::PathBuf, sync::Arc};

use futures_util::future::{LocalBoxFuture, ready};
use sessions::{
    FilesystemStore,
    store::{SessionStore, StoreKey, Write},
};

use crate::scratch::Scratch;

use super::{
    counter::Counted,
    subject::{Found, Subject, now, record, write_id},
};

/// The file system of the folder for temporary files. Bare, a file is read, and written beside and moved over the old one, on the thread that asks.
#[derive(Debug)]
pub(crate) struct Files {
    scratch: Scratch,
    store: Arc<FilesystemStore>,
}

impl Files {
    pub(crate) fn open() -> Result<Self, Box<dyn Error>> {
        let scratch = Scratch::new()?;
        let store = FilesystemStore::new(scratch.path().join("store"))?;
        Ok(Self {
            scratch,
            store: Arc::new(store),
        })
    }

    fn path(&self, key: &StoreKey) -> PathBuf {
        let name = key.to_string();
        let (folder, _) = name.split_at_checked(2).unwrap_or_default();
        self.scratch.path().join("bare").join(folder).join(&name)
    }

    fn find(&self, key: &StoreKey) -> Result<Found, Box<dyn Error>> {
        let bytes = fs::read(self.path(key))?;
        let write_id = *bytes.first_chunk().ok_or("no record")?;
        Ok(Found { write_id, bytes })
    }

    fn replace(&self, key: &StoreKey, found: &Found, write: u64) -> Result<(), Box<dyn Error>> {
        if self.find(key)?.write_id != found.write_id {
            return Err("somebody else wrote".into());
        }
        self.put(key, write)
    }

    fn put(&self, key: &StoreKey, write: u64) -> Result<(), Box<dyn Error>> {
        let path = self.path(key);
        let temporary = path.with_extension("tmp");
        let mut bytes = [write_id(write).as_slice(), &record(write).body].concat();
        // As long as the head of a record.
        bytes.resize(400, 0);
        fs::write(&temporary, bytes)?;
        Ok(fs::rename(&temporary, &path)?)
    }
}

impl Subject for Files {
    fn version(&self) -> LocalBoxFuture<'_, Result<String, Box<dyn Error>>> {
        Box::pin(ready(Ok(String::new())))
    }

    fn store(&self) -> LocalBoxFuture<'_, Result<Arc<dyn SessionStore>, Box<dyn Error>>> {
        let store: Arc<dyn SessionStore> = Arc::<FilesystemStore>::clone(&self.store);
        Box::pin(ready(Ok(store)))
    }

    fn counted(&self) -> LocalBoxFuture<'_, Result<Option<Counted>, Box<dyn Error>>> {
        Box::pin(ready(Ok(None)))
    }

    fn fill<'a>(&'a self, keys: &'a [StoreKey]) -> LocalBoxFuture<'a, Result<(), Box<dyn Error>>> {
        Box::pin(async move {
            let now = now();
            for key in keys {
                self.store
                    .write(Write::create(key, &record(0), now))
                    .await?;
                if let Some(folder) = self.path(key).parent() {
                    fs::create_dir_all(folder)?;
                }
                self.put(key, 0)?;
            }
            Ok(())
        })
    }

    fn load<'a>(&'a self, key: &'a StoreKey) -> LocalBoxFuture<'a, Result<Found, Box<dyn Error>>> {
        Box::pin(ready(self.find(key)))
    }

    fn save<'a>(
        &'a self,
        key: &'a StoreKey,
        found: &'a Found,
        write: u64,
    ) -> LocalBoxFuture<'a, Result<(), Box<dyn Error>>> {
        Box::pin(ready(self.replace(key, found, write)))
    }

    /// It goes with the folder.
    fn clear(&self, _: u64) -> LocalBoxFuture<'_, Result<(), Box<dyn Error>>> {
        Box::pin(ready(Ok(())))
    }
}
