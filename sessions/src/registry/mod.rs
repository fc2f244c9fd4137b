//! Which type lives with which store, keys and options; and the sessions a request has open.
//!
//! The middleware knocks with what was configured ([`Setup`]); each worker thread gets its own desks from it ([`Layer`]). The extractors
//! knock with a type and a name; they get the session that is open under it, or one that is opened now ([`OpenSessions`]).

mod layer;
mod names;
mod open;
mod options;
#[expect(
    clippy::module_inception,
    reason = "the file is named after the type it presents"
)]
mod registry;
mod store;

pub(crate) use self::{
    layer::{Layer, Setup, Typed},
    open::{Departures, OpenSessions},
};
pub use self::{options::SessionOptions, registry::Registry, store::Store};
