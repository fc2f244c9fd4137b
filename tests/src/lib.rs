//! Equipment for the black-box tests: a server on a real socket, a client that speaks raw bytes, a browser's cookie jar.
//!
//! Nothing here knows the `sessions` crate, so that a mistake there cannot hide behind the same mistake here.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a panic is how test equipment fails the test"
)]

mod browser;
mod jar;
mod mint;
mod server;
mod wire;

pub use self::{
    browser::Browser,
    jar::{Jar, StoredCookie},
    mint::{Mint, Stamp},
    server::Server,
    wire::{Reply, exchange},
};
