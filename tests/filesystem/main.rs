//! What the shared suite cannot see of the store that keeps sessions in files: deaths, other processes, permissions, what lies on the disk.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod child;
mod crash;
mod fixture;
mod leftovers;
mod permissions;
mod processes;
