//! Equipment for tests of applications that use sessions, and of stores that keep them.
//!
//! A store proves itself by [`conformance`]. An application's tests send a [`Visitor`] with sessions seeded, turn a [`TestClock`], and wrap any
//! store: [`CountingStore`] says what a request costs, [`FaultyStore`] what happens when the engine is in trouble, [`GatedStore`] what happens
//! when requests overtake each other.

mod clock;
pub mod conformance;
mod counting_store;
mod faulty_store;
mod gate;
mod gated_store;
mod verb;
mod visitor;
mod wrap;

pub use self::{
    clock::TestClock,
    counting_store::CountingStore,
    faulty_store::{Fault, FaultyStore},
    gate::Gate,
    gated_store::GatedStore,
    verb::Verb,
    visitor::Visitor,
};
