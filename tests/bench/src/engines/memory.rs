use std::{
    collections::HashMap,
    error::Error,
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::future::{LocalBoxFuture, ready};
use sessions::{
    MemoryStore,
    store::{SessionStore, StoreKey, Write},
};

use super::{
    counter::Counted,
    subject::{Found, Subject, now, record, write_id},
};

/// The memory of this process. Bare, it is a map behind one lock.
#[derive(Debug)]
pub(crate) struct Memory {
    store: Arc<MemoryStore>,
    map: Mutex<HashMap<StoreKey, Found>>,
}

impl Memory {
    pub(crate) fn new() -> Self {
        Self {
            store: Arc::new(MemoryStore::new().capacity(usize::MAX)),
            map: Mutex::default(),
        }
    }

    fn find(&self, key: &StoreKey) -> Option<Found> {
        let map = self.map.lock().unwrap_or_else(PoisonError::into_inner);
        map.get(key).cloned()
    }

    fn replace(&self, key: &StoreKey, found: &Found, write: u64) -> Result<(), Box<dyn Error>> {
        let mut map = self.map.lock().unwrap_or_else(PoisonError::into_inner);
        let there = map.get_mut(key).ok_or("a session is gone")?;
        if there.write_id != found.write_id {
            return Err("somebody else wrote".into());
        }
        let mut bytes = found.bytes.clone();
        if let Some(last) = bytes.last_chunk_mut() {
            *last = write.to_le_bytes();
        }
        *there = Found {
            write_id: write_id(write),
            bytes,
        };
        Ok(())
    }
}

impl Subject for Memory {
    fn version(&self) -> LocalBoxFuture<'_, Result<String, Box<dyn Error>>> {
        Box::pin(ready(Ok(String::new())))
    }

    fn store(&self) -> LocalBoxFuture<'_, Result<Arc<dyn SessionStore>, Box<dyn Error>>> {
        let store: Arc<dyn SessionStore> = Arc::<MemoryStore>::clone(&self.store);
        Box::pin(ready(Ok(store)))
    }

    fn counted(&self) -> LocalBoxFuture<'_, Result<Option<Counted>, Box<dyn Error>>> {
        Box::pin(ready(Ok(None)))
    }

    fn fill<'a>(&'a self, keys: &'a [StoreKey]) -> LocalBoxFuture<'a, Result<(), Box<dyn Error>>> {
        Box::pin(async move {
            let now = now();
            for key in keys {
                let record = record(0);
                self.store.write(Write::create(key, &record, now)).await?;
                let found = Found {
                    write_id: write_id(0),
                    bytes: record.body,
                };
                let mut map = self.map.lock().unwrap_or_else(PoisonError::into_inner);
                map.insert(*key, found);
            }
            Ok(())
        })
    }

    fn load<'a>(&'a self, key: &'a StoreKey) -> LocalBoxFuture<'a, Result<Found, Box<dyn Error>>> {
        let found = self.find(key).ok_or_else(|| "a session is gone".into());
        Box::pin(ready(found))
    }

    fn save<'a>(
        &'a self,
        key: &'a StoreKey,
        found: &'a Found,
        write: u64,
    ) -> LocalBoxFuture<'a, Result<(), Box<dyn Error>>> {
        Box::pin(ready(self.replace(key, found, write)))
    }

    /// It goes with this value.
    fn clear(&self, _: u64) -> LocalBoxFuture<'_, Result<(), Box<dyn Error>>> {
        Box::pin(ready(Ok(())))
    }
}
