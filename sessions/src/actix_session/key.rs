use std::{error::Error, fmt};

/// The key of an application that uses actix-session: `actix_web::cookie::Key`.
///
/// ```
/// use sessions::actix_session::Key;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // There: Key::from(&[7; 64]) and Key::derive_from(&[7; 32]).
/// let key = Key::new([7; 64])?;
/// let derived = Key::derived_from([7; 32])?;
/// assert_eq!(format!("{key:?} {derived:?}"), "Key(..) Key(..)");
/// assert_eq!(Key::new([7; 63]).unwrap_err().to_string(), "a key of actix-web's cookies has 64 bytes, and this one has 63; give the bytes that the application makes its `Key` of");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Key {
    inner: cookie::Key,
}

impl Key {
    /// The key of `Key::from(bytes)`. Of more than 64 bytes the rest means nothing, there as here.
    ///
    /// # Errors
    ///
    /// There are fewer than 64 bytes.
    pub fn new(bytes: impl AsRef<[u8]>) -> Result<Self, KeyError> {
        let bytes = bytes.as_ref();
        match cookie::Key::try_from(bytes) {
            Ok(inner) => Ok(Self { inner }),
            Err(_) => Err(KeyError {
                length: bytes.len(),
                needed: KEY,
            }),
        }
    }

    /// The key of `Key::derive_from(bytes)`.
    ///
    /// # Errors
    ///
    /// There are fewer than 32 bytes.
    pub fn derived_from(bytes: impl AsRef<[u8]>) -> Result<Self, KeyError> {
        let bytes = bytes.as_ref();
        // Checked here, since it panics there.
        if bytes.len() < MASTER_KEY {
            return Err(KeyError {
                length: bytes.len(),
                needed: MASTER_KEY,
            });
        }
        Ok(Self {
            inner: cookie::Key::derive_from(bytes),
        })
    }

    pub(super) fn as_inner(&self) -> &cookie::Key {
        &self.inner
    }
}

/// The type only.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// Reports that bytes are too few for a [`Key`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyError {
    length: usize,
    needed: usize,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { length, needed } = self;
        let what = if *needed == KEY {
            "a key of actix-web's cookies"
        } else {
            "what such a key is derived from"
        };
        write!(
            f,
            "{what} has {needed} bytes, and this one has {length}; give the bytes that the application makes its `Key` of"
        )
    }
}

impl Error for KeyError {}

/// To sign and to encrypt with.
const KEY: usize = 64;

const MASTER_KEY: usize = 32;
