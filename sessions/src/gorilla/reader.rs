use std::time::Duration;

use crate::{
    clock::Timestamp,
    import::{Foreign, ForeignReader, Refusal},
    store::Answer,
};

use super::{
    DecodeError, DecodeErrorKind, KeyPair, OpenError, OpenErrorKind, Opened, OpenedId, Payload,
    Value, Values, gob, json,
    message::{Authentic, Message},
};

/// Opens the cookies of a gorilla `CookieStore`, and the IDs of its stores on a server.
///
/// It is given what the Go application gave its store. A cookie is refused if no pair of keys authenticates it under its name, if it is
/// older than [`max_age`](Self::max_age) or longer than [`max_length`](Self::max_length), and if it does not hold what
/// [`payload`](Self::payload) says. It writes nothing. An [`Import`](crate::import::Import) takes it as it is.
///
/// ```
/// use std::time::Duration;
/// use sessions::{Timestamp, gorilla::{KeyPair, OpenErrorKind, Reader}};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // store := sessions.NewCookieStore(
/// //     []byte("the new key of 32 bytes or more."), []byte("the new block key, of 32 bytes.."),
/// //     []byte("0123456789abcdef0123456789abcdef"), nil)
/// // store.MaxAge(3600)
/// let reader = Reader::new(KeyPair::encrypted("the new key of 32 bytes or more.", "the new block key, of 32 bytes..")?)
///     .key_pair(KeyPair::signed("0123456789abcdef0123456789abcdef")?)
///     .max_age(Duration::from_secs(3600));
///
/// let cookie = b"MTc5NTI1MzcyOHxEdi1CQkFFQ180SUFBUkFCRUFBQUlQLUNBQUVHYzNSeWFXNW5EQVVBQTJadmJ3WnpkSEpwYm1j\
///                TUJRQURZbUZ5fFGaQvD2FS8iqVginYRmCWOG6qR-xHAJUgL5yT1lpPp5";
/// let opened = reader.open("session", cookie, Timestamp::from_seconds(1_795_253_728 + 3600))?;
/// assert_eq!(opened.values.get::<String>("foo")?, "bar");
/// assert_eq!(opened.timestamp.as_seconds(), 1_795_253_728);
///
/// let late = reader.open("session", cookie, Timestamp::from_seconds(1_795_253_728 + 3601));
/// assert_eq!(late.unwrap_err().kind(), OpenErrorKind::Expired);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Reader {
    // In the order in which they are tried; never empty.
    pairs: Vec<KeyPair>,
    max_age: Option<Duration>,
    min_age: Option<Duration>,
    max_length: usize,
    payload: Payload,
}

impl Reader {
    /// Opens what this pair of keys has made, with the settings that gorilla has of its own accord: a maximum age of 30 days, a maximum
    /// length of 4,096 characters, gob.
    pub fn new(pair: KeyPair) -> Self {
        Self {
            pairs: vec![pair],
            max_age: Some(MONTH),
            min_age: None,
            max_length: MAX_LENGTH,
            payload: Payload::default(),
        }
    }

    /// Adds a pair of keys that is tried after those that are there already: one that the Go application had rotated out.
    pub fn key_pair(mut self, pair: KeyPair) -> Self {
        self.pairs.push(pair);
        self
    }

    /// Sets how long a cookie opens after it was written. The default is 30 days, as gorilla's; `None` lets it open forever.
    ///
    /// It is what the Go application gave to `store.MaxAge`, where zero is our `None`; a longer one revives sessions that had ended there.
    /// The `Options.MaxAge` of a session moves the date at which browsers forget the cookie, and not this.
    pub fn max_age(mut self, age: impl Into<Option<Duration>>) -> Self {
        self.max_age = age.into();
        self
    }

    /// Sets how long a cookie does not open yet after it was written. The default is `None`, as gorilla's; it is for the rare application that
    /// had set `securecookie`'s own `MinAge`.
    pub fn min_age(mut self, age: impl Into<Option<Duration>>) -> Self {
        self.min_age = age.into();
        self
    }

    /// Sets how many characters a cookie's value may have; more is refused unread. The default is 4,096, as gorilla's; zero is no limit but that
    /// of the web server.
    pub fn max_length(mut self, length: usize) -> Self {
        self.max_length = length;
        self
    }

    /// Sets the serializer. The default is [`Payload::Gob`].
    pub fn payload(mut self, payload: Payload) -> Self {
        self.payload = payload;
        self
    }

    /// Opens the value of a cookie of this name, with what a session holds in it.
    ///
    /// Without a maximum age, the timestamp of a cookie that claims to be from before 1970 reads as 1970.
    ///
    /// # Errors
    ///
    /// Whatever [`OpenErrorKind`] lists, except what it says of files. A cookie that does not authenticate is one kind, whyever it does not.
    pub fn open(&self, name: &str, value: &[u8], now: Timestamp) -> Result<Opened, OpenError> {
        let (values, timestamp) = self.open_as(name, value, now, |content| match self.payload {
            Payload::Gob => Values::from_gob(content),
            Payload::Json => Values::from_json(content),
        })?;
        Ok(Opened { values, timestamp })
    }

    /// Opens the value of a cookie that holds an ID, as those of stores for databases do.
    ///
    /// What stands in the database under that ID is then read by [`open`](Self::open), [`Values::from_gob`] or [`Values::from_json`], whichever
    /// the store wrote. For a `FilesystemStore` there is a [`FilesystemReader`](super::FilesystemReader).
    ///
    /// ```
    /// # use sessions::{Timestamp, gorilla::{KeyPair, Reader}};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let reader = Reader::new(KeyPair::signed("0123456789abcdef0123456789abcdef")?);
    /// # let now = Timestamp::from_seconds(1_795_253_728);
    /// let cookie = b"MTc5NTI1MzcyOHxOd3dBTkVGUFdUZFhVemRJTmpaWVdFRlRSRmxEVTBGVFJFOVJSMVpIV0ZKV1VscEdWVEpUUmxwS1UxVTNS\
    ///                VUpLVUU1UlVGbFdSMEU9fHlB6jJfSMpMVAcCFUyDJsuKvBsGAmGOqgx35Kv683OS";
    /// let opened = reader.open_id("session", cookie, now)?;
    /// assert_eq!(opened.id, "AOY7WS7H66XXASDYCSASDOQGVGXRVRZFU2SFZJSU7EBJPNQPYVGA");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`open`](Self::open).
    pub fn open_id(&self, name: &str, value: &[u8], now: Timestamp) -> Result<OpenedId, OpenError> {
        let (id, timestamp) = self.open_as(name, value, now, |content| {
            let value = match self.payload {
                Payload::Gob => gob::decode(content),
                Payload::Json => json::decode(content),
            }?;
            match value {
                Value::Str(id) => Ok(id),
                _ => Err(DecodeErrorKind::OtherContent.into()),
            }
        })?;
        Ok(OpenedId { id, timestamp })
    }

    fn open_as<T>(
        &self,
        name: &str,
        value: &[u8],
        now: Timestamp,
        decode: impl Fn(&[u8]) -> Result<T, DecodeError>,
    ) -> Result<(T, Timestamp), OpenError> {
        let mut refusal = OpenError::from(OpenErrorKind::Unauthentic);
        if self.max_length != 0 && value.len() > self.max_length {
            return Err(refusal);
        }
        let Some(message) = Message::parse(value) else {
            return Err(refusal);
        };
        for pair in &self.pairs {
            let Some(Authentic { seconds, payload }) = message.open(pair, name) else {
                continue;
            };
            // As gorilla does, go on to the next pair whatever the reason: two may share a hash key and differ in the block key, and only what
            // is decrypted with the right one can be decoded.
            refusal = match self.check_age(seconds, now) {
                Err(kind) => kind.into(),
                Ok(timestamp) => match decode(&payload) {
                    Ok(content) => return Ok((content, timestamp)),
                    Err(error) => error.into(),
                },
            };
        }
        Err(refusal)
    }

    /// A cookie that is as old as allowed is taken, and so is one from the future: it is authentic, and clocks differ.
    fn check_age(&self, seconds: i64, now: Timestamp) -> Result<Timestamp, OpenErrorKind> {
        let age = i128::from(now.as_seconds()) - i128::from(seconds);
        if self.min_age.is_some_and(|min| age < min.as_secs().into()) {
            return Err(OpenErrorKind::TooNew);
        }
        if self.max_age.is_some_and(|max| age > max.as_secs().into()) {
            return Err(OpenErrorKind::Expired);
        }
        Ok(Timestamp::from_seconds(
            u64::try_from(seconds).unwrap_or_default(),
        ))
    }
}

/// There at once: nobody is asked.
impl ForeignReader for Reader {
    type Values = Values;

    fn read<'a>(
        &'a self,
        name: &'a str,
        value: &'a [u8],
        now: Timestamp,
    ) -> Answer<'a, Result<Foreign<Values>, Refusal>> {
        Answer::ready(Opened::imported(self.open(name, value, now)))
    }
}

/// gorilla's own, and that of `Max-Age` in its cookies.
const MONTH: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// What browsers take of a cookie, and gorilla writes of its value.
const MAX_LENGTH: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    fn reader() -> Reader {
        Reader::new(KeyPair::signed("k").unwrap())
    }

    #[test]
    fn ages_are_inclusive_and_never_overflow() {
        let hour = Duration::from_secs(3600);
        let now = Timestamp::from_seconds(1_000_000);
        let aged = |reader: &Reader, seconds| {
            let checked = reader.check_age(seconds, now);
            checked.map(Timestamp::as_seconds)
        };

        let old = reader().max_age(hour);
        assert_eq!(aged(&old, 996_400), Ok(996_400));
        assert_eq!(aged(&old, 996_399), Err(OpenErrorKind::Expired));
        assert_eq!(aged(&old, 2_000_000), Ok(2_000_000));
        assert_eq!(aged(&old, i64::MIN), Err(OpenErrorKind::Expired));
        assert_eq!(aged(&old, i64::MAX), Ok(i64::MAX as u64));

        let young = reader().max_age(None).min_age(hour);
        assert_eq!(aged(&young, 996_400), Ok(996_400));
        assert_eq!(aged(&young, 996_401), Err(OpenErrorKind::TooNew));
        assert_eq!(aged(&young, i64::MIN), Ok(0));

        let endless = reader().max_age(Duration::MAX);
        assert_eq!(aged(&endless, i64::MIN), Ok(0));
    }

    #[test]
    fn debug_shows_no_key() {
        assert_eq!(
            format!("{:?}", reader()),
            "Reader { pairs: [KeyPair(..)], max_age: Some(2592000s), min_age: None, max_length: 4096, payload: Gob }"
        );
    }
}
