//! Sessions in this process's memory.
//!
//! Records lie in shards by store key, keys of sessions with a principal in shards by principal. Who needs several locks takes those of the
//! index first, then those of the records, each kind in ascending order; nobody takes a lock of the index while holding one of the records.

mod kept;
mod owners;
mod shards;
mod store;

pub use self::store::MemoryStore;
