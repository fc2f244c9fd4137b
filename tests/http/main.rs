//! The middleware at the boundary users stand on: bytes in, bytes out.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod journal;
mod lazy;
mod lifecycle;
mod loading;
mod saving;
mod site;
mod streaming;
mod values;
