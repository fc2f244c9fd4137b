use std::time::Duration;

use tokio::{task::yield_now, time::timeout};

use crate::{
    clock::Clock,
    store::{SessionStore, StoreError, StoreErrorKind},
};

/// How often the dead sessions of a store are deleted, and how many at a time.
///
/// A dead session is never loaded, deleted or not: sweeping is about room. A store whose engine forgets by itself is not swept.
///
/// ```
/// use std::time::Duration;
/// use sessions::Sweep;
///
/// let sweep = Sweep::default().every(Duration::from_secs(15 * 60)).batch(200);
/// assert_ne!(sweep, Sweep::default());
///
/// // A sweeper that never rests, or deletes nothing, is brought to the least that works.
/// assert_eq!(sweep.every(Duration::ZERO), sweep.every(Duration::from_secs(1)));
/// assert_eq!(sweep.batch(0), sweep.batch(1));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Sweep {
    pub(super) every: Duration,
    pub(super) batch: usize,
}

impl Sweep {
    /// Sets how long to rest between two sweeps: a minute unless set, a second at least.
    ///
    /// The dead take up room for as long. Raise it where a sweep is dear, as with a million files on a slow disk; lower it where sessions are
    /// short and many, so that each sweep has less to do.
    pub fn every(mut self, every: Duration) -> Self {
        self.every = every.max(Duration::from_secs(1));
        self
    }

    /// Sets how many sessions are deleted by one call of the store: a thousand unless set, one at least.
    ///
    /// Between two calls others are served. Lower it for an engine that holds up others while it deletes.
    pub fn batch(mut self, sessions: usize) -> Self {
        self.batch = sessions.max(1);
        self
    }
}

/// A thousand, every minute.
impl Default for Sweep {
    fn default() -> Self {
        Self {
            every: Duration::from_secs(60),
            batch: 1000,
        }
    }
}

/// Deletes every dead session of a store now, `batch` at a time, and answers how many: for a cron job.
///
/// A server does so by itself for the stores it has. A job of its own is for stores that no server is running on, and for those who want to
/// choose the hour. Others are served between two batches. A `batch` of zero counts as one.
///
/// ```
/// # actix_web::rt::System::new().block_on(async {
/// use sessions::{Clock, MemoryStore, delete_all_expired};
///
/// let store = MemoryStore::new();
/// assert_eq!(delete_all_expired(&store, 1000, &Clock::system()).await?, 0);
/// # Ok::<(), sessions::store::StoreError>(())
/// # }).unwrap();
/// ```
///
/// # Errors
///
/// The first of the store. What was deleted before stays deleted; a later call goes on.
pub async fn delete_all_expired(
    store: &dyn SessionStore,
    batch: usize,
    clock: &Clock,
) -> Result<usize, StoreError> {
    let swept = sweep(store, batch, clock, None).await;
    swept.failure.map_or(Ok(swept.ended), Err)
}

/// What came of a sweep.
pub(super) struct Swept {
    /// How many sessions it deleted, whatever happened then.
    pub(super) ended: usize,
    /// What it ended with before its time.
    pub(super) failure: Option<StoreError>,
}

/// Calls the store until it says there are no more. A call that takes longer than `patience` has failed.
pub(super) async fn sweep(
    store: &dyn SessionStore,
    batch: usize,
    clock: &Clock,
    patience: Option<Duration>,
) -> Swept {
    let batch = batch.max(1);
    let mut ended = 0_usize;
    let failure = loop {
        let answer = store.delete_expired(batch, clock.now());
        let answer = match patience {
            // Outside of a runtime there is no time to measure.
            None => answer.await,
            Some(patience) => timeout(patience, answer)
                .await
                .unwrap_or_else(|_| Err(StoreError::new(StoreErrorKind::TimedOut))),
        };
        match answer {
            Err(failure) => break Some(failure),
            Ok(deleted) => {
                ended = ended.saturating_add(deleted);
                if deleted < batch {
                    break None;
                }
            }
        }
        yield_now().await;
    };
    Swept { ended, failure }
}
