use std::sync::{Mutex, PoisonError};

use crate::store::{Answer, StoreError, StoreErrorKind};

use super::{
    Gate, Verb,
    wrap::{Lost, wrap_store},
};

/// Fails when told to: for tests of what a visitor sees when the store is in trouble.
///
/// ```
/// use sessions::{MemoryStore, Timestamp};
/// use sessions::store::{SessionStore, StoreErrorKind, StoreKey};
/// use sessions::test_util::{Fault, FaultyStore, Verb};
///
/// # actix_web::rt::System::new().block_on(async {
/// let store = FaultyStore::new(MemoryStore::new());
/// let (key, now) = (StoreKey::from_bytes([7; 32]), Timestamp::from_seconds(0));
/// store.fail(Verb::Load, 2, Fault::Error(StoreErrorKind::Unavailable));
/// assert!(store.load(&key, now).await.is_ok());
/// assert!(store.load(&key, now).await.is_err());
/// assert!(store.load(&key, now).await.is_ok());
/// # });
/// ```
#[derive(Debug)]
pub struct FaultyStore<S> {
    store: S,
    plans: Mutex<Vec<Plan>>,
}

/// What goes wrong with a call.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Fault {
    /// The store refuses; nothing is done.
    Error(StoreErrorKind),
    /// The call is lost on its way to the engine: nothing is done, and the caller cannot know.
    ///
    /// A write answers [`Written::Ambiguous`](crate::store::Written::Ambiguous), anything else [`StoreErrorKind::TimedOut`].
    CallLost,
    /// The answer is lost on its way back: it is done, and the caller cannot know. Answers as [`CallLost`](Self::CallLost) does.
    AnswerLost,
    /// The call waits at a gate, and then nothing goes wrong.
    Held(Gate),
}

#[derive(Debug)]
struct Plan {
    verb: Verb,
    /// Calls until it happens, that one included.
    calls: usize,
    fault: Fault,
}

impl<S> FaultyStore<S> {
    /// Wraps a store; nothing goes wrong until told to.
    #[must_use]
    pub fn new(store: S) -> Self {
        Self {
            store,
            plans: Mutex::default(),
        }
    }

    /// Lets the `nth` call of a verb from now on go wrong: 1 is the next.
    ///
    /// Every call is planned for by itself: to fail two in a row, say so twice.
    pub fn fail(&self, verb: Verb, nth: usize, fault: Fault) {
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        plans.push(Plan {
            verb,
            calls: nth.max(1),
            fault,
        });
    }

    /// What is planned for this call. Of two plans for one call, the first is kept.
    fn fault(&self, verb: Verb) -> Option<Fault> {
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        for plan in plans.iter_mut().filter(|plan| plan.verb == verb) {
            plan.calls -= 1;
        }
        let mut due = plans.extract_if(.., |plan| plan.calls == 0);
        let fault = due.next().map(|plan| plan.fault);
        due.for_each(drop);
        fault
    }

    fn around<'a, T: Lost + Send + 'a>(
        &self,
        verb: Verb,
        call: impl FnOnce() -> Answer<'a, T> + Send + 'a,
    ) -> Answer<'a, T> {
        match self.fault(verb) {
            None => call(),
            Some(Fault::Error(kind)) => Answer::ready(Err(StoreError::new(kind))),
            Some(Fault::CallLost) => Answer::ready(T::lost()),
            Some(Fault::AnswerLost) => Answer::pending(async {
                // Whatever it says is lost.
                drop(call().await);
                T::lost()
            }),
            Some(Fault::Held(gate)) => Answer::pending(async move {
                gate.pass().await;
                call().await
            }),
        }
    }
}

wrap_store!(FaultyStore);
