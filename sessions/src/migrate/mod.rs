//! Moving house: from one store to another while the server runs, with nobody logged out.
//!
//! A [`PairStore`] is given to the application in place of its store: it reads the new store, then the old, and writes the new. A session moves when it
//! is next written or touched; a [`Migration`] moves the rest. Each session is in one of the two at any time, and the step from one to the
//! other is the same for a request and for the migration, so that neither can undo what the other did. When nothing is left in the old store, the application
//! takes the new one alone.
//!
//! Not promised: that a limit of sessions per principal can be had meanwhile, which no engine can count across two; and that a server which writes
//! the old store by itself, without a pair, finds what others have moved.

mod aside;
mod migration;
mod mover;
mod pair_store;

pub use self::{
    migration::{Migration, Moved},
    pair_store::PairStore,
};
