//! The stores that the suite runs over, each with everything around it that a test wants to turn or to know.

use std::{
    env, fs,
    future::Future,
    path::PathBuf,
    process,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use actix_web::rt::{Runtime, time::timeout};
use sessions::{
    FilesystemStore, MemoryStore, Store,
    store::SessionStore,
    test_util::{CountingStore, Fault, FaultyStore, Gate, GatedStore, Verb},
};

use crate::ledger::Ledger;

type Faults = Arc<FaultyStore<Arc<Ledger>>>;
type Gates = Arc<GatedStore<Faults>>;

/// A store under test: counted, then gated, then faulty, then written down.
pub(crate) struct Engine {
    pub(crate) name: &'static str,
    pub(crate) gates: Gates,
    pub(crate) faults: Faults,
    pub(crate) ledger: Arc<Ledger>,
    calls: Arc<CountingStore<Gates>>,
    directory: Option<Directory>,
}

/// The verbs a request may call, in the order a tally names them.
const VERBS: [Verb; 9] = [
    Verb::Load,
    Verb::LoadMany,
    Verb::Create,
    Verb::Update,
    Verb::Touch,
    Verb::Rename,
    Verb::Delete,
    Verb::DeleteExpired,
    Verb::List,
];

impl Engine {
    /// One of each kind.
    pub(crate) fn each() -> [Self; 2] {
        [Self::memory(), Self::files()]
    }

    pub(crate) fn memory() -> Self {
        Self::over("memory", Arc::new(MemoryStore::new()), None)
    }

    pub(crate) fn files() -> Self {
        let directory = Directory::new();
        let store = FilesystemStore::new(&directory.0).unwrap();
        Self::over("files", Arc::new(store), Some(directory))
    }

    /// An empty one of the kind.
    pub(crate) fn another(&self) -> Self {
        match &self.directory {
            None => Self::memory(),
            Some(_) => Self::files(),
        }
    }

    /// The same records through equipment of their own, as another machine has them.
    pub(crate) fn beside(other: &Self) -> Self {
        let store: Arc<dyn SessionStore> = Arc::<Ledger>::clone(&other.ledger);
        Self::over(other.name, store, None)
    }

    fn over(
        name: &'static str,
        store: Arc<dyn SessionStore>,
        directory: Option<Directory>,
    ) -> Self {
        let ledger = Arc::new(Ledger::new(store));
        let faults = Arc::new(FaultyStore::new(Arc::clone(&ledger)));
        let gates = Arc::new(GatedStore::new(Arc::clone(&faults)));
        Self {
            name,
            calls: Arc::new(CountingStore::new(Arc::clone(&gates))),
            gates,
            faults,
            ledger,
            directory,
        }
    }

    /// What a middleware is given. Nobody sweeps it: that would count as calls.
    pub(crate) fn store(&self) -> Store {
        Store::from(Arc::clone(&self.calls)).without_sweeper()
    }

    /// Where the files are, if there are any.
    pub(crate) fn path(&self) -> Option<PathBuf> {
        self.directory.as_ref().map(|directory| directory.0.clone())
    }

    /// The calls since the last tally: `load 1, update 2`.
    pub(crate) fn tally(&self) -> String {
        let called = VERBS.map(|verb| (verb, self.calls.count(verb)));
        self.calls.reset();
        let called = called.iter().filter(|(_, count)| *count > 0);
        let called = called.map(|(verb, count)| format!("{verb} {count}"));
        called.collect::<Vec<_>>().join(", ")
    }

    /// Holds the next call of a verb until the gate is opened; those after it pass.
    pub(crate) fn hold_next(&self, verb: Verb) -> Gate {
        let gate = Gate::closed();
        self.faults.fail(verb, 1, Fault::Held(gate.clone()));
        gate
    }
}

/// Waits as a server does.
pub(crate) fn wait<T>(future: impl Future<Output = T>) -> T {
    thread_local! {
        static RUNTIME: Runtime = Runtime::new().unwrap();
    }
    RUNTIME.with(|runtime| runtime.block_on(future))
}

/// Waits until so many calls stand at a gate.
#[track_caller]
pub(crate) fn wait_for(gate: &Gate, calls: usize) {
    let reached = wait(async { timeout(Duration::from_secs(10), gate.reached(calls)).await });
    assert!(reached.is_ok(), "nobody came to the gate");
}

/// Removed with everything in it.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("sessions-server-{}-{count}", process::id());
        Self(env::temp_dir().join(name))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.0);
    }
}
