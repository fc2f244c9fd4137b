use std::{error::Error, fmt};

/// Reports that bytes are not the values of a session.
///
/// It quotes none of them: they are somebody's data.
///
/// ```
/// use sessions::gorilla::{DecodeErrorKind, Values};
///
/// // A message of 64 bytes, of which two are there.
/// let error = Values::from_gob(b"\x40\xff\x81").unwrap_err();
/// assert_eq!(error.kind(), DecodeErrorKind::Truncated);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError {
    kind: DecodeErrorKind,
}

/// Says what a [`DecodeError`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// The bytes end, or a length points, beyond what is there.
    Truncated,
    /// The bytes are not gob, or not JSON.
    Malformed,
    /// Values stand in values more than 60 maps or lists deep.
    TooDeep,
    /// The bytes are well formed and hold something else than a map of values, or than an ID where one was asked for.
    OtherContent,
}

impl DecodeError {
    pub(super) const fn new(kind: DecodeErrorKind) -> Self {
        Self { kind }
    }

    /// What it is about.
    #[must_use]
    pub const fn kind(&self) -> DecodeErrorKind {
        self.kind
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            DecodeErrorKind::Truncated => "the values of the session end too early",
            DecodeErrorKind::Malformed => {
                "the values of the session are not of the form that was configured"
            }
            DecodeErrorKind::TooDeep => "the values of the session are nested too deeply",
            DecodeErrorKind::OtherContent => "what was read is not what a session holds",
        })
    }
}

impl Error for DecodeError {}

impl From<DecodeErrorKind> for DecodeError {
    fn from(kind: DecodeErrorKind) -> Self {
        Self::new(kind)
    }
}
