//! What the shared suite cannot see of the store that keeps sessions in Redis: deaths, broken connections, fail-overs, wrong configuration.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod expiry;
mod failover;
mod faults;
mod fixture;
mod refusals;
mod report;
mod slots;
mod start;
mod tls;
mod trips;
