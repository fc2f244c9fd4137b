//! The middleware at the boundary users stand on: bytes in, bytes out.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod caching;
mod deadlines;
mod failures;
mod flash;
mod journal;
mod keys;
mod lazy;
mod lifecycle;
mod lifetime;
mod loading;
mod names;
mod origin;
mod principal;
mod saving;
mod secrets;
mod shared_handles;
mod site;
mod streaming;
mod values;
mod versions;
mod wrapping;
