use std::cmp::Ordering;

use crate::{
    base64url,
    clock::Timestamp,
    crypto::{KeyRing, Mode, OpenError, SealError, Sealer},
    store::{Handle, Meta, Payload, Persistence, Rejection},
};

/// Keeps sessions in the visitor's own cookie, sealed or signed: nothing to run, nothing to share between machines.
///
/// A cookie cannot be revoked: [`destroy`](crate::Session::destroy) removes it from an honest browser, but a copy made before stays valid
/// until its deadline, and of two responses to one visitor the later one wins whatever it was based on. Where logging out must end a
/// stolen session, or two requests must not lose each other's writes, keep the data on the server.
///
/// The whole `Set-Cookie` line is 4,096 bytes at most (RFC 6265, section 6.1), which leaves about 2,930 bytes of data; what does not fit is an
/// error that names the sizes, and the visitor keeps the old cookie.
///
/// ```
/// use sessions::{CookieStore, KeyRing, SessionMiddleware};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let keys = KeyRing::generate()?;
/// let sessions = SessionMiddleware::builder(CookieStore::sealed(keys)).build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct CookieStore {
    keys: KeyRing,
    mode: Mode,
}

impl CookieStore {
    /// Seals sessions: the visitor can neither read nor change them (XAES-256-GCM).
    #[must_use]
    pub fn sealed(keys: KeyRing) -> Self {
        Self {
            keys,
            mode: Mode::Sealed,
        }
    }

    /// Signs sessions: the visitor can read them and not change them (HMAC-SHA-256).
    ///
    /// Worth it only where something else, like a proxy, must read the data; sealing costs about the same.
    ///
    /// ```
    /// use sessions::{CookieStore, KeyRing, SessionData, SessionMiddleware};
    ///
    /// #[derive(SessionData)]
    /// struct Locale {
    ///     language: String,
    /// }
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let keys = KeyRing::generate()?;
    /// // One ring serves both: the keys derived for one never open what the other made.
    /// let sessions = SessionMiddleware::builder(CookieStore::sealed(keys.clone()))
    ///     .session::<Locale>(|locale| locale.store(CookieStore::signed(keys)))
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn signed(keys: KeyRing) -> Self {
        Self {
            keys,
            mode: Mode::Signed,
        }
    }
}

/// Turns a session of one name into a cookie value and back.
///
/// ```text
/// content = handle 16 · persistence 1 · created 5 · sealed 4 · idle 4 · absolute 4 · authenticated 4 · payload
///           persistence     0 as configured, 1 remembered, 2 forgotten on close
///           created         seconds since the Unix epoch
///           sealed          seconds after created
///           idle            seconds from sealed to the idle deadline
///           absolute        seconds from created to the absolute deadline
///           authenticated   seconds after created, plus 1; or, signed, seconds before created: in another application; 0 for never
/// ```
///
/// Numbers are unsigned but for the last, big-endian. What the content is wrapped in is the crypto room's.
#[derive(Debug)]
pub(crate) struct CookieCodec {
    sealer: Sealer,
}

/// Handle, persistence, five times.
const HEADER: usize = Handle::LEN + 1 + 5 + 4 * 4;

impl CookieCodec {
    pub(crate) fn new(store: &CookieStore, name: &str) -> Self {
        Self {
            sealer: Sealer::new(store.keys.clone(), name, store.mode),
        }
    }

    /// A buffer with room reserved before the payload, which the caller appends.
    pub(crate) fn buffer(&self, payload_len: usize) -> Vec<u8> {
        let before = self.payload_start();
        let mut buffer =
            Vec::with_capacity(before + payload_len + self.sealer.mode().suffix_length());
        buffer.resize(before, 0);
        buffer
    }

    /// Where in a buffer the payload starts.
    pub(crate) fn payload_start(&self) -> usize {
        self.sealer.mode().prefix_length() + HEADER
    }

    /// How long the cookie's value will be for a buffer that is not sealed yet.
    pub(crate) fn value_len(&self, buffer: &[u8]) -> usize {
        base64url::encoded_length(buffer.len() + self.sealer.mode().suffix_length())
    }

    /// Seals a buffer in place.
    pub(crate) fn seal(
        &self,
        meta: &Meta,
        now: Timestamp,
        buffer: &mut Vec<u8>,
    ) -> Result<(), SealError> {
        let start = self.sealer.mode().prefix_length();
        if let Some(header) = buffer.get_mut(start..start + HEADER) {
            header.copy_from_slice(&header_of(meta, now));
        }
        self.sealer.seal_in_place(buffer)
    }

    /// Appends the cookie's value for a sealed buffer.
    pub(crate) fn write_value(sealed: &[u8], value: &mut Vec<u8>) {
        base64url::encode(sealed, value);
    }

    /// Opens a cookie's value: authentic, alive at `now`, and not from after it.
    pub(crate) fn open(&self, value: &[u8], now: Timestamp) -> Result<Opened, Rejection> {
        // In base64, four characters hold three bytes.
        let mut buffer = Vec::with_capacity(value.len().min(MAX_VALUE) / 4 * 3 + 3);
        base64url::decode(value, MAX_VALUE, &mut buffer).map_err(|_| Rejection::Malformed)?;
        let message = self.sealer.open_in_place(&mut buffer)?;
        let content = message.payload;
        let payload = content.start + HEADER..content.end;
        let header = buffer
            .get(content.start..payload.start)
            .and_then(|header| header.try_into().ok());
        let (meta, sealed) = header.and_then(meta_of).ok_or(Rejection::Malformed)?;
        if payload.start > payload.end {
            return Err(Rejection::Malformed);
        }
        // A clock that lost its time must not bring expired sessions back.
        if sealed.seconds_since(now) > CLOCK_SKEW {
            return Err(Rejection::TooNew);
        }
        if meta.is_expired(now) {
            return Err(Rejection::Expired);
        }
        Ok(Opened {
            meta,
            payload: Payload::new(buffer, payload),
            retired: message.retired,
        })
    }
}

/// A session as its cookie held it.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) meta: Meta,
    pub(crate) payload: Payload,
    /// Whether its key is on its way out, so that it should be sealed anew.
    pub(crate) retired: bool,
}

/// No cookie is longer, whatever attributes it was sent with (RFC 6265bis, section 5.6).
const MAX_VALUE: usize = 4096;

/// How far, in seconds, the clocks of two machines may be apart.
const CLOCK_SKEW: u64 = 60 * 60;

impl From<OpenError> for Rejection {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Malformed => Self::Malformed,
            OpenError::UnknownKey => Self::UnknownKey,
            OpenError::Unauthentic => Self::Unauthentic,
        }
    }
}

fn header_of(meta: &Meta, now: Timestamp) -> [u8; HEADER] {
    let created = meta.created.as_seconds();
    let sealed = now.as_seconds().max(created);
    let mut header = [0; HEADER];
    let mut rest = header.as_mut_slice();
    put(&mut rest, meta.handle.as_bytes());
    put(&mut rest, &[meta.persistence.to_byte()]);
    put(
        &mut rest,
        created.to_be_bytes().last_chunk::<5>().unwrap_or(&[0; 5]),
    );
    put(&mut rest, &seconds(sealed - created));
    put(
        &mut rest,
        &seconds(meta.idle_deadline.as_seconds().saturating_sub(sealed)),
    );
    put(
        &mut rest,
        &seconds(meta.absolute_deadline.seconds_since(meta.created)),
    );
    put(&mut rest, &authentication(meta).to_be_bytes());
    header
}

fn authentication(meta: &Meta) -> i32 {
    match meta.authenticated {
        None => 0,
        Some(at) if at < meta.created => {
            i32::try_from(meta.created.seconds_since(at)).map_or(i32::MIN, i32::wrapping_neg)
        }
        Some(at) => {
            let after = at.seconds_since(meta.created).saturating_add(1);
            i32::try_from(after).unwrap_or(i32::MAX)
        }
    }
}

/// A span that does not fit ends at the longest that does, 136 years.
fn seconds(span: u64) -> [u8; 4] {
    u32::try_from(span).unwrap_or(u32::MAX).to_be_bytes()
}

fn put(rest: &mut &mut [u8], bytes: &[u8]) {
    if let Some((here, after)) = std::mem::take(rest).split_at_mut_checked(bytes.len()) {
        here.copy_from_slice(bytes);
        *rest = after;
    }
}

/// And when it was sealed; `None` for a persistence that was never written.
fn meta_of(header: &[u8; HEADER]) -> Option<(Meta, Timestamp)> {
    let mut rest = header.as_slice();
    let handle = Handle::from_bytes(take(&mut rest)?);
    let [persistence] = take(&mut rest)?;
    let persistence = Persistence::from_byte(persistence)?;
    let [a, b, c, d, e] = take::<5>(&mut rest)?;
    let created = u64::from_be_bytes([0, 0, 0, a, b, c, d, e]);
    let sealed = created + u64::from(u32::from_be_bytes(take(&mut rest)?));
    let idle = sealed + u64::from(u32::from_be_bytes(take(&mut rest)?));
    let absolute = created + u64::from(u32::from_be_bytes(take(&mut rest)?));
    let authenticated = i32::from_be_bytes(take(&mut rest)?);
    let span = u64::from(authenticated.unsigned_abs());
    let authenticated = match authenticated.cmp(&0) {
        Ordering::Less => Some(created.saturating_sub(span)),
        Ordering::Equal => None,
        Ordering::Greater => Some(created + span - 1),
    };
    let meta = Meta {
        handle,
        created: Timestamp::from_seconds(created),
        authenticated: authenticated.map(Timestamp::from_seconds),
        idle_deadline: Timestamp::from_seconds(idle),
        absolute_deadline: Timestamp::from_seconds(absolute),
        persistence,
    };
    Some((meta, Timestamp::from_seconds(sealed)))
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (chunk, after) = rest.split_first_chunk::<N>()?;
    *rest = after;
    Some(*chunk)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn meta() -> Meta {
        Meta {
            handle: Handle::from_bytes(*b"0123456789abcdef"),
            created: at(1_700_000_000),
            authenticated: Some(at(1_700_000_000)),
            idle_deadline: at(1_700_001_000),
            absolute_deadline: at(1_700_002_000),
            persistence: Persistence::Remembered,
        }
    }

    #[test]
    fn a_header_reads_back_as_it_was_written() {
        for persistence in [
            Persistence::Configured,
            Persistence::Remembered,
            Persistence::ForgottenOnClose,
        ] {
            // The last two of another application, from which the session was imported.
            for authenticated in [
                None,
                Some(at(1_700_000_000)),
                Some(at(1_700_000_500)),
                Some(at(1_699_999_999)),
                Some(at(0)),
            ] {
                let meta = Meta {
                    persistence,
                    authenticated,
                    ..meta()
                };
                let sealed = at(1_700_000_600);
                assert_eq!(meta_of(&header_of(&meta, sealed)), Some((meta, sealed)));
            }
        }
    }

    #[test]
    fn a_header_has_fixed_bytes() {
        let header = header_of(&meta(), at(1_700_000_100));
        let mut expected = b"0123456789abcdef\x01\x00\x65\x53\xf1\x00".to_vec();
        expected.extend([0, 0, 0, 100, 0, 0, 3, 132, 0, 0, 7, 208, 0, 0, 0, 1]);
        assert_eq!(header.as_slice(), expected);
    }

    #[test]
    fn a_clock_that_went_back_and_a_lifetime_without_end_are_written_as_near_as_can_be() {
        let endless = Meta {
            absolute_deadline: at(u64::MAX),
            idle_deadline: at(u64::MAX),
            ..meta()
        };
        let read = meta_of(&header_of(&endless, at(1)));
        let end = at(1_700_000_000 + u64::from(u32::MAX));
        let expected = Meta {
            absolute_deadline: end,
            idle_deadline: end,
            ..meta()
        };
        assert_eq!(read, Some((expected, meta().created)));
    }
}
