use std::time::Duration;

use crate::clock::Timestamp;

use super::Handle;

/// What is kept about a session beside its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Meta {
    pub(crate) handle: Handle,
    pub(crate) created: Timestamp,
    /// The last time its principal was set.
    pub(crate) authenticated: Option<Timestamp>,
    /// Moves with activity, never past `absolute_deadline`.
    pub(crate) idle_deadline: Timestamp,
    /// Moves only on authentication and by an explicit change of lifetime.
    pub(crate) absolute_deadline: Timestamp,
    pub(crate) persistence: Persistence,
}

impl Meta {
    /// A session alive at `now` has both deadlines ahead.
    pub(crate) fn is_expired(&self, now: Timestamp) -> bool {
        self.idle_deadline <= now || self.absolute_deadline <= now
    }

    /// How long the session can live from `now` on, whatever its visitor does.
    pub(crate) fn time_left(&self, now: Timestamp) -> Duration {
        Duration::from_secs(self.absolute_deadline.seconds_since(now))
    }
}

/// The lifetime a handler chose for one session, kept so that the next touch does not undo it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Persistence {
    /// As configured.
    #[default]
    Configured,
    /// Remembered: idleness does not end it, its absolute deadline does.
    Remembered,
    /// The browser forgets the cookie when it closes; the deadlines hold as configured.
    ForgottenOnClose,
}

impl Persistence {
    /// As it is written, in a cookie and in a record.
    pub(crate) const fn to_byte(self) -> u8 {
        match self {
            Self::Configured => 0,
            Self::Remembered => 1,
            Self::ForgottenOnClose => 2,
        }
    }

    /// `None` for what was never written.
    pub(crate) const fn from_byte(byte: u8) -> Option<Self> {
        Some(match byte {
            0 => Self::Configured,
            1 => Self::Remembered,
            2 => Self::ForgottenOnClose,
            _ => return None,
        })
    }
}
