//! What the shared suite cannot see of the store that keeps sessions in a file of redb: deaths, a full disk, other processes, rights, other files.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a panic is how a test fails"
)]

mod child;
mod crash;
mod fixture;
mod full;
mod start;
