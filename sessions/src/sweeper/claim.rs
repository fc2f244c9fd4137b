use std::sync::{Mutex, MutexGuard, PoisonError, Weak};

use tokio::runtime;

use crate::store::SessionStore;

/// Something that one task of this process has to itself, until it ends.
pub(super) struct Claim {
    claimed: Claimed,
    /// As long as it is there, no other store lies at the same address; the store itself it does not keep.
    _store: Weak<dyn SessionStore>,
}

/// Stores are known by their addresses.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Claimed {
    /// To sweep a store.
    Store(usize),
    /// To stand in line for that, on behalf of a worker, who may have the store in a hundred places.
    Turn(usize, runtime::Id),
}

/// What is taken in this process. There are a few for each worker.
static TAKEN: Mutex<Vec<Claimed>> = Mutex::new(Vec::new());

impl Claim {
    /// Takes a store to sweep; `None` while another task has it.
    pub(super) fn store(store: &Weak<dyn SessionStore>) -> Option<Self> {
        Self::take(Claimed::Store(address(store)), store)
    }

    /// Takes a worker's one turn to wait for a store.
    pub(super) fn turn(store: &Weak<dyn SessionStore>, worker: runtime::Id) -> Option<Self> {
        Self::take(Claimed::Turn(address(store), worker), store)
    }

    fn take(claimed: Claimed, store: &Weak<dyn SessionStore>) -> Option<Self> {
        let mut taken = taken();
        if taken.contains(&claimed) {
            return None;
        }
        taken.push(claimed);
        Some(Self {
            claimed,
            _store: Weak::clone(store),
        })
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        taken().retain(|claimed| *claimed != self.claimed);
    }
}

fn address(store: &Weak<dyn SessionStore>) -> usize {
    store.as_ptr().addr()
}

fn taken() -> MutexGuard<'static, Vec<Claimed>> {
    TAKEN.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::fixture::Engine;

    use super::*;

    #[test]
    fn a_store_is_swept_by_one_and_by_the_next_when_that_ends() {
        let [one, other] = [(); 2].map(|()| Arc::new(Engine::default()) as Arc<dyn SessionStore>);
        let [one, other] = [&one, &other].map(Arc::downgrade);
        let first = Claim::store(&one).unwrap();
        assert!(Claim::store(&one).is_none());
        assert!(Claim::store(&other).is_some());
        drop(first);
        assert!(Claim::store(&one).is_some());
    }

    #[test]
    fn a_worker_waits_once_for_a_store() {
        let store: Arc<dyn SessionStore> = Arc::new(Engine::default());
        let store = Arc::downgrade(&store);
        let workers = [(); 2].map(|()| runtime::Builder::new_current_thread().build().unwrap());
        let [one, other] = workers.each_ref().map(|worker| worker.handle().id());
        let first = Claim::turn(&store, one);
        assert!(first.is_some());
        assert!(Claim::turn(&store, one).is_none());
        assert!(Claim::turn(&store, other).is_some());
        assert!(Claim::store(&store).is_some());
    }

    #[test]
    fn a_claim_keeps_the_address_and_not_the_store() {
        let store: Arc<dyn SessionStore> = Arc::new(Engine::default());
        let claim = Claim::store(&Arc::downgrade(&store)).unwrap();
        drop(store);
        assert!(claim._store.upgrade().is_none());
        let address = address(&claim._store);
        for _ in 0..100 {
            let next: Arc<dyn SessionStore> = Arc::new(Engine::default());
            assert_ne!(super::address(&Arc::downgrade(&next)), address);
        }
    }
}
