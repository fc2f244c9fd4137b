//! Chromium against the showcase over TLS: that a browser does with the cookies what we say it does.
//!
//! Every test has a browser of its own, with a profile of its own; names end in `.test` and lead to this machine. `tests/run` starts the driver.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod certificate;
mod chromium;
mod deletion;
mod frames;
mod limits;
mod other_site;
mod pictures;
mod prefix;
mod restart;
mod same_site;
mod shop;
