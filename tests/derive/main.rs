//! What the derive writes, at work: round trips through a cookie, and the bytes within.
#![expect(
    clippy::unwrap_used,
    reason = "in a test and its helpers an unwrap is an assertion"
)]

mod accessors;
mod merging;
mod reserved;
mod versions;
mod visitor;
mod wire;
