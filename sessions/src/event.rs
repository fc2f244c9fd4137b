//! What happens to sessions, told to whoever listens: a hook, the log, the metrics.
//!
//! The manager, the vault and the sweeper knock with a [`SessionEvent`]; nothing comes back. Only names and handles are told, never a
//! token, a store key or data.

use std::{fmt, sync::Arc};

use crate::store::{Handle, Rejection, origin::ImportRefusal};

/// Tells what became of a session.
///
/// See [`SessionMiddlewareBuilder::on_event`](crate::SessionMiddlewareBuilder::on_event).
#[derive(Clone, Copy, Debug)]
pub struct SessionEvent<'a> {
    kind: SessionEventKind,
    session: &'a str,
    handle: Option<Handle>,
    sessions: usize,
}

/// Says what a [`SessionEvent`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionEventKind {
    /// A session was stored for the first time.
    Created,
    /// It was given a new token, or with a cookie store a new handle.
    Renewed,
    /// It was ended by its visitor.
    Destroyed,
    /// It was ended by another session of its principal, or by an administrator.
    Ended,
    /// It was ended to make room for another of its principal.
    Evicted,
    /// Dead records were deleted; [`sessions`](SessionEvent::sessions) says how many.
    Expired,
    /// A request brought something that was not accepted.
    Rejected(Rejection),
    /// A session of another application was taken over, and stored here; [`Created`](Self::Created) was told of it too.
    Imported,
    /// A request brought a cookie of another application that was not taken over.
    NotImported(ImportRefusal),
    /// Two requests wrote at once, and their changes were joined.
    Merged,
    /// It had ended while a request was still busy with it; what that request wrote is dropped.
    Gone,
}

impl<'a> SessionEvent<'a> {
    /// Of a session that can be named.
    pub(crate) fn of(kind: SessionEventKind, session: &'a str, handle: Handle) -> Self {
        Self {
            kind,
            session,
            handle: Some(handle),
            sessions: 1,
        }
    }

    /// Of something that is no session here.
    pub(crate) fn rejected(reason: Rejection, session: &'a str) -> Self {
        Self {
            kind: SessionEventKind::Rejected(reason),
            session,
            handle: None,
            sessions: 1,
        }
    }

    /// Of something that is no session of another application.
    pub(crate) fn not_imported(reason: ImportRefusal, session: &'a str) -> Self {
        Self {
            kind: SessionEventKind::NotImported(reason),
            session,
            handle: None,
            sessions: 1,
        }
    }

    /// Of records that were swept from a store, whatever their sessions' names.
    pub(crate) fn expired(sessions: usize) -> Self {
        Self {
            kind: SessionEventKind::Expired,
            session: "*",
            handle: None,
            sessions,
        }
    }

    /// What it is about.
    #[must_use]
    pub fn kind(&self) -> SessionEventKind {
        self.kind
    }

    /// The session's name; `*` where a store was swept, which keeps sessions of any name.
    #[must_use]
    pub fn session(&self) -> &'a str {
        self.session
    }

    /// Which session; `None` for what was rejected, not imported or swept.
    #[must_use]
    pub fn handle(&self) -> Option<Handle> {
        self.handle
    }

    /// How many sessions it is about: one, unless a store was swept.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.sessions
    }
}

impl SessionEventKind {
    /// One word, for a log or a metric's label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Renewed => "renewed",
            Self::Destroyed => "destroyed",
            Self::Ended => "ended",
            Self::Evicted => "evicted",
            Self::Expired => "expired",
            Self::Rejected(_) => "rejected",
            Self::Imported => "imported",
            Self::NotImported(_) => "not_imported",
            Self::Merged => "merged",
            Self::Gone => "gone",
        }
    }
}

type Hook = dyn Fn(&SessionEvent<'_>) + Send + Sync;

/// Those who listen, for all worker threads.
#[derive(Clone, Default)]
pub(crate) struct Listeners {
    hooks: Vec<Arc<Hook>>,
}

impl Listeners {
    pub(crate) fn add(&mut self, hook: impl Fn(&SessionEvent<'_>) + Send + Sync + 'static) {
        self.hooks.push(Arc::new(hook));
    }

    /// Tells all of them, and the log.
    pub(crate) fn tell(&self, event: &SessionEvent<'_>) {
        log(event);
        #[cfg(feature = "metrics")]
        count(event);
        for hook in &self.hooks {
            hook(event);
        }
    }
}

impl fmt::Debug for Listeners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Listeners({})", self.hooks.len())
    }
}

fn log(event: &SessionEvent<'_>) {
    let session = event.session;
    match (event.kind, event.handle) {
        (SessionEventKind::Rejected(reason), _) => {
            tracing::info!(session, %reason, "session rejected");
        }
        (SessionEventKind::NotImported(reason), _) => {
            tracing::debug!(session, %reason, "foreign session not imported");
        }
        (SessionEventKind::Expired, _) => {
            tracing::debug!(sessions = event.sessions, "expired sessions deleted");
        }
        (kind, Some(handle)) => {
            let done = kind.as_str();
            tracing::debug!(session, %handle, "session {done}");
        }
        (_, None) => {}
    }
}

#[cfg(feature = "metrics")]
fn count(event: &SessionEvent<'_>) {
    let reason = match event.kind {
        SessionEventKind::Rejected(reason) => reason.to_string(),
        SessionEventKind::NotImported(reason) => reason.to_string(),
        _ => String::new(),
    };
    metrics::counter!(
        "sessions_events_total",
        "session" => event.session.to_owned(),
        "event" => event.kind.as_str(),
        "reason" => reason,
    )
    .increment(event.sessions as u64);
}
