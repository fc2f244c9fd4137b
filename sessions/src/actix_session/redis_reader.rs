use std::{fmt, sync::Arc};

use crate::{
    clock::Timestamp,
    import::{Foreign, ForeignReader, ImportRefusal, Refusal},
    store::Answer,
    stores::{RedisError, RedisTexts},
};

use super::{CookieReader, Values};

/// Opens the sessions of actix-session's `RedisSessionStore`: the cookie holds a key, Redis the values.
///
/// Redis is asked for nothing but what an authentic cookie names, in the form that actix-session gives its keys, 64 letters and digits: what else
/// the application signed with its key, a visitor's own words perhaps, leads nowhere. And it is only read: the record stays for the other
/// application, until it expires there. If Redis does not answer, the request is a 503.
///
/// ```
/// use sessions::actix_session::{CookieReader, Key, RedisReader};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // There: RedisSessionStore::new("redis://127.0.0.1:6379"), with a `cache_keygen` of `format!("shop:{key}")`
/// let cookies = CookieReader::private(Key::new([7; 64])?);
/// let reader = RedisReader::new("redis://127.0.0.1:6379", cookies)?.cache_keygen(|key| format!("shop:{key}"));
/// # Ok(())
/// # }
/// ```
#[must_use]
pub struct RedisReader {
    texts: RedisTexts,
    cookies: CookieReader,
    keygen: Option<Arc<Keygen>>,
}

type Keygen = dyn Fn(&str) -> String + Send + Sync;

impl RedisReader {
    /// Opens what stands in this server, by cookies that `cookies` opens. It connects when the first session is read.
    ///
    /// # Errors
    ///
    /// The URL is not one of Redis.
    pub fn new(url: &str, cookies: CookieReader) -> Result<Self, RedisError> {
        Ok(Self {
            texts: RedisTexts::new(url)?,
            cookies,
            keygen: None,
        })
    }

    /// Sets what makes Redis's key of the one in the cookie, if the application had set it. Default: the key as it is.
    pub fn cache_keygen(mut self, keygen: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        self.keygen = Some(Arc::new(keygen));
        self
    }
}

impl ForeignReader for RedisReader {
    type Values = Values;

    fn read<'a>(
        &'a self,
        name: &'a str,
        value: &'a [u8],
        _now: Timestamp,
    ) -> Answer<'a, Result<Foreign<Values>, Refusal>> {
        let key = match self.cookies.open(name, value) {
            Ok(key) if is_session_key(&key) => key,
            Ok(_) => return Answer::ready(Ok(Err(ImportRefusal::Undecodable.into()))),
            Err(refusal) => return Answer::ready(Ok(Err(refusal))),
        };
        let key = match &self.keygen {
            Some(keygen) => keygen(&key),
            None => key,
        };
        Answer::pending(async move {
            Ok(match self.texts.get(&key).await? {
                Some(json) => self.cookies.session(&json),
                None => Err(ImportRefusal::Ended.into()),
            })
        })
    }
}

/// Whether actix-session may have made it. Its cookies say no more about what they hold, and a signed one opens under any name.
fn is_session_key(key: &str) -> bool {
    const LENGTH: usize = 64;

    key.len() == LENGTH && key.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

impl fmt::Debug for RedisReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisReader")
            .field("server", &self.texts)
            .field("cookies", &self.cookies)
            .finish_non_exhaustive()
    }
}
