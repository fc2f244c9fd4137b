use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::store::Answer;

use super::{Gate, Verb, wrap::wrap_store};

/// Holds chosen calls of a store at a gate: for tests of what happens when one request overtakes another.
///
/// ```
/// use std::sync::Arc;
/// use sessions::{MemoryStore, Timestamp, store::{SessionStore, StoreKey}, test_util::{GatedStore, Verb}};
///
/// # actix_web::rt::System::new().block_on(async {
/// let store = Arc::new(GatedStore::new(MemoryStore::new()));
/// let gate = store.hold(Verb::Load);
/// let request = actix_web::rt::spawn({
///     let store = Arc::clone(&store);
///     async move { store.load(&StoreKey::from_bytes([7; 32]), Timestamp::from_seconds(0)).await }
/// });
/// gate.reached(1).await; // Here the other request does its worst.
/// gate.open();
/// assert!(matches!(request.await, Ok(Ok(None))));
/// # });
/// ```
#[derive(Debug)]
pub struct GatedStore<S> {
    store: S,
    gates: Mutex<Vec<Held>>,
}

#[derive(Debug)]
struct Held {
    verb: Verb,
    at: At,
    gate: Gate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Call,
    Answer,
}

impl<S> GatedStore<S> {
    /// Lets every call of a store pass until told otherwise.
    #[must_use]
    pub fn new(store: S) -> Self {
        Self {
            store,
            gates: Mutex::default(),
        }
    }

    /// Holds the calls of a verb from now on, before the store hears of them, until the gate is opened.
    #[must_use]
    pub fn hold(&self, verb: Verb) -> Gate {
        self.hold_at(verb, At::Call)
    }

    /// Holds the answers to a verb from now on: the store has done it, its caller does not know yet.
    #[must_use]
    pub fn hold_answer(&self, verb: Verb) -> Gate {
        self.hold_at(verb, At::Answer)
    }

    /// The last gate for a verb counts.
    fn hold_at(&self, verb: Verb, at: At) -> Gate {
        let gate = Gate::closed();
        let mut gates = self.gates();
        gates.retain(|held| (held.verb, held.at) != (verb, at));
        gates.push(Held {
            verb,
            at,
            gate: gate.clone(),
        });
        gate
    }

    fn gate(&self, verb: Verb, at: At) -> Option<Gate> {
        let gates = self.gates();
        let held = gates
            .iter()
            .find(|held| (held.verb, held.at) == (verb, at))?;
        Some(held.gate.clone())
    }

    fn gates(&self) -> MutexGuard<'_, Vec<Held>> {
        self.gates.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn around<'a, T: Send + 'a>(
        &self,
        verb: Verb,
        call: impl FnOnce() -> Answer<'a, T> + Send + 'a,
    ) -> Answer<'a, T> {
        let gates = (self.gate(verb, At::Call), self.gate(verb, At::Answer));
        if let (None, None) = gates {
            return call();
        }
        Answer::pending(async move {
            if let Some(gate) = gates.0 {
                gate.pass().await;
            }
            let answer = call().await;
            if let Some(gate) = gates.1 {
                gate.pass().await;
            }
            answer
        })
    }
}

wrap_store!(GatedStore);
