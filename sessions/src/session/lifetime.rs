use std::time::Duration;

/// How long a session lives: the two deadlines of OWASP's session management, and how often the first is moved.
///
/// To choose other values use [`SessionOptions::idle_timeout`](crate::SessionOptions::idle_timeout), `absolute_timeout` and `touch_interval`.
/// Both timeouts are kept by the server; the cookie's `Max-Age` only spares the browser a useless cookie (OWASP ASVS v5, 7.3).
///
/// ```
/// use std::time::Duration;
/// use sessions::Lifetime;
///
/// assert_eq!(Lifetime::default().idle_timeout(), Duration::from_secs(7 * 24 * 60 * 60));
/// assert_eq!(Lifetime::strict().absolute_timeout(), Duration::from_secs(12 * 60 * 60));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime {
    pub(crate) idle: Duration,
    pub(crate) absolute: Duration,
    pub(crate) touch_interval: Duration,
}

impl Lifetime {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    /// Thirty minutes idle, twelve hours in all: NIST SP 800-63B's reauthentication limits at AAL2.
    #[must_use]
    pub const fn strict() -> Self {
        Self {
            idle: Duration::from_secs(30 * 60),
            absolute: Duration::from_secs(12 * 60 * 60),
            touch_interval: Duration::from_secs(5 * 60),
        }
    }

    /// How long a session may go unused.
    #[must_use]
    pub const fn idle_timeout(&self) -> Duration {
        self.idle
    }

    /// How long it may live at all since it was created or its principal was last set.
    #[must_use]
    pub const fn absolute_timeout(&self) -> Duration {
        self.absolute
    }

    /// How much the idle deadline must move before a request that only reads moves it.
    ///
    /// Where [no lifetime was chosen](crate::SessionOptions::touch_interval), sessions on the server are touched more often than this says.
    #[must_use]
    pub const fn touch_interval(&self) -> Duration {
        self.touch_interval
    }
}

/// Seven days idle, thirty in all, touched once an hour at most: for a cookie, which each touch sends again.
impl Default for Lifetime {
    fn default() -> Self {
        Self {
            idle: Self::DAY * 7,
            absolute: Self::DAY * 30,
            touch_interval: Duration::from_secs(60 * 60),
        }
    }
}
