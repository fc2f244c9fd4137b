//! Redis in each of its shapes, and several instances of the store on one server, as several processes have them.

use std::sync::atomic::{AtomicUsize, Ordering};

use sessions::{RedisStore, RedisStoreBuilder};
use sessions_tests::Engine;

use crate::several::Several;

/// A prefix that no store had before: the server may have run longer than this process.
fn prefix() -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let nanoseconds = std::time::SystemTime::UNIX_EPOCH
        .elapsed()
        .unwrap()
        .as_nanos();
    format!("test-{}-{nanoseconds}-{count}:", std::process::id())
}

fn urls(engine: Engine) -> Vec<String> {
    let urls = engine.url().unwrap();
    urls.split(',').map(str::to_owned).collect()
}

async fn connected(builder: RedisStoreBuilder, prefix: &str) -> RedisStore {
    builder.prefix(prefix).connect().await.unwrap()
}

pub(crate) async fn single() -> RedisStore {
    let url = Engine::Redis.url().unwrap();
    connected(RedisStore::single(&url), &prefix()).await
}

pub(crate) async fn cluster() -> RedisStore {
    let urls = urls(Engine::RedisCluster);
    connected(RedisStore::cluster(urls), &prefix()).await
}

mod single {
    use super::*;

    sessions::store_conformance!(if Engine::Redis.is_running(), async || single().await);
}

mod several {
    use super::*;

    sessions::store_conformance!(if Engine::Redis.is_running(), async || {
        let (url, prefix) = (Engine::Redis.url().unwrap(), prefix());
        let mut instances = Vec::new();
        for _ in 0..3 {
            instances.push(connected(RedisStore::single(&url), &prefix).await);
        }
        Several::new(instances)
    });
}

mod sentinel {
    use super::*;

    sessions::store_conformance!(if Engine::RedisSentinel.is_running(), async || {
        let urls = urls(Engine::RedisSentinel);
        connected(RedisStore::sentinel(urls, "sessions"), &prefix()).await
    });
}

mod cluster {
    use super::*;

    sessions::store_conformance!(if Engine::RedisCluster.is_running(), async || cluster().await);
}

mod several_on_a_cluster {
    use super::*;

    sessions::store_conformance!(if Engine::RedisCluster.is_running(), async || {
        let (urls, prefix) = (urls(Engine::RedisCluster), prefix());
        let mut instances = Vec::new();
        for _ in 0..2 {
            instances.push(connected(RedisStore::cluster(&urls), &prefix).await);
        }
        Several::new(instances)
    });
}
