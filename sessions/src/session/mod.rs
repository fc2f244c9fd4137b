//! Where the handler sits: the typed handle, the state behind it, and what becomes of it. No I/O, no cookie, no key.
//!
//! The hall (manager) seats a visitor by making a [`Slot`] from what the store gave, and asks the slot at the end what to do with it:
//! [`lifecycle::decide`] answers from plain facts. What a handler does meanwhile only changes the slot.

mod accessors;
mod core;
pub(crate) mod lifecycle;
mod lifetime;
#[expect(
    clippy::module_inception,
    reason = "the file is named after the type it presents"
)]
mod session;
mod session_data;
mod shown;
mod slot;
mod values;

pub(crate) use self::core::{
    Begun, FlashRule, Imported, Keeper, Kept, Mark, OpenSession, Saved, SlotCore, new_meta,
};
pub use self::{
    accessors::Accessors,
    lifetime::Lifetime,
    session::Session,
    session_data::SessionData,
    shown::{Shown, ShownFallback},
    slot::Slot,
    values::{ValueError, ValueErrorKind, ValueKey, Values, ValuesAccessors},
};
