//! Keeps the guide whole: every public item, every chapter and every message is where a reader looks for it.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test fails"
)]

mod chapters;
mod derive;
mod events;
mod items;
mod kinds;
mod messages;
mod page;
mod sources;
