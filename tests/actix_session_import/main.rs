//! Sessions that the real actix-session writes in the same run, taken over by an application that moved here.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod cookies;
mod redis;
mod site;
