//! Two requests wrote one session: of what both began with and what each left, one payload is made.
//!
//! The hall knocks with three payloads; it gets one back, or hears that there is none. Values are compared and passed on as the bytes they
//! are stored as, so that a field's type needs neither `Clone` nor `PartialEq`.
//!
//! Not promised: that elements of a `HashSet` in another order are no change. They are written as an array, as those of a `Vec` are, where
//! the order is part of the value.

mod canonical;
mod entries;
mod error;
mod flash;
mod on_conflict;
mod three_way;

pub use self::on_conflict::OnConflict;
pub(crate) use self::{error::MergeError, three_way::merge};
