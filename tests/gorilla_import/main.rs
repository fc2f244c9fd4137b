//! Sessions that the Go library wrote, opened here, and taken over by an application.
//!
//! `vectors.jsonl` was written by gorilla/sessions 1.3 with securecookie 1.1.2; `values.jsonl` by `values.go` beside it, with versions 1.2.1 and
//! 1.1.1 on Go 1.19. The latter says of each session, by a walk over what Go held, what a reader should see.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a panic is how a test fails"
)]

mod attack_door;
mod door;
mod door_belonging;
mod door_refusals;
mod files;
mod gob_writer;
mod hostile;
#[path = "../http/journal.rs"]
mod journal;
mod mint;
mod mutations;
mod opening;
mod refusals;
mod shown;
mod site;
mod typed;
mod vectors;
