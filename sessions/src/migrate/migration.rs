use std::fmt;

use futures_util::{StreamExt as _, stream};

use crate::{
    clock::Clock,
    store::{Scan, ScanCursor, StoreError, StoreErrorKind, StoreKey},
};

use super::{PairStore, mover::Brought};

/// Moves what is left in the old store of a pair.
///
/// It may run in the server's process or in one of its own, be stopped at any time, and be run again: it goes on with what is left. Several may run at once.
///
/// ```
/// use sessions::{MemoryStore, migrate::{Migration, PairStore}};
///
/// # actix_web::rt::System::new().block_on(async {
/// let pair = PairStore::new(MemoryStore::new(), MemoryStore::new());
/// let moved = Migration::of(&pair)
///     .at_once(32)
///     .on_progress(|so_far| println!("{} moved, {} failed", so_far.moved, so_far.failed))
///     .run()
///     .await?;
/// assert_eq!(moved.moved, 0); // there was nothing
/// # Ok::<(), sessions::store::StoreError>(())
/// # }).unwrap();
/// ```
#[must_use = "nothing is moved until it is run"]
pub struct Migration<'a> {
    pair: &'a PairStore,
    at_once: usize,
    clock: Clock,
    on_progress: Option<Box<dyn Fn(Moved) + Send + Sync + 'a>>,
}

/// What a migration has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Moved {
    /// Sessions brought to the new store.
    pub moved: u64,
    /// Sessions that had expired or ended, or that a request had brought already.
    pub gone: u64,
    /// Sessions that could not be moved, and lie in the old store as before: what cannot be read, or is larger than the new store takes.
    pub failed: u64,
}

/// How many keys are asked for in one step.
const STEP: usize = 1000;

impl<'a> Migration<'a> {
    /// Moves the sessions of this pair, 16 at once.
    pub fn of(pair: &'a PairStore) -> Self {
        Self {
            pair,
            at_once: 16,
            clock: Clock::system(),
            on_progress: None,
        }
    }

    /// Sets how many sessions are moved at once: 16 unless set, one at least.
    ///
    /// Raise it if the stores are idle; lower it if visitors notice.
    pub fn at_once(mut self, sessions: usize) -> Self {
        self.at_once = sessions.max(1);
        self
    }

    /// Sets the clock by which sessions are dead: the system's unless set.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Calls back after each session with what was done so far.
    pub fn on_progress(mut self, tell: impl Fn(Moved) + Send + Sync + 'a) -> Self {
        self.on_progress = Some(Box::new(tell));
        self
    }

    /// Goes through the old store, again and again until there is nothing left to move.
    ///
    /// What cannot be moved is counted, logged by its kind and left. Move again when that is mended; or let it expire.
    ///
    /// # Errors
    ///
    /// If a store fails otherwise; what was moved is moved. [`Refused`](StoreErrorKind::Refused) if the old store cannot be
    /// [scanned](crate::store::Abilities::scan): then sessions move one by one, when they are next written or touched. Also if the pair only
    /// [prepares](PairStore::prepare): there may be servers yet that would not find what was moved.
    pub async fn run(self) -> Result<Moved, StoreError> {
        let scan = self.pair.old().abilities().scan;
        let Some(scan) = scan.filter(|_| self.pair.moves()) else {
            return Err(StoreError::new(StoreErrorKind::Refused));
        };
        let mut total = Moved::default();
        loop {
            let before = total.moved;
            // What failed or was gone is met again by every pass.
            (total.gone, total.failed) = (0, 0);
            self.pass(scan, &mut total).await?;
            if total.moved == before {
                return Ok(total);
            }
        }
    }

    async fn pass(&self, scan: &dyn Scan, total: &mut Moved) -> Result<(), StoreError> {
        let mut after: Option<ScanCursor> = None;
        loop {
            let scanned = scan.step(after.as_ref(), STEP).await?;
            let moves = scanned.keys.iter().map(|key| self.bring(key));
            let mut moves = stream::iter(moves).buffer_unordered(self.at_once);
            while let Some(brought) = moves.next().await {
                match brought? {
                    Some(Brought::Moved(_)) => total.moved += 1,
                    Some(Brought::Gone) => total.gone += 1,
                    Some(Brought::Conflict) | None => total.failed += 1,
                }
                if let Some(tell) = &self.on_progress {
                    tell(*total);
                }
            }
            match scanned.next {
                Some(next) => after = Some(next),
                None => return Ok(()),
            }
        }
    }

    /// `None` for a session that cannot be moved; an error where nothing can.
    async fn bring(&self, key: &StoreKey) -> Result<Option<Brought>, StoreError> {
        let mover = self.pair.mover(self.clock.now());
        match mover.bring(key, None).await {
            Ok(brought) => Ok(Some(brought)),
            Err(error)
                if matches!(
                    error.kind(),
                    StoreErrorKind::Corrupt | StoreErrorKind::TooLarge
                ) =>
            {
                tracing::warn!(%error, "a session could not be moved to the new store");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

impl fmt::Debug for Migration<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Migration")
            .field("pair", self.pair)
            .field("at_once", &self.at_once)
            .finish_non_exhaustive()
    }
}
