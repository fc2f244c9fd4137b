use std::{borrow::Cow, error::Error, fmt, sync::Arc};

use crate::{
    data::EncodeError,
    store::{StoreError, StoreErrorKind},
};

/// Reports that a session could not be opened or saved.
///
/// A cookie that will not open is *not* an error: it is a visitor without a session, and [`Session::origin`](crate::Session::origin) says
/// why. As a response this is the status of its [`kind`](Self::kind) with an empty body; the message goes to the log. Neither holds a
/// token, a key or the session's data.
///
/// ```
/// use actix_web::{HttpResponse, Responder};
/// use sessions::{Session, SessionData, SessionError, SessionErrorKind};
///
/// #[derive(SessionData)]
/// struct Visit {
///     count: u32,
/// }
///
/// // `Result` says why; actix-web's `Option` would turn every error into `None` and go on as if nobody were logged in.
/// async fn page(visit: Result<Session<Visit>, SessionError>) -> impl Responder {
///     match visit {
///         Ok(visit) => HttpResponse::Ok().body(visit.count().to_string()),
///         Err(error) if error.kind() == SessionErrorKind::MiddlewareMissing => HttpResponse::NotImplemented().finish(),
///         Err(_) => HttpResponse::ServiceUnavailable().finish(),
///     }
/// }
/// ```
#[derive(Clone, Debug)]
pub struct SessionError {
    kind: SessionErrorKind,
    session: Cow<'static, str>,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

/// Says what a [`SessionError`] is about, with the status it becomes and the remedy.
///
/// A session in a cookie knows neither `StoreUnavailable`, `Conflict`, `Gone` nor `TooManySessions`: nobody is asked, and nothing is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SessionErrorKind {
    /// No session middleware wraps this route, or only a nested one that does not name the type. 500. Wrap the `App`, behind any middleware
    /// that uses sessions itself.
    MiddlewareMissing,
    /// The options of a session are against a rule, found at its first use because `build()` could not see the type. 500. The
    /// [source](std::error::Error::source) is the [`BuildError`](crate::BuildError) that names the remedy; naming the type in the builder finds it at
    /// start.
    Misconfigured,
    /// One name, or one cookie, was asked for as two different types. 500. Give one of them another `name`.
    NameTaken,
    /// The session was opened outside of a nested middleware that has other options for it. 500. Open it inside only, or give it its options in
    /// the outer middleware.
    OptionsDiffer,
    /// The data does not fit: into 4,096 bytes of cookie, or into what the options or the store allow a record. 500; the old session stays. The
    /// source names the sizes. Bound what visitors can fill, or keep the session on the server and raise
    /// [`max_length`](crate::SessionOptions::max_length).
    TooLarge,
    /// A field's `Serialize` failed, or the system gave no random bytes. 500; the old session stays. The source says which.
    Unwritable,
    /// A `Ref` or `RefMut` of the session was still alive when it was to be saved or asked for its principal, or another handle to it is asked
    /// for. 500; the old session stays. Drop the guard before the handler returns.
    GuardAlive,
    /// The principal was changed through `write()` and not by its setter, so that the session was not renewed. 500; the old session stays. Use
    /// the field's `set_` or `take_` accessor.
    PrincipalChanged,
    /// The response's head had left: a cookie can no longer be set. 500, if there is a response to become it. Write before the body streams; only a
    /// session that is on the server already can be saved later.
    TooLate,
    /// The store cannot be reached, does not answer in time, is full or refuses. 503. Nothing was loaded; of a write it may be unknown
    /// whether it happened. The source is the [`StoreError`], which says what to look at.
    StoreUnavailable,
    /// Somebody else wrote at the same time, and what both wrote cannot be joined. 409; what they wrote stays. Give the field a `merge` function, or
    /// let the visitor look at the page anew: [`load_fresh`](crate::Registry::load_fresh) has what was stored.
    Conflict,
    /// The session ended while the request was busy with it: by a logout, a renewal, an administrator. 409 where a handler passes it on. Nobody is told
    /// but who calls `save()`. Go on as for a visitor without a session.
    Gone,
    /// Newer code wrote the session, and [`refuse_newer`](crate::SessionOptions::refuse_newer) keeps it from being begun anew. 503; what was
    /// stored stays, and so does the cookie. Finish the deploy of the newer release, or repeat it.
    NewerVersion,
    /// Its principal has as many sessions as the options allow. 403; nothing was stored. Let the visitor end one elsewhere, or choose
    /// [`EvictOldest`](crate::store::AdmissionPolicy::EvictOldest). A handler that learns it from `save()` and answers with a page of its own
    /// calls `destroy()` first: what was refused is tried again otherwise when the response leaves.
    TooManySessions,
    /// The session's store keeps no index by principal. 500. Keep the session in one that does.
    NoPrincipalIndex,
}

impl SessionError {
    pub(crate) fn new(kind: SessionErrorKind, session: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            session: session.into(),
            source: None,
        }
    }

    #[must_use]
    pub(crate) fn because(mut self, source: impl Error + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }

    /// The store could not do what it was asked, or what it holds is too large for it.
    pub(crate) fn of_store(session: impl Into<Cow<'static, str>>, source: StoreError) -> Self {
        let kind = match source.kind() {
            StoreErrorKind::TooLarge => SessionErrorKind::TooLarge,
            StoreErrorKind::Unavailable
            | StoreErrorKind::TimedOut
            | StoreErrorKind::Corrupt
            | StoreErrorKind::Full
            | StoreErrorKind::Refused => SessionErrorKind::StoreUnavailable,
        };
        Self::new(kind, session).because(source)
    }

    pub(crate) fn unwritable(session: impl Into<Cow<'static, str>>, source: EncodeError) -> Self {
        Self::new(SessionErrorKind::Unwritable, session).because(source)
    }

    /// What it is about.
    #[must_use]
    pub fn kind(&self) -> SessionErrorKind {
        self.kind
    }

    /// The name of the session.
    #[must_use]
    pub fn session(&self) -> &str {
        &self.session
    }
}

impl fmt::Display for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.session;
        match self.kind {
            SessionErrorKind::MiddlewareMissing => write!(
                f,
                "no session middleware answers for session `{name}` on this route; add `.wrap(sessions.clone())` to the App, after any \
                 middleware that uses sessions itself"
            ),
            SessionErrorKind::Misconfigured => {
                write!(
                    f,
                    "the options of session `{name}` are against a rule; name its type in the builder, and `build()` finds it at start"
                )
            }
            SessionErrorKind::NameTaken => write!(
                f,
                "session `{name}` was asked for as two different types; give one of them another `#[session(name = \"..\")]`"
            ),
            SessionErrorKind::OptionsDiffer => write!(
                f,
                "session `{name}` was opened by a middleware outside of the nested one that has options for it; open it inside, or give it \
                 its options in the outer session middleware"
            ),
            SessionErrorKind::TooLarge => write!(
                f,
                "session `{name}` is too large; bound what visitors can fill, or keep it on the server and raise `max_length`"
            ),
            SessionErrorKind::Unwritable => write!(
                f,
                "session `{name}` could not be encoded; look at the `Serialize` of its fields"
            ),
            SessionErrorKind::GuardAlive => write!(
                f,
                "session `{name}` could not be saved while a `Ref` or `RefMut` of it was alive; drop the guard before the handler returns"
            ),
            SessionErrorKind::PrincipalChanged => write!(
                f,
                "the principal of session `{name}` was changed through `write()`; use its `set_` or `take_` accessor, which renews the session"
            ),
            SessionErrorKind::StoreUnavailable => {
                write!(
                    f,
                    "the store of session `{name}` did not do what it was asked; look after the store"
                )
            }
            SessionErrorKind::Conflict => write!(
                f,
                "session `{name}` was changed by another request at the same time, and the two changes cannot be joined; \
                 give the field a `merge` function, or let the visitor load the page anew"
            ),
            SessionErrorKind::Gone => {
                write!(
                    f,
                    "session `{name}` ended while the request was busy with it; go on as for a visitor without a session"
                )
            }
            SessionErrorKind::NewerVersion => write!(
                f,
                "session `{name}` was written by a newer release and is refused, as `refuse_newer` asks; nothing is lost: finish the \
                 deploy of that release, or repeat it"
            ),
            SessionErrorKind::TooManySessions => write!(
                f,
                "the principal of session `{name}` has as many sessions as its options allow; let one be ended elsewhere, or \
                 choose `AdmissionPolicy::EvictOldest`"
            ),
            SessionErrorKind::NoPrincipalIndex => write!(
                f,
                "the store of session `{name}` keeps no index by principal; keep the session in one that does"
            ),
            SessionErrorKind::TooLate => write!(
                f,
                "session `{name}` needs a cookie, and the response's head had left; write to it before the body streams"
            ),
        }
    }
}

impl Error for SessionError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}
