//! Ready-made functions for `#[session(merge = …)]`: what becomes of a field that two requests changed at once.
//!
//! A visitor with two tabs sends two requests, and both change one session in a store on a server. Changes of different fields are both
//! kept. Where both changed the same field, one of them would be lost: of two tabs that each add a point, one point is left. A merge function
//! makes one value of the two. It gets three: `base`, from which this request began; `ours`, what it made of it; and `theirs`, what the other
//! request had stored meanwhile. The result is stored.
//!
//! | function | for | keeps |
//! | --- | --- | --- |
//! | [`sum`] | numbers, durations | what either added or took away |
//! | [`max`] | anything with an order | the greater value |
//! | [`union`] | sets, maps, lists without duplicates | what either put in; without what either took out |
//! | [`append`] | lists, text that only grow | what either added at the end |
//!
//! A function of your own has the same shape: `fn(base: V, ours: V, theirs: V) -> V`. It must not panic, and it may be called more than once
//! for one save.
//!
//! ```
//! use sessions::{SessionData, merge};
//!
//! #[derive(SessionData)]
//! struct Visit {
//!     #[session(merge = merge::sum)]
//!     points: u32,
//!     #[session(merge = merge::append)]
//!     pages: Vec<String>,
//!     #[session(merge = lower)]
//!     best_offer: u64,
//! }
//!
//! fn lower(_base: u64, ours: u64, theirs: u64) -> u64 {
//!     ours.min(theirs)
//! }
//! ```

mod append;
mod max;
mod sealed;
mod sum;
mod union;

pub use self::{
    append::{Append, append},
    max::max,
    sum::{Sum, sum},
    union::{Union, union},
};
