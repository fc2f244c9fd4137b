//! The stores. One leaf file or folder an engine; none knows another. `ownership.rs` is for those that keep files.

mod cookie;
mod filesystem;
#[cfg(feature = "memcached")]
mod memcached;
mod memory;
mod ownership;
#[cfg(feature = "redb")]
mod redb;
#[cfg(feature = "redis")]
mod redis;
#[cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite"))]
mod sql;

pub(crate) use self::cookie::CookieCodec;
#[cfg(feature = "memcached")]
pub use self::memcached::{
    MemcachedError, MemcachedErrorKind, MemcachedStore, MemcachedStoreBuilder,
};
#[cfg(feature = "redb")]
pub use self::redb::{RedbDurability, RedbError, RedbErrorKind, RedbStore, RedbStoreBuilder};
#[cfg(all(feature = "redis", feature = "actix-session-import"))]
pub(crate) use self::redis::RedisTexts;
#[cfg(feature = "redis")]
pub use self::redis::{RedisError, RedisErrorKind, RedisStore, RedisStoreBuilder};
#[cfg(feature = "mysql")]
pub use self::sql::MysqlStore;
#[cfg(feature = "postgres")]
pub use self::sql::PostgresStore;
#[cfg(feature = "sqlite")]
pub use self::sql::SqliteStore;
#[cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite"))]
pub use self::sql::{SqlError, SqlErrorKind, SqlMigration};
pub use self::{
    cookie::CookieStore,
    filesystem::{
        FilesystemDurability, FilesystemError, FilesystemErrorKind, FilesystemReads,
        FilesystemStore,
    },
    memory::MemoryStore,
};
