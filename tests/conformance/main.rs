//! Every store against the conformance kit, and the kit against stores that are broken on purpose.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod broken;
mod driven;
mod filesystem;
mod memcached;
mod memory;
mod mysql;
mod pair;
mod postgres;
mod redb;
mod redis;
mod several;
mod sqlite;
mod tables;
mod wrappers;
