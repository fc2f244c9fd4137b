use std::sync::atomic::{AtomicU64, Ordering};

use crate::store::Answer;

use super::{Verb, wrap::wrap_store};

/// Counts how often each verb of a store is called: for tests of what a request costs.
///
/// ```
/// use std::sync::Arc;
/// use sessions::{MemoryStore, Timestamp, store::{SessionStore, StoreKey}, test_util::{CountingStore, Verb}};
///
/// # actix_web::rt::System::new().block_on(async {
/// let store = Arc::new(CountingStore::new(MemoryStore::new()));
/// let shared = Arc::clone(&store); // for the middleware
/// shared.load(&StoreKey::from_bytes([7; 32]), Timestamp::from_seconds(0)).await?;
/// assert_eq!((store.count(Verb::Load), store.total()), (1, 1));
/// # Ok::<(), sessions::store::StoreError>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct CountingStore<S> {
    store: S,
    counts: [AtomicU64; Verb::ALL.len()],
}

impl<S> CountingStore<S> {
    /// Counts the calls of a store from zero.
    #[must_use]
    pub fn new(store: S) -> Self {
        Self {
            store,
            counts: Default::default(),
        }
    }

    /// How often a verb was called, whatever came of it.
    #[must_use]
    pub fn count(&self, verb: Verb) -> u64 {
        let counts = Verb::ALL.iter().zip(&self.counts);
        let mut counts = counts.filter(|(counted, _)| **counted == verb);
        counts
            .next()
            .map_or(0, |(_, count)| count.load(Ordering::Relaxed))
    }

    /// How often any verb was called.
    #[must_use]
    pub fn total(&self) -> u64 {
        Verb::ALL.into_iter().map(|verb| self.count(verb)).sum()
    }

    /// Counts from zero again.
    pub fn reset(&self) {
        for count in &self.counts {
            count.store(0, Ordering::Relaxed);
        }
    }

    fn around<'a, T>(&self, verb: Verb, call: impl FnOnce() -> Answer<'a, T>) -> Answer<'a, T> {
        for (counted, count) in Verb::ALL.iter().zip(&self.counts) {
            count.fetch_add(u64::from(*counted == verb), Ordering::Relaxed);
        }
        call()
    }
}

wrap_store!(CountingStore);
