use std::{fmt, str::FromStr};

use rand::RngExt as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Names a session in public: safe to log, to show and to store.
///
/// Sixteen random bytes, printed as 32 hexadecimal digits, and read back from them: a handler takes one as `web::Path<Handle>`. It is not the token and opens nothing. A handle stays the same for as long as
/// the session has the same owner; with a cookie store, which has no other identity, [`renew`](crate::Session::renew) issues a new one too.
///
/// ```
/// use sessions::Handle;
///
/// let handle: Handle = "30313233343536373839616263646566".parse()?;
/// assert_eq!(handle.as_bytes(), b"0123456789abcdef");
/// assert!("30313233".parse::<Handle>().is_err());
/// # Ok::<(), sessions::HandleError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Handle([u8; Self::LEN]);

impl Handle {
    /// How many bytes it has.
    pub const LEN: usize = 16;

    pub(crate) fn generate() -> Self {
        // It is public: a reseeding generator is more than it needs.
        Self(rand::rng().random::<u128>().to_ne_bytes())
    }

    /// Takes bytes that [`as_bytes`](Self::as_bytes) gave: for a store, which keeps them.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Reads what [`Display`](fmt::Display) writes, and nothing else.
impl FromStr for Handle {
    type Err = HandleError;

    fn from_str(text: &str) -> Result<Self, HandleError> {
        let (digits, []) = text.as_bytes().as_chunks() else {
            return Err(HandleError);
        };
        let digits: &[[u8; 2]; Self::LEN] = digits.try_into().map_err(|_| HandleError)?;
        let mut bytes = [0; Self::LEN];
        for (byte, [high, low]) in bytes.iter_mut().zip(digits) {
            *byte = digit(*high)? << 4 | digit(*low)?;
        }
        Ok(Self(bytes))
    }
}

fn digit(digit: u8) -> Result<u8, HandleError> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        _ => Err(HandleError),
    }
}

/// As text.
impl Serialize for Handle {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// From its text.
impl<'de> Deserialize<'de> for Handle {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl de::Visitor<'_> for Text {
            type Value = Handle;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("32 hexadecimal digits")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Handle, E> {
                text.parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_str(Text)
    }
}

/// Tells that a text is no [`Handle`]: 32 hexadecimal digits, the letters small.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HandleError;

impl fmt::Display for HandleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a handle is 32 hexadecimal digits, the letters small")
    }
}

impl std::error::Error for HandleError {}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Handle({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_prints_as_32_hexadecimal_digits() {
        let handle = Handle::from_bytes(*b"0123456789abcdef");
        assert_eq!(handle.to_string(), "30313233343536373839616263646566");
        assert_ne!(Handle::generate(), Handle::generate());
    }

    #[test]
    fn a_handle_reads_back_from_its_own_text_and_from_no_other() {
        let handle = Handle::generate();
        assert_eq!(handle.to_string().parse(), Ok(handle));
        let text = "0a1b2c3d4e5f60718293a4b5c6d7e8f9";
        assert_eq!(text.parse::<Handle>().unwrap().to_string(), text);
        for other in [
            "",
            "0a",
            &text[1..],
            &text.to_uppercase(),
            &text.replace('a', "g"),
            &format!("{text}00"),
            &text.replace("0a", "\u{e9}"),
        ] {
            assert_eq!(other.parse::<Handle>(), Err(HandleError), "{other}");
        }
    }

    #[test]
    fn a_handle_travels_as_text() {
        let handle = Handle::from_bytes(*b"0123456789abcdef");
        let cbor = serde_cbor::to_vec(&handle).unwrap();
        assert_eq!(cbor, serde_cbor::to_vec(&handle.to_string()).unwrap());
        assert_eq!(serde_cbor::from_slice::<Handle>(&cbor).unwrap(), handle);
        assert!(serde_cbor::from_slice::<Handle>(&[7]).is_err());
    }
}
