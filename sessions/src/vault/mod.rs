//! How a store is asked: for so long and no longer, until it is known what became of a write, and with bodies that may be sealed.
//!
//! The manager knocks with a key and a record; it gets what the store decided, or an error that says the store did not. What a store leaves
//! open, because its answer was lost or late, is looked up here. Nothing here knows a cookie or a type.

mod body;
mod forward;
mod outcome;
mod principal_sessions;
#[expect(
    clippy::module_inception,
    reason = "the file is named after the type it presents"
)]
mod vault;

pub use self::principal_sessions::{PrincipalSessions, SessionInfo};
pub(crate) use self::{
    body::BodyCodec, outcome::Outcome, principal_sessions::principal_key, vault::Vault,
};
