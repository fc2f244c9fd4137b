//! Sessions in one file, by redb: a process of its own, no server, no C.
//!
//! ```text
//! <file>                      a database of redb
//! ├── sessions-format        "format" → 1
//! ├── sessions-records       key 32 → a record, as docs/formats.md draws it
//! ├── sessions-deadlines     deadline 8 · key 32 → nothing: what dies first comes first
//! └── sessions-principals    SHA-256 of the principal 32 · key 32 → nothing
//! ```
//!
//! Readers look at the last commit, each on the thread that asks. Whatever changes something is a [`Task`](queue::Task) for the one thread that
//! writes: it takes what has come up while it was busy, does all of it in one transaction, commits once and answers everybody. So the two tables
//! beside the records say what the records say, always, and a disk that syncs five hundred times a second takes thousands of writes.

mod builder;
mod change;
mod database;
mod durability;
mod error;
mod fault;
mod file;
mod queue;
mod store;
mod sweep;
mod tables;

pub use self::{
    builder::RedbStoreBuilder,
    durability::RedbDurability,
    error::{RedbError, RedbErrorKind},
    store::RedbStore,
};
