//! The only clock.
//!
//! Whoever needs the time is handed a [`Clock`]; nobody else calls the system's. That is what lets a test turn a week in a microsecond.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// Tells the time to everything that has a deadline.
///
/// The default reads the system's clock. A turnable one, for tests, comes from
/// `test_util::TestClock` (feature `test-util`).
#[derive(Clone, Default)]
pub struct Clock {
    /// Seconds since the Unix epoch, moved by hand; `None` reads the system's clock.
    turned: Option<Arc<AtomicU64>>,
}

impl Clock {
    /// Reads the system's clock.
    ///
    /// ```
    /// use sessions::Clock;
    ///
    /// assert_eq!(format!("{:?}", Clock::system()), "Clock(system)");
    /// ```
    #[must_use]
    pub fn system() -> Self {
        Self::default()
    }

    /// Shares seconds that somebody else moves.
    #[cfg(any(test, feature = "test-util"))]
    pub(crate) fn turned(seconds: Arc<AtomicU64>) -> Self {
        Self {
            turned: Some(seconds),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        match &self.turned {
            Some(seconds) => Timestamp(seconds.load(Ordering::Relaxed)),
            None => Timestamp::from(SystemTime::now()),
        }
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.turned {
            Some(_) => "Clock(turned)",
            None => "Clock(system)",
        })
    }
}

/// A point in time, in whole seconds since the Unix epoch, UTC.
///
/// Deadlines need no finer grain, and whole seconds are what a cookie's `Max-Age` can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// So many seconds since the Unix epoch.
    #[must_use]
    pub const fn from_seconds(seconds: u64) -> Self {
        Self(seconds)
    }

    /// Seconds since the Unix epoch.
    #[must_use]
    pub const fn as_seconds(self) -> u64 {
        self.0
    }

    /// Adds a duration, dropping its fraction of a second; stops at the end of time.
    #[must_use]
    pub const fn saturating_add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration.as_secs()))
    }

    /// Seconds from `earlier` to here; zero when `earlier` lies ahead.
    #[must_use]
    pub const fn seconds_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// A system clock before 1970 reads as 1970: deadlines then lie far ahead instead of a panic.
impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        Self(
            time.duration_since(UNIX_EPOCH)
                .map_or(0, |since| since.as_secs()),
        )
    }
}

/// A second past the end of the platform's time reads as the epoch.
impl From<Timestamp> for SystemTime {
    fn from(timestamp: Timestamp) -> Self {
        UNIX_EPOCH
            .checked_add(Duration::from_secs(timestamp.0))
            .unwrap_or(UNIX_EPOCH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turned_clock_shows_what_it_is_turned_to() {
        let seconds = Arc::new(AtomicU64::new(7));
        let clock = Clock::turned(Arc::clone(&seconds));
        seconds.fetch_add(3, Ordering::Relaxed);
        assert_eq!(clock.now(), Timestamp::from_seconds(10));
    }

    #[test]
    fn time_neither_wraps_nor_panics_at_its_ends() {
        let end = Timestamp::from_seconds(u64::MAX);
        assert_eq!(end.saturating_add(Duration::from_secs(1)), end);
        assert_eq!(Timestamp::from_seconds(1).seconds_since(end), 0);
        assert_eq!(SystemTime::from(end), UNIX_EPOCH);
        assert_eq!(
            Timestamp::from(UNIX_EPOCH - Duration::from_secs(9)).as_seconds(),
            0
        );
    }
}
