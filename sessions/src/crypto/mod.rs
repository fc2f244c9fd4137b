//! Keys, and what they seal. The byte layout of a message is known here and nowhere else.
//!
//! **Who knocks:** the application, with a [`Key`] or a [`KeyRing`]; the manager, with a payload to
//! seal or a message to open.
//!
//! **What is given:** a ring of keys, a session name and a [`Mode`] make a [`Sealer`]; a buffer whose
//! prefix is reserved is sealed where it stands; bytes that anyone may have written are opened where
//! they stand.
//!
//! **What comes back:** the same buffer, and where in it the payload is. Whatever does not open is
//! one of three [`OpenError`]s, which say nothing of where it differed.
//!
//! **What is not promised:** that a message is fresh, or was not seen before (a deadline belongs in
//! the payload); that its length is hidden; that a signed payload is hidden at all. Sealing panics
//! if the operating system stops giving random bytes, since there is no safe way to go on.
//!
//! In reading order: [`key`], [`ring`], [`subkey`], [`header`], [`seal`], [`sign`], [`sealer`], [`at_rest`].

mod at_rest;
mod error;
mod header;
mod key;
mod ring;
mod ring_error;
mod seal;
mod sealer;
mod sign;
mod subkey;

pub(crate) use at_rest::AtRest;
pub(crate) use error::{OpenError, SealError};
pub use key::{Key, KeyError, KeyErrorKind, KeyId};
pub use ring::KeyRing;
pub use ring_error::{KeyRingError, KeyRingErrorKind};
pub(crate) use sealer::{Mode, Sealer};
