//! The stores. One leaf file or folder an engine; none knows another.

mod cookie;
mod filesystem;
mod memory;
#[cfg(feature = "redis")]
mod redis;

pub(crate) use self::cookie::{CookieCodec, Opened};
#[cfg(feature = "redis")]
pub use self::redis::{RedisError, RedisErrorKind, RedisStore, RedisStoreBuilder};
pub use self::{
    cookie::CookieStore,
    filesystem::{
        FilesystemDurability, FilesystemError, FilesystemErrorKind, FilesystemReads,
        FilesystemStore,
    },
    memory::MemoryStore,
};
