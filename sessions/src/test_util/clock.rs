use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use crate::clock::{Clock, Timestamp};

/// A clock that a test turns by hand: a week passes in a microsecond.
///
/// ```
/// use std::time::{Duration, SystemTime, UNIX_EPOCH};
/// use sessions::{CookieStore, KeyRing, SessionMiddleware, test_util::TestClock};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let clock = TestClock::at(UNIX_EPOCH + Duration::from_secs(1_700_000_000));
/// let sessions = SessionMiddleware::builder(CookieStore::sealed(KeyRing::generate()?)).clock(clock.clock()).build()?;
/// clock.advance(Duration::from_secs(7 * 24 * 60 * 60));
/// assert_eq!(clock.now(), UNIX_EPOCH + Duration::from_secs(1_700_604_800));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct TestClock {
    seconds: Arc<AtomicU64>,
}

impl TestClock {
    /// Stands still at a time, in whole seconds.
    #[must_use]
    pub fn at(time: SystemTime) -> Self {
        Self {
            seconds: Arc::new(AtomicU64::new(Timestamp::from(time).as_seconds())),
        }
    }

    /// Turns the clock forward, by whole seconds, for everybody who has it.
    pub fn advance(&self, duration: Duration) {
        self.seconds
            .fetch_add(duration.as_secs(), Ordering::Relaxed);
    }

    /// Turns the clock to a time, forward or back.
    pub fn set(&self, time: SystemTime) {
        self.seconds
            .store(Timestamp::from(time).as_seconds(), Ordering::Relaxed);
    }

    /// What the clock shows.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        self.clock().now().into()
    }

    /// The same clock as the middleware takes it.
    #[must_use]
    pub fn clock(&self) -> Clock {
        Clock::turned(Arc::clone(&self.seconds))
    }
}
