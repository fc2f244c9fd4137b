//! Reads what actix-session left with visitors and in Redis, so that nobody is logged out when an application moves here.
//!
//! **Who knocks:** an [`Import`](crate::import::Import).
//!
//! **What is given:** a [`CookieReader`] with the [`Key`] of the other application, for its `CookieSessionStore`; for its `RedisSessionStore` a
//! `RedisReader` around it (features `actix-session-import` and `redis`).
//!
//! **What comes back:** the session's [`Values`], each of which was written by serde as JSON, and is read so.
//!
//! **What is not promised:** a date. actix-session writes none into its sessions, and its cookies open forever: the `Max-Age` that it sends is a
//! wish to browsers. So give the import [an end](crate::import::Import::until), or tell the reader
//! [where the date stands](CookieReader::written_at). Nor that anything can be written. What it reads is what actix-session 0.11 writes.
//!
//! ```
//! use sessions::{MemoryStore, SessionData, SessionMiddleware, actix_session, import::Import};
//!
//! #[derive(SessionData)]
//! struct Login {
//!     #[session(principal)]
//!     user: Option<u64>,
//!     theme: Option<String>,
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let secret = [7; 64];
//! // There: actix_session::SessionMiddleware::new(CookieSessionStore::default(), Key::from(&secret)), whose cookie is called `id`.
//! let reader = actix_session::CookieReader::private(actix_session::Key::new(&secret)?);
//! let import = Import::new("id", reader, |old| {
//!     Ok(Login {
//!         user: Some(old.get("user_id")?),
//!         theme: old.get("theme")?,
//!     })
//! });
//! let sessions = SessionMiddleware::builder(MemoryStore::new()).session::<Login>(|login| login.import(import)).build()?;
//! # Ok(())
//! # }
//! ```
//!
//! In reading order: [`CookieReader`], [`Key`], [`Values`].

mod cookie_reader;
mod key;
#[cfg(feature = "redis")]
mod redis_reader;
mod value_error;
mod values;

#[cfg(feature = "redis")]
pub use self::redis_reader::RedisReader;
pub use self::{
    cookie_reader::CookieReader,
    key::{Key, KeyError},
    value_error::{ValueError, ValueErrorKind},
    values::Values,
};
