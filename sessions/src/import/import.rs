use std::{
    error::Error,
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use futures_util::{FutureExt as _, future::LocalBoxFuture};
use tokio::time::timeout;

use crate::{
    clock::Timestamp,
    cookie::ForeignCookie,
    store::{Answer, StoreError, StoreErrorKind, origin::ImportRefusal},
};

use super::{Foreign, ForeignReader, Refusal};

/// Takes over the sessions of another application, as sessions of type `T`.
///
/// It is an [option of a session](crate::SessionOptions::import). When a visitor comes who has no cookie of that session, and only then, the
/// foreign cookie is read; what the function makes of it is a session that begins here and now:
///
/// - It has a handle, a token and a cookie of its own. They go out with the next response, also where the handler only reads, so that a
///   session is imported once. A response of 500 or more saves nothing, as ever; the next request imports again. Of two requests at once
///   both do, and the visitor is left with the session of the response that came last: what the other one wrote is not in it. So does each
///   request of a client that takes no cookies; a server-side store keeps what that leaves until its idle deadline.
/// - What is too large to be kept is there for the handler all the same, with a line in the log at `warn`, and is imported anew with each request.
///   Only where a handler writes, renews or saves is it an error.
/// - [`Origin`](crate::Origin::Imported) says so, and `is_new()` is `false`: to a handler it is a visitor with a session.
/// - Its absolute deadline counts from when the foreign session was written, where that is known, and is moved by an authentication as ever.
///   One that would be past that already is not imported. So a foreign cookie that stays with the browser revives nobody for longer than
///   [`absolute_timeout`](crate::SessionOptions::absolute_timeout) after the other application last wrote it: choose one that is as long as what that
///   application had, if nobody is to be logged out.
/// - If the struct has a principal, `authenticated_at` is when the foreign session was written, or now if that lies ahead; it is `None` where
///   nobody knows. The session is indexed, and counts towards a [limit](crate::SessionOptions::principal_limit), as after any login: where a limit
///   refuses, each page of such a visitor is a 403, but one that logs out.
/// - When a session is ended by its visitor, or goes from one principal to another, the foreign cookie is removed with our own, whether it was imported in
///   this request, long ago or never, and whether the browser sent that cookie or not: a logout that the next request takes back would be none. For
///   that, its [path](ForeignCookie::path) and [domain](ForeignCookie::domain) have to be what the other application gave it. A request that is in flight with the foreign cookie
///   while its visitor logs out still imports it. A *copy* of a foreign cookie is imported like the cookie itself, wherever it comes from, as the
///   other application would have accepted it.
///
/// A foreign cookie that does not open is no cookie: the visitor is a new one, with an event
/// [`NotImported`](crate::SessionEventKind::NotImported) and a line in the log at `debug`. The same where the function fails; and, at `warn`, where what
/// was authentic is not of the serializer that was configured. Where a store behind the reader does not answer, the request is a 503. A cookie of
/// our own that does not open never leads here.
///
/// Foreign cookies have seldom a `__Host-` name, so that whoever controls a sibling domain can plant one: a session of their own, into which a
/// visitor without one is then led. It was so in the other application; end it by a [date](Self::until).
///
#[cfg_attr(feature = "gorilla", doc = "```")]
#[cfg_attr(not(feature = "gorilla"), doc = "```ignore")]
/// use std::time::{Duration, SystemTime};
/// use sessions::{MemoryStore, SessionData, SessionMiddleware, gorilla, import::Import};
///
/// #[derive(SessionData)]
/// struct Login {
///     #[session(principal)]
///     user: Option<u64>,
///     name: String,
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // In Go: sessions.NewCookieStore([]byte("0123456789abcdef0123456789abcdef")), and store.Get(r, "session")
/// let reader = gorilla::Reader::new(gorilla::KeyPair::signed("0123456789abcdef0123456789abcdef")?);
/// let import = Import::new("session", reader, |old| {
///     Ok(Login {
///         user: Some(old.get("user_id")?),
///         name: old.get("name")?,
///     })
/// });
///
/// let sessions = SessionMiddleware::builder(MemoryStore::new())
///     .session::<Login>(|login| login.import(import.until(SystemTime::now() + Duration::from_secs(30 * 24 * 60 * 60))))
///     .build()?;
/// # Ok(())
/// # }
/// ```
#[must_use]
pub struct Import<T> {
    cookie: ForeignCookie,
    door: Arc<dyn Door<T>>,
    until: Option<Timestamp>,
    removes: bool,
}

impl<T> Import<T> {
    /// Takes over what `reader` finds in the cookie of this name, as the session that `convert` makes of it.
    ///
    /// A name alone is a cookie of the path `/`; see [`ForeignCookie`] for others. `convert` may fail with whatever is an error, by `?` or by
    /// `.into()` of a text. Let it fail where the values are no session, such as when nobody is logged in there: the visitor is then a new one here. What it fails with is
    /// logged at `debug` and nowhere else, so that a page that many anonymous visitors ask for fills no log; the events count how often.
    pub fn new<R, F>(cookie: impl Into<ForeignCookie>, reader: R, convert: F) -> Self
    where
        R: ForeignReader,
        F: Fn(&R::Values) -> Result<T, Box<dyn Error + Send + Sync>> + Send + Sync + 'static,
        T: 'static,
    {
        Self {
            cookie: cookie.into(),
            door: Arc::new(Converted { reader, convert }),
            until: None,
            removes: false,
        }
    }

    /// Removes the foreign cookie with the response that carries our own. Default: it stays, since the other application may still serve some pages
    /// of the site behind the same proxy; only who ends the session here loses both.
    ///
    /// Choose it when the other application serves nobody any more, or where our cookie ends [with the browser](crate::MaxAge::BrowserSession) and the foreign one
    /// does not: it would bring the visitor back. Have the cookie's [path and domain](ForeignCookie) right: a browser
    /// removes no other. What one session removes, no other session can import: [`build`](crate::SessionMiddlewareBuilder::build) refuses it on a
    /// cookie that two sessions import.
    pub fn remove_foreign(mut self) -> Self {
        self.removes = true;
        self
    }

    /// Ends the import: from this moment on, no foreign cookie is read. Default: never, so set it.
    ///
    /// The time is the middleware's, whose clock a test can turn. When the maximum age of the foreign cookies has passed since the other application wrote its
    /// last, nothing is left to import, and this option and the reader can be deleted from the code.
    pub fn until(mut self, end: SystemTime) -> Self {
        self.until = Some(end.into());
        self
    }

    pub(crate) fn cookie(&self) -> &ForeignCookie {
        &self.cookie
    }

    pub(crate) fn removes(&self) -> bool {
        self.removes
    }

    pub(crate) fn end(&self) -> Option<Timestamp> {
        self.until
    }

    /// Opens the value of a foreign cookie, and makes a session's data of it.
    pub(crate) async fn open(
        &self,
        value: &[u8],
        now: Timestamp,
        patience: Duration,
    ) -> Result<Result<Foreign<T>, Refusal>, StoreError> {
        self.door
            .open(self.cookie.name(), value, now, patience)
            .await
    }
}

impl<T> fmt::Debug for Import<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Import")
            .field("cookie", &self.cookie)
            .field("removes", &self.removes)
            .field("until", &self.until)
            .finish_non_exhaustive()
    }
}

/// A reader and a function, without their types.
trait Door<T>: Send + Sync {
    fn open<'a>(
        &'a self,
        name: &'a str,
        value: &'a [u8],
        now: Timestamp,
        patience: Duration,
    ) -> LocalBoxFuture<'a, Result<Result<Foreign<T>, Refusal>, StoreError>>;
}

struct Converted<R, F> {
    reader: R,
    convert: F,
}

impl<T, R, F> Door<T> for Converted<R, F>
where
    R: ForeignReader,
    F: Fn(&R::Values) -> Result<T, Box<dyn Error + Send + Sync>> + Send + Sync,
{
    fn open<'a>(
        &'a self,
        name: &'a str,
        value: &'a [u8],
        now: Timestamp,
        patience: Duration,
    ) -> LocalBoxFuture<'a, Result<Result<Foreign<T>, Refusal>, StoreError>> {
        async move {
            let read = in_time(self.reader.read(name, value, now), patience).await?;
            Ok(read.and_then(|foreign| {
                let (values, written) = foreign.into_parts();
                match (self.convert)(&values) {
                    Ok(data) => Ok(Foreign::new(data, written)),
                    Err(error) => Err(Refusal::new(ImportRefusal::Unconverted).because(error)),
                }
            }))
        }
        .boxed_local()
    }
}

async fn in_time<T>(answer: Answer<'_, T>, patience: Duration) -> Result<T, StoreError> {
    // A ready answer needs no timer.
    let answer = match answer.into_ready() {
        Ok(ready) => return ready,
        Err(pending) => pending,
    };
    let late = |_| Err(StoreError::new(StoreErrorKind::TimedOut));
    timeout(patience, answer).await.unwrap_or_else(late)
}
