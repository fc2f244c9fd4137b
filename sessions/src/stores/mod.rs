//! The stores. One leaf file or folder an engine; none knows another.

mod cookie;
mod filesystem;
mod memory;

pub(crate) use self::cookie::{CookieCodec, Opened};
pub use self::{
    cookie::CookieStore,
    filesystem::{
        FilesystemDurability, FilesystemError, FilesystemErrorKind, FilesystemReads,
        FilesystemStore,
    },
    memory::MemoryStore,
};
