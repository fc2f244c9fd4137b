use std::{fmt, str::FromStr};

use base64::{
    Engine as _,
    engine::{
        DecodePaddingMode,
        general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD},
    },
};
use subtle::ConstantTimeEq as _;
use zeroize::{Zeroize as _, ZeroizeOnDrop, Zeroizing};

use crate::crypto::subkey::{Purpose, Subkey};

/// Holds 32 secret bytes, from which every seal and signature of a [`KeyRing`](crate::KeyRing) is
/// derived, or what [`encrypt_at_rest`](crate::SessionOptions::encrypt_at_rest) seals a store's records with.
///
/// A key is refused when it is not 32 bytes, or when its bytes are too alike to be random. As text
/// it is 64 hexadecimal characters or base64 (standard or URL-safe, padded or not). A passphrase is
/// not a key: this type stretches nothing.
///
/// `Debug` prints `Key(..)`, comparison takes the same time whatever differs, and the bytes are
/// overwritten on drop.
///
/// ```
/// use sessions::{Key, KeyErrorKind};
///
/// let key: Key = "9YhdC1kmWzJqO2xV7n4tPpL0gEsUaRfXbTQvM3HoKjI=".parse()?;
/// assert_eq!(format!("{key:?}"), "Key(..)");
///
/// let error = Key::from_bytes([0; 32]).unwrap_err();
/// assert_eq!(error.kind(), KeyErrorKind::Weak);
/// # Ok::<(), sessions::KeyError>(())
/// ```
#[derive(Clone)]
pub struct Key {
    // On the heap, so that moving a key moves a pointer and leaves no copy of the secret behind.
    bytes: Box<[u8; Self::LENGTH]>,
}

impl Key {
    /// The length of a key in bytes.
    pub const LENGTH: usize = 32;

    /// Makes a new key from the operating system's random generator.
    ///
    /// ```
    /// use sessions::Key;
    ///
    /// assert_ne!(Key::generate()?, Key::generate()?);
    /// # Ok::<(), sessions::KeyError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`KeyErrorKind::Unavailable`] when the operating system gives no random bytes.
    pub fn generate() -> Result<Self, KeyError> {
        let mut bytes = Box::new([0; Self::LENGTH]);
        getrandom::fill(bytes.as_mut_slice()).map_err(KeyError::unavailable)?;
        let key = Self { bytes };
        // Never true of a working generator; a broken one must not become a key.
        if key.is_weak() {
            return Err(KeyError::new(Reason::Weak));
        }
        Ok(key)
    }

    /// Takes 32 bytes that were drawn at random as a key.
    ///
    /// ```
    /// use sessions::Key;
    ///
    /// let bytes = *b"\x6a\x09\xe6\x67\xbb\x67\xae\x85\x3c\x6e\xf3\x72\xa5\x4f\xf5\x3a\
    ///                \x51\x0e\x52\x7f\x9b\x05\x68\x8c\x1f\x83\xd9\xab\x5b\xe0\xcd\x19";
    /// assert!(Key::from_bytes(bytes).is_ok());
    /// assert!(Key::from_bytes([0x6a; 32]).is_err());
    /// # Ok::<(), sessions::KeyError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`KeyErrorKind::Weak`] when the bytes are too alike to be random.
    pub fn from_bytes(mut bytes: [u8; Self::LENGTH]) -> Result<Self, KeyError> {
        let key = Self::try_from(bytes.as_slice());
        bytes.zeroize();
        key
    }

    /// Returns the public name of this key, which is written into everything it seals.
    ///
    /// ```
    /// use sessions::Key;
    ///
    /// let key: Key = "9YhdC1kmWzJqO2xV7n4tPpL0gEsUaRfXbTQvM3HoKjI=".parse()?;
    /// assert_eq!(key.id().to_string(), "f871bb94");
    /// # Ok::<(), sessions::KeyError>(())
    /// ```
    #[must_use]
    pub fn id(&self) -> KeyId {
        KeyId::of(self)
    }

    /// Writes the secret itself as base64, to be put where the keys are kept.
    ///
    /// Only a program that makes keys needs this. The text is not overwritten on drop.
    ///
    /// ```
    /// use sessions::Key;
    ///
    /// let key = Key::generate()?;
    /// assert_eq!(key.dangerous_reveal().parse::<Key>()?, key);
    /// # Ok::<(), sessions::KeyError>(())
    /// ```
    #[must_use]
    pub fn dangerous_reveal(&self) -> String {
        STANDARD.encode(self.bytes.as_slice())
    }

    pub(super) fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.bytes
    }

    // Catches what is not random at all: `[0; 32]`, a byte repeated, a short word repeated. Of 32
    // random bytes fewer than eight differ once in 10^36 draws, so no honest key is refused.
    fn is_weak(&self) -> bool {
        let mut seen = [false; 256];
        for byte in self.bytes.iter() {
            if let Some(seen) = seen.get_mut(usize::from(*byte)) {
                *seen = true;
            }
        }
        let weak = seen.iter().filter(|seen| **seen).count() < MIN_DISTINCT_BYTES;
        seen.zeroize();
        weak
    }
}

impl TryFrom<&[u8]> for Key {
    type Error = KeyError;

    fn try_from(bytes: &[u8]) -> Result<Self, KeyError> {
        if bytes.len() != Self::LENGTH {
            return Err(KeyError::new(Reason::Length(bytes.len())));
        }
        let mut key = Self {
            bytes: Box::new([0; Self::LENGTH]),
        };
        key.bytes.copy_from_slice(bytes);
        if key.is_weak() {
            return Err(KeyError::new(Reason::Weak));
        }
        Ok(key)
    }
}

impl FromStr for Key {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let text = text.trim_ascii().as_bytes();
        let bytes = if is_hex(text) {
            decode_hex(text)
        } else {
            decode_base64(text)?
        };
        Self::try_from(bytes.as_slice())
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.bytes.as_slice().ct_eq(other.bytes.as_slice()).into()
    }
}

impl Eq for Key {}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

impl ZeroizeOnDrop for Key {}

/// Names a [`Key`] without telling anything of it: four bytes derived from the key, safe to log.
///
/// ```
/// use sessions::Key;
///
/// let key = Key::generate()?;
/// assert_eq!(key.id(), key.clone().id());
/// assert_eq!(key.id().to_string().len(), 8);
/// # Ok::<(), sessions::KeyError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; Self::LENGTH]);

impl KeyId {
    pub(super) const LENGTH: usize = 4;

    // Derived like any subkey and not cut from the key's own bytes, because it travels in the clear.
    fn of(key: &Key) -> Self {
        let subkey = Subkey::derive(key, Purpose::Identify, "");
        let [a, b, c, d, ..] = *subkey.as_bytes();
        Self([a, b, c, d])
    }

    pub(super) const fn from_bytes(bytes: [u8; Self::LENGTH]) -> Self {
        Self(bytes)
    }

    pub(super) const fn to_bytes(self) -> [u8; Self::LENGTH] {
        self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", u32::from_be_bytes(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// Tells why a [`Key`] was refused, and what to do, without a character of the key.
///
/// ```
/// use sessions::{Key, KeyErrorKind};
///
/// let error = "c2hvcnQ=".parse::<Key>().unwrap_err();
/// assert_eq!(error.kind(), KeyErrorKind::Length);
/// assert_eq!(
///     error.to_string(),
///     "a key is 32 bytes (64 characters of hex, 44 of base64), this one is 5; \
///      make one with `openssl rand -base64 32` or `cargo run -p sessions-examples --example keygen`",
/// );
/// ```
pub struct KeyError {
    reason: Reason,
}

impl KeyError {
    /// Returns which rule the key broke.
    #[must_use]
    pub const fn kind(&self) -> KeyErrorKind {
        match self.reason {
            Reason::Length(_) => KeyErrorKind::Length,
            Reason::Encoding => KeyErrorKind::Encoding,
            Reason::Weak => KeyErrorKind::Weak,
            Reason::Unavailable(_) => KeyErrorKind::Unavailable,
        }
    }

    const fn new(reason: Reason) -> Self {
        Self { reason }
    }

    const fn unavailable(source: getrandom::Error) -> Self {
        Self::new(Reason::Unavailable(source))
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason {
            Reason::Length(length) => write!(
                f,
                "a key is 32 bytes (64 characters of hex, 44 of base64), this one is {length}; {REMEDY}"
            ),
            Reason::Encoding => write!(
                f,
                "a key is written as 64 characters of hex or as base64, this one is neither; {REMEDY}"
            ),
            Reason::Weak => write!(
                f,
                "a key is 32 random bytes, fewer than {MIN_DISTINCT_BYTES} of this one's differ; {REMEDY}"
            ),
            Reason::Unavailable(_) => {
                f.write_str(
                    "the operating system gave no random bytes to make a key of; look whether a sandbox keeps `getrandom` from the process",
                )
            }
        }
    }
}

// What `main` prints when it returns the error, so it says as much as `Display`.
impl fmt::Debug for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("KeyError");
        debug.field("message", &self.to_string());
        if let Some(source) = std::error::Error::source(self) {
            debug.field("source", &source);
        }
        debug.finish()
    }
}

impl std::error::Error for KeyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.reason {
            Reason::Unavailable(source) => Some(source),
            Reason::Length(_) | Reason::Encoding | Reason::Weak => None,
        }
    }
}

/// Lists the rules a [`Key`] can break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyErrorKind {
    /// The key is not 32 bytes long.
    Length,
    /// The text is neither 64 hexadecimal characters nor base64.
    Encoding,
    /// The bytes are too alike to be random.
    Weak,
    /// The operating system gave no random bytes.
    Unavailable,
}

// What the kinds carry; private, so that the source's type is no part of the interface.
enum Reason {
    Length(usize),
    Encoding,
    Weak,
    Unavailable(getrandom::Error),
}

// No text of 64 hexadecimal characters is a key in base64 (that would be 48 bytes), so there is
// nothing to guess.
fn is_hex(text: &[u8]) -> bool {
    text.len() == 2 * Key::LENGTH && text.iter().all(u8::is_ascii_hexdigit)
}

fn decode_hex(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let digit = |byte: &u8| match byte {
        b'0'..=b'9' => byte - b'0',
        b'a'..=b'f' => byte - b'a' + 10,
        // The caller has seen that all are hexadecimal digits.
        _ => byte.wrapping_sub(b'A').wrapping_add(10),
    };
    let (pairs, _) = text.as_chunks::<2>();
    Zeroizing::new(
        pairs
            .iter()
            .map(|[high, low]| digit(high) << 4 | digit(low))
            .collect(),
    )
}

// The two alphabets differ in two characters each: a text with both kinds is refused, one with
// neither is the same in both.
fn decode_base64(text: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let engine = if text.iter().any(|byte| matches!(byte, b'-' | b'_')) {
        &URL_SAFE_LENIENT
    } else {
        &STANDARD_LENIENT
    };
    let mut bytes = Zeroizing::new(vec![0; base64::decoded_len_estimate(text.len())]);
    let length = engine
        .decode_slice(text, bytes.as_mut_slice())
        .map_err(|_| KeyError::new(Reason::Encoding))?;
    bytes.truncate(length);
    Ok(bytes)
}

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD_LENIENT: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::STANDARD, LENIENT);
const URL_SAFE_LENIENT: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::URL_SAFE, LENIENT);

const MIN_DISTINCT_BYTES: usize = 8;

pub(super) const REMEDY: &str =
    "make one with `openssl rand -base64 32` or `cargo run -p sessions-examples --example keygen`";

#[cfg(test)]
impl Key {
    /// Makes a key that differs from that of any other seed, and is the same in every run.
    pub(crate) fn of_seed(seed: u8) -> Self {
        let bytes = std::array::from_fn(|index| seed.wrapping_mul(32).wrapping_add(index as u8));
        Self::from_bytes(bytes).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f";
    const BASE64: &str = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";

    #[test]
    fn a_key_is_read_from_hex_and_from_both_alphabets_of_base64() {
        let key = Key::of_seed(1);
        for text in [
            HEX,
            &HEX.to_uppercase(),
            BASE64,
            BASE64.trim_end_matches('='),
            &format!(" \t{BASE64}\r\n"),
        ] {
            assert_eq!(text.parse::<Key>().unwrap(), key);
        }

        // These bytes use both characters in which the alphabets differ.
        let standard = "+/+/+/+/+/+/ICEiIyQlJicoKSorLC0uLzAxMjM0NTY=";
        let url_safe = "-_-_-_-_-_-_ICEiIyQlJicoKSorLC0uLzAxMjM0NTY";
        assert_eq!(
            standard.parse::<Key>().unwrap(),
            url_safe.parse::<Key>().unwrap()
        );
    }

    #[test]
    fn a_revealed_key_is_read_again() {
        assert_eq!(Key::of_seed(1).dangerous_reveal(), BASE64);
    }

    #[test]
    fn text_that_is_no_key_is_refused_by_the_rule_it_breaks() {
        let mixed = "-_+/+/+/+/+/ICEiIyQlJicoKSorLC0uLzAxMjM0NTY";
        let trailing_bits = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj9";
        let too_long = BASE64.repeat(100).replace('=', "");
        for (text, kind) in [
            ("", KeyErrorKind::Length),
            ("c2hvcnQ=", KeyErrorKind::Length),
            (&HEX[..62], KeyErrorKind::Encoding),
            (&HEX[..60], KeyErrorKind::Length),
            (too_long.as_str(), KeyErrorKind::Length),
            (mixed, KeyErrorKind::Encoding),
            (trailing_bits, KeyErrorKind::Encoding),
            ("a passphrase is not a key", KeyErrorKind::Encoding),
            ("ключ", KeyErrorKind::Encoding),
            (&"00".repeat(32), KeyErrorKind::Weak),
            (&"ff".repeat(32), KeyErrorKind::Weak),
            (&"deadbeef".repeat(8), KeyErrorKind::Weak),
        ] {
            assert_eq!(text.parse::<Key>().unwrap_err().kind(), kind, "{text}");
        }
    }

    #[test]
    fn bytes_that_cannot_be_random_are_refused() {
        let with_distinct = |count: u8| Key::from_bytes(std::array::from_fn(|i| i as u8 % count));
        assert_eq!(with_distinct(7).unwrap_err().kind(), KeyErrorKind::Weak);
        assert!(with_distinct(8).is_ok());
    }

    #[test]
    fn bytes_of_another_length_are_refused() {
        for length in [0, 16, 31, 33, 64] {
            let error = Key::try_from(vec![0x5a; length].as_slice()).unwrap_err();
            assert_eq!(error.kind(), KeyErrorKind::Length, "{length}");
        }
    }

    #[test]
    fn a_refusal_names_the_rule_and_the_remedy_and_no_character_of_the_key() {
        let refusals = [
            "c2hvcnQ=",
            "hunter2 hunter2",
            "deadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeef",
        ]
        .map(|text| text.parse::<Key>().unwrap_err().to_string());
        assert_eq!(
            refusals,
            [
                "a key is 32 bytes (64 characters of hex, 44 of base64), this one is 5; \
                 make one with `openssl rand -base64 32` or `cargo run -p sessions-examples --example keygen`",
                "a key is written as 64 characters of hex or as base64, this one is neither; \
                 make one with `openssl rand -base64 32` or `cargo run -p sessions-examples --example keygen`",
                "a key is 32 random bytes, fewer than 8 of this one's differ; \
                 make one with `openssl rand -base64 32` or `cargo run -p sessions-examples --example keygen`",
            ]
        );
    }

    #[test]
    fn a_system_without_random_bytes_is_named_with_its_cause() {
        let error = KeyError::unavailable(getrandom::Error::UNEXPECTED);
        assert_eq!(error.kind(), KeyErrorKind::Unavailable);
        assert_eq!(
            error.to_string(),
            "the operating system gave no random bytes to make a key of; look whether a sandbox keeps `getrandom` from the process"
        );
        assert!(std::error::Error::source(&error).is_some());
    }

    #[test]
    fn debug_shows_no_secret() {
        let key = Key::of_seed(1);
        assert_eq!(format!("{key:?}"), "Key(..)");
        assert_eq!(format!("{key:#?}"), "Key(..)");
        assert_eq!(format!("{:?}", key.id()), "KeyId(3a9c9e2d)");

        let error = "deadbeef".repeat(8).parse::<Key>().unwrap_err();
        assert_eq!(
            format!("{error:?}"),
            format!("KeyError {{ message: {:?} }}", error.to_string())
        );
    }

    #[test]
    fn keys_compare_by_every_byte() {
        let key = Key::of_seed(1);
        assert_eq!(key, key.clone());
        for index in 0..Key::LENGTH {
            let mut bytes = *key.as_bytes();
            bytes[index] ^= 1;
            assert_ne!(key, Key::from_bytes(bytes).unwrap());
        }
    }
}
