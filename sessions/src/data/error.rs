use std::{error::Error, fmt};

/// Reports why stored bytes are not the data of a type.
///
/// It never quotes the bytes.
#[derive(Debug)]
pub struct DecodeError {
    kind: DecodeErrorKind,
    /// What is wrong with the frame around the values; the library says it of the values.
    reason: Option<&'static str>,
    source: Option<serde_cbor::Error>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DecodeErrorKind {
    /// Written by a release that this one does not know yet.
    NewerVersion,
    /// Older than anything the chain of `previous` types reads.
    UnknownVersion,
    /// Not the bytes of the type.
    Malformed,
}

impl DecodeError {
    pub(crate) const fn malformed(reason: &'static str) -> Self {
        Self {
            kind: DecodeErrorKind::Malformed,
            reason: Some(reason),
            source: None,
        }
    }

    pub(crate) fn kind(&self) -> DecodeErrorKind {
        self.kind
    }
}

impl From<DecodeErrorKind> for DecodeError {
    fn from(kind: DecodeErrorKind) -> Self {
        Self {
            kind,
            reason: None,
            source: None,
        }
    }
}

impl From<serde_cbor::Error> for DecodeError {
    fn from(source: serde_cbor::Error) -> Self {
        Self {
            kind: DecodeErrorKind::Malformed,
            reason: None,
            source: Some(source),
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            DecodeErrorKind::NewerVersion => "the data was written by a newer version of its type",
            DecodeErrorKind::UnknownVersion => {
                "the data's version has no `previous` type that reads it"
            }
            DecodeErrorKind::Malformed => "the data is not that of its type",
        })?;
        self.reason.map_or(Ok(()), |reason| write!(f, ": {reason}"))
    }
}

impl Error for DecodeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}

/// Reports that a field refused to be written: its `Serialize` failed, or it could not be read back.
#[derive(Debug)]
pub struct EncodeError(serde_cbor::Error);

impl From<serde_cbor::Error> for EncodeError {
    fn from(source: serde_cbor::Error) -> Self {
        Self(source)
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field could not be written as CBOR")
    }
}

impl Error for EncodeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}
