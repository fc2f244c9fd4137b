//! What can go wrong: at start ([`BuildError`]), with one session ([`SessionError`]), with several of a request ([`MultiError`]).
//!
//! Composed from the rooms' own errors. None holds a token, a key or a session's data.

mod build_error;
mod chain;
mod multi_error;
mod session_error;

pub(crate) use self::{build_error::BuildRule, chain::Chain};
pub use self::{
    build_error::{BuildError, BuildErrorKind},
    multi_error::MultiError,
    session_error::{SessionError, SessionErrorKind},
};
