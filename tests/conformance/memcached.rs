//! One server and several, and several instances of the store on them, as several processes have them.

use std::sync::atomic::{AtomicUsize, Ordering};

use sessions::MemcachedStore;
use sessions_tests::Engine;

use crate::several::Several;

/// So many instances, under a prefix that no store had before: the servers may have run longer than this process.
async fn stores(servers: &[&str], count: usize) -> Several<MemcachedStore> {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let nanoseconds = std::time::SystemTime::UNIX_EPOCH
        .elapsed()
        .unwrap()
        .as_nanos();
    let prefix = format!("test-{}-{nanoseconds}-{number}:", std::process::id());
    let mut instances = Vec::new();
    for _ in 0..count {
        let builder = MemcachedStore::builder(servers).prefix(prefix.as_str());
        instances.push(builder.connect().await.unwrap());
    }
    Several::new(instances)
}

pub(crate) async fn store() -> Several<MemcachedStore> {
    let servers = Engine::Memcached.url().unwrap();
    let first = servers.split(',').next().unwrap();
    stores(&[first], 1).await
}

mod one {
    use super::*;

    sessions::store_conformance!(if Engine::Memcached.is_running(), async || store().await);
}

mod several {
    use super::*;

    sessions::store_conformance!(if Engine::Memcached.is_running(), async || {
        let servers = Engine::Memcached.url().unwrap();
        let servers = servers.split(',').collect::<Vec<_>>();
        stores(&servers, 3).await
    });
}
