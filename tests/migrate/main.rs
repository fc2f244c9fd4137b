//! Moving from one store to another while requests are under way: each order forced by a gate, and all at once on threads.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a panic is how a test fails"
)]

mod interrupted;
mod limits;
mod move_all;
mod old_token;
mod rig;
mod rolling;
mod together;
