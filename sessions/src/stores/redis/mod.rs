//! Sessions in Redis, Valkey or a server that speaks as they do: one server, one with replicas that sentinels watch, or a cluster.
//!
//! The store asks for verbs; an [`Engine`](engine::Engine) knows which server a key lies on and sends scripts there; [`Lanes`](lanes::Lanes)
//! keep connections to one server, and make new ones. Whatever is decided by what is stored is decided in a script, where nothing comes between
//! looking and writing. What becomes of a write whose connection breaks is nobody's to guess: it is reported as lost, and never sent twice.

mod builder;
mod cluster;
mod engine;
mod error;
mod expiry;
mod failure;
mod index;
mod lanes;
mod link;
mod names;
mod primary;
mod reply;
mod scan;
mod script;
mod server;
mod slot;
mod store;
#[cfg(feature = "actix-session-import")]
mod texts;
mod topology;
mod write;

#[cfg(feature = "actix-session-import")]
pub(crate) use self::texts::RedisTexts;
pub use self::{
    builder::RedisStoreBuilder,
    error::{RedisError, RedisErrorKind},
    store::RedisStore,
};
