use std::{
    future::{self, Future},
    sync::Arc,
    time::Duration,
};

use futures_util::future::Either;

use crate::{
    clock::{Clock, Timestamp},
    store::{
        Admission, Answer, Loaded, Record, Revision, SessionStore, StoreError, StoreErrorKind,
        StoreKey, Touched, Write, Written,
    },
};

use super::Outcome;

/// A store, and how long it is waited for.
///
/// A write whose answer is lost or late may have happened. Each is then looked up by its write id: ours means it did, the state that was
/// expected means it did not and is asked for once more, anything else stays unknown, and is an error: never a guess.
#[derive(Clone, Debug)]
pub(crate) struct Vault {
    store: Arc<dyn SessionStore>,
    patience: Duration,
    clock: Clock,
}

/// A write is asked for twice at most: the second time when the first is known not to have happened.
const ATTEMPTS: u32 = 2;

impl Vault {
    pub(crate) fn new(store: Arc<dyn SessionStore>, patience: Duration, clock: Clock) -> Self {
        Self {
            store,
            patience,
            clock,
        }
    }

    pub(crate) fn store(&self) -> &Arc<dyn SessionStore> {
        &self.store
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn load<'a>(
        &'a self,
        key: &'a StoreKey,
    ) -> impl Future<Output = Result<Option<Loaded>, StoreError>> + 'a {
        self.load_at(key, self.now())
    }

    /// The record as of a time that was just read.
    pub(crate) fn load_at<'a>(
        &'a self,
        key: &'a StoreKey,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<Loaded>, StoreError>> + 'a {
        self.answer("load", self.store.load(key, now))
    }

    /// Moves the deadline; nothing is lost where that fails, since the next request does it again.
    pub(crate) async fn touch(
        &self,
        key: &StoreKey,
        deadline: Timestamp,
    ) -> Result<Touched, StoreError> {
        self.answer("touch", self.store.touch(key, deadline, self.now()))
            .await
    }

    /// Deletes whatever is there: asked for again if the first answer does not come.
    pub(crate) async fn delete(&self, key: &StoreKey) -> Result<(), StoreError> {
        match self.answer("delete", self.store.delete(key)).await {
            Err(error) if error.kind() == StoreErrorKind::TimedOut => {
                self.answer("delete", self.store.delete(key)).await
            }
            answer => answer,
        }
    }

    /// Creates a record under a key that was drawn for it and that nobody else knows.
    pub(crate) async fn create(
        &self,
        key: &StoreKey,
        record: &Record,
        admission: Option<Admission>,
    ) -> Result<Outcome, StoreError> {
        for attempt in 0..ATTEMPTS {
            let create = Write::create(key, record, self.now()).admitted_by(admission);
            match self.write(create).await {
                Ok(Written::Applied { revision, evicted }) => {
                    return Ok(Outcome::Applied { revision, evicted });
                }
                Ok(Written::Refused) => return Ok(Outcome::Refused),
                Ok(Written::Conflict | Written::Missing | Written::Ambiguous) => {}
                Err(error) if attempt == 0 => return Err(error),
                Err(_) => break,
            }
            match self.load(key).await {
                Ok(Some(found)) if found.record.write_id == record.write_id => {
                    return Ok(Outcome::found(found.revision));
                }
                Ok(None) => {}
                Ok(Some(_)) | Err(_) => break,
            }
        }
        self.give_up(Some(key)).await
    }

    /// Replaces the record that is in the state `expected`.
    ///
    /// Fails with `TimedOut` where it may have happened, and with anything else where it did not.
    pub(crate) async fn update(
        &self,
        key: &StoreKey,
        record: &Record,
        expected: Revision,
    ) -> Result<Outcome, StoreError> {
        for attempt in 0..ATTEMPTS {
            let update = Write::update(key, record, expected, self.now());
            let written = match self.write(update).await {
                Err(error) if attempt > 0 => return Err(unknown(error)),
                written => written?,
            };
            match written {
                Written::Applied { revision, evicted } => {
                    return Ok(Outcome::Applied { revision, evicted });
                }
                Written::Missing => return Ok(Outcome::Missing),
                Written::Refused => return Ok(Outcome::Refused),
                Written::Conflict if attempt == 0 => return Ok(Outcome::Conflict),
                // The first may have been applied after all, and its answer come to nobody.
                Written::Conflict | Written::Ambiguous => {}
            }
            match self.load(key).await.map_err(unknown)? {
                Some(found) if found.record.write_id == record.write_id => {
                    return Ok(Outcome::found(found.revision));
                }
                Some(found) if found.revision == expected => {}
                None => return Ok(Outcome::Missing),
                // Ours may be beneath it: to merge now could count it twice.
                Some(_) => break,
            }
        }
        self.give_up(None).await
    }

    /// Moves a session to another key: the old one is dead before the new one is answered for.
    pub(crate) async fn rename(
        &self,
        from: (&StoreKey, Revision),
        to: &StoreKey,
        record: &Record,
        admission: Option<Admission>,
    ) -> Result<Outcome, StoreError> {
        let (old, expected) = from;
        for attempt in 0..ATTEMPTS {
            let rename = Write::rename(old, to, record, expected, self.now());
            match (self.write(rename.admitted_by(admission)).await, attempt) {
                (Ok(Written::Applied { revision, evicted }), _) => {
                    return Ok(Outcome::Applied { revision, evicted });
                }
                (Ok(Written::Refused), _) => return Ok(Outcome::Refused),
                (Ok(Written::Missing), 0) => return Ok(Outcome::Missing),
                (Ok(Written::Conflict), 0) => return Ok(Outcome::Conflict),
                // The first may have been applied, wholly or to the half.
                (Ok(Written::Ambiguous | Written::Missing | Written::Conflict), _) => {}
                (Err(error), 0) => return Err(error),
                (Err(_), _) => break,
            }
            // The old one first: what is gone stays gone, whereas the new one may yet come.
            let (Ok(old_before), Ok(new)) = (self.load(old).await, self.load(to).await) else {
                break;
            };
            let new = new.filter(|new| new.record.write_id == record.write_id);
            let old = match (&new, old_before) {
                // It may have come in between, and the old one gone.
                (Some(_), Some(_)) => match self.load(old).await {
                    Ok(old) => old,
                    Err(_) => break,
                },
                (_, old) => old,
            };
            match (new, old) {
                (Some(new), None) if self.store.abilities().renames_at_once => {
                    return Ok(Outcome::found(new.revision));
                }
                // In two steps: somebody may have ended the old one before the new one was created.
                (Some(_), None) => break,
                (None, None) => return Ok(Outcome::Missing),
                (None, Some(old)) if old.revision == expected => {}
                // Both live: the new one must go, since nobody has it yet.
                (Some(_), Some(old)) if old.revision == expected => {
                    if self.delete(to).await.is_err() {
                        break;
                    }
                }
                (_, Some(_)) => break,
            }
        }
        self.give_up(Some(to)).await
    }

    /// What cannot be found out is an error, and a record that nobody was told of is discarded.
    async fn give_up(&self, created: Option<&StoreKey>) -> Result<Outcome, StoreError> {
        if let Some(key) = created {
            // If this fails too, the record lies there until its deadline, under a token that nobody holds.
            _ = self.delete(key).await;
        }
        Err(StoreError::new(StoreErrorKind::TimedOut))
    }

    /// A write that was given up on may have happened.
    pub(super) fn write<'a>(
        &'a self,
        write: Write<'a>,
    ) -> impl Future<Output = Result<Written, StoreError>> + 'a {
        let late = || Ok(Written::Ambiguous);
        self.in_time(write.verb(), self.store.write(write), late)
    }

    /// What was given up on may be asked for again.
    pub(super) fn answer<'a, T: 'a>(
        &'a self,
        verb: &'static str,
        answer: Answer<'a, T>,
    ) -> impl Future<Output = Result<T, StoreError>> + 'a {
        let late = || Err(StoreError::new(StoreErrorKind::TimedOut));
        self.in_time(verb, answer, late)
    }

    /// The store's answer, or what is said where it did not come in time.
    ///
    /// No `async fn`: an answer is large, and each future around another would keep its own copy of it.
    fn in_time<'a, T>(
        &'a self,
        verb: &'static str,
        answer: Answer<'a, T>,
        late: impl FnOnce() -> Result<T, StoreError> + 'a,
    ) -> impl Future<Output = Result<T, StoreError>> + 'a
    where
        T: 'a,
    {
        match answer.into_ready() {
            // It needs no timer.
            Ok(ready) => Either::Left(future::ready(ready)),
            // In a place of its own: what a store answers at once is not to make room for a timer.
            Err(pending) => Either::Right(Box::pin(async move {
                self.wait(verb, pending).await.unwrap_or_else(late)
            })),
        }
    }

    /// The answer to come; `None` when it does not in time.
    async fn wait<T>(
        &self,
        verb: &'static str,
        answer: Answer<'_, T>,
    ) -> Option<Result<T, StoreError>> {
        #[cfg(feature = "metrics")]
        let asked = tokio::time::Instant::now();
        let answered = tokio::time::timeout(self.patience, answer).await.ok();
        if answered.is_none() {
            tracing::warn!(
                verb,
                patience = ?self.patience,
                "the session store did not answer in time; look after it, or set another `store_timeout`"
            );
        }
        #[cfg(feature = "metrics")]
        metrics::histogram!("sessions_store_seconds", "verb" => verb).record(asked.elapsed());
        answered
    }
}

/// Of a write that was sent: that finding out about it failed does not say that it did.
fn unknown(error: StoreError) -> StoreError {
    StoreError::new(StoreErrorKind::TimedOut).because(error)
}
