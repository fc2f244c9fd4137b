//! The stores. One leaf an engine; none knows another.

mod cookie;
mod filesystem;

pub(crate) use self::cookie::CookieCodec;
pub use self::{
    cookie::CookieStore,
    filesystem::{
        FilesystemDurability, FilesystemError, FilesystemErrorKind, FilesystemReads,
        FilesystemStore,
    },
};
