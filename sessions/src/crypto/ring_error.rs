use std::{fmt, io, path::PathBuf};

use crate::crypto::key::{KeyError, KeyErrorKind, REMEDY};

/// Tells why a [`KeyRing`](crate::KeyRing) was refused: where, which key, which rule, and what to do.
///
/// It never shows a character of a key.
///
/// ```
/// use sessions::{KeyErrorKind, KeyRing, KeyRingErrorKind};
///
/// let error = "c2hvcnQ=".parse::<KeyRing>().unwrap_err();
/// assert_eq!(error.kind(), KeyRingErrorKind::Key(KeyErrorKind::Length));
/// assert_eq!(
///     error.to_string(),
///     "key ring: key 1: a key is 32 bytes (64 characters of hex, 44 of base64), this one is 5; \
///      make one with `openssl rand -base64 32` or `cargo run -p sessions-examples --example keygen`",
/// );
/// ```
pub struct KeyRingError {
    origin: Origin,
    reason: Reason,
}

impl KeyRingError {
    /// Returns which rule the ring, or one of its keys, broke.
    #[must_use]
    pub const fn kind(&self) -> KeyRingErrorKind {
        match &self.reason {
            Reason::Missing => KeyRingErrorKind::Missing,
            Reason::Unreadable(_) => KeyRingErrorKind::Unreadable,
            Reason::TooLarge(_) => KeyRingErrorKind::TooLarge,
            Reason::NotText => KeyRingErrorKind::NotText,
            Reason::Empty => KeyRingErrorKind::Empty,
            Reason::NoActive => KeyRingErrorKind::NoActive,
            Reason::Key { source, .. } => KeyRingErrorKind::Key(source.kind()),
            Reason::Duplicate { .. } => KeyRingErrorKind::Duplicate,
        }
    }

    pub(super) const fn new(origin: Origin, reason: Reason) -> Self {
        Self { origin, reason }
    }
}

impl fmt::Display for KeyRingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Origin::Code => f.write_str("key ring: ")?,
            Origin::Variable(name) => write!(f, "{name}: ")?,
            Origin::File(path) => write!(f, "{}: ", path.display())?,
        }
        match &self.reason {
            Reason::Missing => write!(
                f,
                "the environment variable is not set, it holds the keys, newest first; {REMEDY}"
            ),
            Reason::Unreadable(_) => {
                f.write_str("the file of keys cannot be read; see that it is there, and that the server's user may read it")
            },
            Reason::TooLarge(most) => write!(
                f,
                "a file of keys is at most {most} bytes, this one is larger; \
                 remove keys that are older than the absolute timeout"
            ),
            Reason::NotText => {
                f.write_str("keys are written as hex or base64, this is not even UTF-8 text; ")?;
                f.write_str(REMEDY)
            }
            Reason::Empty => write!(f, "there is no key in it; {REMEDY}"),
            Reason::NoActive => f.write_str(
                "one key must seal, and all are marked `next:`; \
                 write the key that seals without the mark",
            ),
            // The key's own text says the rule and the remedy.
            Reason::Key { position, source } => write!(f, "key {position}: {source}"),
            Reason::Duplicate {
                positions: (first, second),
                are_equal: true,
            } => write!(
                f,
                "keys {first} and {second} are the same key; remove one of them"
            ),
            Reason::Duplicate {
                positions: (first, second),
                are_equal: false,
            } => write!(
                f,
                "keys {first} and {second} have the same key id by chance; \
                 replace the newer one, {REMEDY}"
            ),
        }
    }
}

// What `main` prints when it returns the error, so it says as much as `Display`.
impl fmt::Debug for KeyRingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("KeyRingError");
        debug.field("message", &self.to_string());
        if let Some(source) = std::error::Error::source(self) {
            debug.field("source", &source);
        }
        debug.finish()
    }
}

impl std::error::Error for KeyRingError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.reason {
            Reason::Unreadable(source) => Some(source),
            // Its text is in ours; what is below it is not.
            Reason::Key { source, .. } => source.source(),
            Reason::Missing
            | Reason::TooLarge(_)
            | Reason::NotText
            | Reason::Empty
            | Reason::NoActive
            | Reason::Duplicate { .. } => None,
        }
    }
}

/// Lists the rules a [`KeyRing`](crate::KeyRing) can break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyRingErrorKind {
    /// The environment variable is not set.
    Missing,
    /// The file cannot be read.
    Unreadable,
    /// The file is larger than any list of keys.
    TooLarge,
    /// The variable or the file is not UTF-8.
    NotText,
    /// There is no key in the text.
    Empty,
    /// Every key is pre-published, so that none would seal.
    NoActive,
    /// One of the keys breaks a rule of its own.
    Key(KeyErrorKind),
    /// Two keys have the same [`KeyId`](crate::KeyId).
    Duplicate,
}

/// Tells where the keys were written.
pub(super) enum Origin {
    Code,
    Variable(String),
    File(PathBuf),
}

/// Holds what the kinds carry. Positions count from 1, as a reader does.
pub(super) enum Reason {
    Missing,
    Unreadable(io::Error),
    TooLarge(usize),
    NotText,
    Empty,
    NoActive,
    Key {
        position: usize,
        source: KeyError,
    },
    Duplicate {
        positions: (usize, usize),
        are_equal: bool,
    },
}
