use std::{fmt, sync::Arc, time::SystemTime};

use cookie::{Cookie, CookieJar};

use crate::{
    clock::Timestamp,
    import::{Foreign, ForeignReader, ImportRefusal, Refusal},
    store::Answer,
};

use super::{Key, Values};

/// Opens the cookies of actix-session: those of its `CookieSessionStore`, and those that lead to a session elsewhere.
///
/// A cookie is refused if the key did not make it under its name, and if it does not hold a session. A *signed* cookie is not bound to its
/// name: whatever the application signed with the same key, be it under another, is authentic here as it was there. Neither expires.
///
/// ```
/// use sessions::actix_session::{CookieReader, Key};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // As actix-session has it of its own accord; `signed` is for who had asked for `CookieContentSecurity::Signed`.
/// let reader = CookieReader::private(Key::new([7; 64])?);
/// assert_eq!(format!("{reader:?}"), "CookieReader(Private, Key(..))");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use]
pub struct CookieReader {
    key: Key,
    security: Security,
    written_at: Option<Arc<WrittenAt>>,
}

#[derive(Clone, Copy, Debug)]
enum Security {
    Private,
    Signed,
}

type WrittenAt = dyn Fn(&Values) -> Option<SystemTime> + Send + Sync;

impl CookieReader {
    /// Opens encrypted cookies: `CookieContentSecurity::Private`, the default there.
    pub fn private(key: Key) -> Self {
        Self::new(key, Security::Private)
    }

    /// Opens signed cookies: `CookieContentSecurity::Signed`.
    pub fn signed(key: Key) -> Self {
        Self::new(key, Security::Signed)
    }

    fn new(key: Key, security: Security) -> Self {
        Self {
            key,
            security,
            written_at: None,
        }
    }

    /// Sets where a session says when it was written, if the application had put that in. Default: nobody knows.
    ///
    /// It is what the [absolute timeout](crate::import::Import) of an imported session counts from, and its `authenticated_at`.
    ///
    /// ```
    /// use std::time::{Duration, UNIX_EPOCH};
    /// use sessions::actix_session::{CookieReader, Key};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// // There: session.insert("login_time", seconds_since_1970)
    /// let reader = CookieReader::private(Key::new([7; 64])?)
    ///     .written_at(|old| Some(UNIX_EPOCH + Duration::from_secs(old.get::<u32>("login_time").ok()?.into())));
    /// # Ok(())
    /// # }
    /// ```
    pub fn written_at(
        mut self,
        written_at: impl Fn(&Values) -> Option<SystemTime> + Send + Sync + 'static,
    ) -> Self {
        self.written_at = Some(Arc::new(written_at));
        self
    }

    /// What a cookie of this name holds, whatever that is: a session, or the key to one.
    pub(super) fn open(&self, name: &str, value: &[u8]) -> Result<String, Refusal> {
        let unauthentic = || Refusal::new(ImportRefusal::Unauthentic);
        let value = str::from_utf8(value).map_err(|_| unauthentic())?;
        // actix-web writes values percent-encoded, and reads them so.
        let cookie = Cookie::parse_encoded(format!("{name}={value}"));
        let value = cookie.map_err(|_| unauthentic())?.value().to_owned();
        let (jar, cookie) = (CookieJar::new(), Cookie::new(name.to_owned(), value));
        let key = self.key.as_inner();
        let opened = match self.security {
            Security::Private => jar.private(key).decrypt(cookie),
            Security::Signed => jar.signed(key).verify(cookie),
        };
        let opened = opened.ok_or_else(unauthentic)?;
        Ok(opened.value().to_owned())
    }

    pub(super) fn session(&self, json: &[u8]) -> Result<Foreign<Values>, Refusal> {
        let values = Values::from_json(json)?;
        let written = self.written_at.as_ref();
        let written = written.and_then(|written_at| written_at(&values));
        Ok(Foreign::new(values, written.map(Timestamp::from)))
    }
}

/// There at once: nobody is asked.
impl ForeignReader for CookieReader {
    type Values = Values;

    fn read<'a>(
        &'a self,
        name: &'a str,
        value: &'a [u8],
        _now: Timestamp,
    ) -> Answer<'a, Result<Foreign<Values>, Refusal>> {
        let opened = self.open(name, value);
        Answer::ready(Ok(opened.and_then(|json| self.session(json.as_bytes()))))
    }
}

impl fmt::Debug for CookieReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_tuple("CookieReader");
        shown.field(&self.security).field(&self.key).finish()
    }
}
