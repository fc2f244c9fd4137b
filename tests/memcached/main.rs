//! What the shared suite cannot see of the store that keeps sessions in memcached: restarts, broken connections, full memory, other servers.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod faults;
#[path = "../redis/fixture.rs"]
mod fixture;
mod room;
mod start;
mod trips;
