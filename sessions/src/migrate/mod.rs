//! Moving house: from one store to another while the server runs, with nobody logged out.
//!
//! A [`PairStore`] is given to the application in place of its store, at first one that [prepares](PairStore::prepare) and then one that moves. It reads both stores. A session moves when
//! it is next written or touched; a [`Migration`] moves the rest. The step from one store to the other is the same for a request and for the migration, so that neither
//! can undo what the other did, and whoever dies on it leaves a session that lives. When nothing is left in the old store, the application takes the new one alone.
//!
//! Every record moves, also those that are no session: what a renewal leaves behind, so that a logout with the token it had before finds where it went.
//!
//! Not promised: that a limit of sessions per principal can be had while servers prepare; and that a server finds what lies in a store it does not have.

mod migration;
mod mover;
mod pair_store;
mod ticket;

pub use self::{
    migration::{Migration, Moved},
    pair_store::PairStore,
};
