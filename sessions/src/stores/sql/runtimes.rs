use std::{
    collections::HashMap,
    future::pending,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use tokio::{
    runtime::{Handle, Id},
    task::AbortHandle,
};

/// The runtimes on which connections are asked for, and whether one of them has ended.
///
/// Its connections are dead then, and asking them does not show it for sure: what is sent goes out, and an answer that is quick enough is read.
/// Which they are a pool does not say, so all that nobody uses are replaced, once for a worker that ends.
#[derive(Clone, Debug, Default)]
pub(super) struct Runtimes {
    watch: Arc<Watch>,
}

#[derive(Debug, Default)]
struct Watch {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// A task on each, which ends with it.
    guards: HashMap<Id, AbortHandle>,
    has_ended: bool,
}

impl Runtimes {
    /// Before a connection is asked for: has the idle ones replaced if a runtime has ended since the last time, while all others wait.
    pub(super) fn enter(&self, replace: impl FnOnce()) {
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        let is_guarded = {
            let mut state = self.watch.lock();
            if mem::take(&mut state.has_ended) {
                replace();
            }
            state.guards.contains_key(&runtime.id())
        };
        if !is_guarded {
            self.guard(&runtime);
        }
    }

    /// Not while the lock is held: a runtime that is ending drops what is spawned there at once.
    fn guard(&self, runtime: &Handle) {
        let guard = Guard {
            runtime: runtime.id(),
            watch: Arc::downgrade(&self.watch),
        };
        let guarding = runtime.spawn(async move {
            let _guard = guard;
            pending::<()>().await;
        });
        if !guarding.is_finished() {
            let guards = &mut self.watch.lock().guards;
            guards.insert(runtime.id(), guarding.abort_handle());
        }
    }
}

impl Watch {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// With the store, nobody need be watched anymore.
impl Drop for Watch {
    fn drop(&mut self) {
        for (_, guard) in self.lock().guards.drain() {
            guard.abort();
        }
    }
}

/// Is dropped when its runtime ends.
struct Guard {
    runtime: Id,
    watch: Weak<Watch>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(watch) = self.watch.upgrade() {
            let mut state = watch.lock();
            state.guards.remove(&self.runtime);
            state.has_ended = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        runtime::{Builder, Runtime},
        task::yield_now,
    };

    use super::*;

    fn runtime() -> Runtime {
        Builder::new_current_thread().build().unwrap()
    }

    /// Asks for a connection, as it were; `true` if those there were are replaced.
    fn enter(runtimes: &Runtimes, runtime: &Runtime) -> bool {
        let mut is_replaced = false;
        runtime.block_on(async { runtimes.enter(|| is_replaced = true) });
        is_replaced
    }

    #[test]
    fn connections_are_replaced_once_for_a_runtime_that_ended() {
        let (first, second) = (runtime(), runtime());
        let runtimes = Runtimes::default();
        assert!(!enter(&runtimes, &first));
        assert!(!enter(&runtimes, &second));
        drop(first);
        assert!(enter(&runtimes, &second));
        assert!(!enter(&runtimes, &second));
        assert_eq!(runtimes.watch.lock().guards.len(), 1);
    }

    #[test]
    fn a_runtime_that_is_ending_is_one_that_has_ended() {
        let (ending, next) = (runtime(), runtime());
        let handle = ending.handle().clone();
        drop(ending);
        let runtimes = Runtimes::default();
        {
            let _entered = handle.enter();
            runtimes.enter(|| panic!("nothing has ended yet"));
        }
        assert!(enter(&runtimes, &next));
        assert_eq!(runtimes.watch.lock().guards.len(), 1);
    }

    #[test]
    fn a_runtime_that_outlives_the_store_is_watched_no_longer() {
        let runtime = runtime();
        let runtimes = Runtimes::default();
        enter(&runtimes, &runtime);
        enter(&runtimes, &runtime);
        let guards: Vec<_> = runtimes.watch.lock().guards.values().cloned().collect();
        assert_eq!(guards.len(), 1);
        drop(runtimes);
        runtime.block_on(async {
            while !guards[0].is_finished() {
                yield_now().await;
            }
        });
    }
}
