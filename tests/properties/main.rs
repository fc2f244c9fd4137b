//! What holds for any data, any cookie and any header, not only for those somebody thought of.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod authentic;
mod headers;
mod orders;
mod round_trip;
mod site;
