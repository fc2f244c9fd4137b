//! Sessions in memcached: in the memory of one server or of several, gone when it wants the room.
//!
//! The store asks for verbs; [`Servers`](servers::Servers) say which server a key lies on; a [`Pool`](pool::Pool) lends a
//! [`Connection`](connection::Connection) to one server for one exchange, and takes back only what is in a known state. A command of the meta
//! protocol is a line, with a value behind it if it stores one; an answer is a line, with a value behind it if it found one.
//!
//! The server compares no contents and knows nothing of revisions, but numbers each state of an item (its CAS). So whatever depends on what is
//! stored reads it together with its number, decides, and writes on condition of that number; if it has another by then, it begins again.

mod builder;
mod change;
mod connection;
mod error;
mod expiry;
mod failure;
mod item;
mod pool;
mod reply;
mod servers;
mod store;

pub use self::{
    builder::MemcachedStoreBuilder,
    error::{MemcachedError, MemcachedErrorKind},
    store::MemcachedStore,
};
