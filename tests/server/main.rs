//! Sessions that stay on the server, as a visitor meets them: over a socket, in parallel, with stores that fail and requests that overtake
//! each other.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a panic is how a test fails"
)]

mod account;
mod asking;
mod at_rest;
mod attack_belonging;
mod attack_chain;
mod attack_depth;
mod attack_ends;
mod attack_gone;
mod attack_goodbye;
mod attack_keys;
mod attack_late;
mod attack_meddling;
mod attack_order;
mod attack_site;
mod attack_time;
mod attack_unanswered;
mod building;
mod damaged;
mod deadlines;
mod engine;
mod faults;
mod joining;
#[path = "../http/journal.rs"]
mod journal;
mod ledger;
mod meanwhile;
mod merging;
mod principals;
mod races;
mod renewed_meanwhile;
mod saving;
mod several;
mod site;
mod strangers;
mod token;
mod turns;
