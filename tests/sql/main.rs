//! What the shared suite cannot see of the stores that keep sessions in SQL: deaths, broken connections, other tables, permissions, round trips.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod child;
mod connections;
mod file;
mod fixture;
#[path = "../http/journal.rs"]
mod journal;
mod processes;
mod refusals;
mod schema;
mod server;
mod sqlite;
mod start;
#[cfg(target_os = "linux")]
mod stopped;
mod trips;
