use std::{error::Error, fmt, io};

use crate::{
    import::{ImportRefusal, Refusal},
    store::{StoreError, StoreErrorKind},
};

use super::DecodeError;

/// Reports that a gorilla session was not opened.
///
/// A visitor with a cookie that does not open is a visitor without one. The kind is for counters and logs; there is nothing of the
/// cookie in it, nor of a path.
#[derive(Debug)]
pub struct OpenError {
    kind: OpenErrorKind,
    source: Option<Source>,
}

/// Says what an [`OpenError`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OpenErrorKind {
    /// Nobody with these keys wrote it under this name: another key, another name, altered, too long, or no message at all. All these are
    /// one, so that nobody learns from an answer how near they are.
    Unauthentic,
    /// It is authentic and older than the maximum age.
    Expired,
    /// It is authentic and younger than the minimum age.
    TooNew,
    /// It is authentic, and what it holds is not what was configured: of another serializer, or nothing that a session holds.
    Undecodable,
    /// It is authentic, and the file it names is gone: the session was ended, or swept.
    NoFile,
    /// It is authentic, and the file it names could not be read.
    Unreadable,
    /// It is authentic, and the whole directory is missing: of a session that says nothing.
    NoDirectory,
}

// Private, so that the types of sources are no part of the interface.
#[derive(Debug)]
enum Source {
    Decode(DecodeError),
    Io(io::Error),
}

impl OpenError {
    /// What it is about.
    #[must_use]
    pub const fn kind(&self) -> OpenErrorKind {
        self.kind
    }

    /// What it is to an import: a refusal, but for what only an operator can mend.
    pub(super) fn into_refusal(self) -> Result<Refusal, StoreError> {
        let reason = match self.kind {
            OpenErrorKind::Unauthentic => ImportRefusal::Unauthentic,
            OpenErrorKind::Expired => ImportRefusal::Expired,
            OpenErrorKind::TooNew => ImportRefusal::TooNew,
            OpenErrorKind::Undecodable => ImportRefusal::Undecodable,
            OpenErrorKind::NoFile => ImportRefusal::Ended,
            OpenErrorKind::Unreadable | OpenErrorKind::NoDirectory => {
                return Err(StoreError::new(StoreErrorKind::Unavailable).because(self));
            }
        };
        Ok(Refusal::new(reason).because(self))
    }

    /// The system's word on a file. It names no path.
    pub(super) fn unreadable(source: io::Error) -> Self {
        Self {
            kind: OpenErrorKind::Unreadable,
            source: Some(Source::Io(source)),
        }
    }
}

impl From<OpenErrorKind> for OpenError {
    fn from(kind: OpenErrorKind) -> Self {
        Self { kind, source: None }
    }
}

impl From<DecodeError> for OpenError {
    fn from(source: DecodeError) -> Self {
        Self {
            kind: OpenErrorKind::Undecodable,
            source: Some(Source::Decode(source)),
        }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            OpenErrorKind::Unauthentic => "nobody with these keys wrote this session of gorilla's",
            OpenErrorKind::Expired => "a session of gorilla's has expired",
            OpenErrorKind::TooNew => "a session of gorilla's is newer than allowed",
            OpenErrorKind::Undecodable => {
                "a session of gorilla's is authentic, but not of the serializer that was configured"
            }
            OpenErrorKind::NoFile => "a session of gorilla's has no file",
            OpenErrorKind::Unreadable => "the file of a session of gorilla's cannot be read",
            OpenErrorKind::NoDirectory => "the directory of gorilla's sessions is not there",
        })
    }
}

impl Error for OpenError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self.source.as_ref()? {
            Source::Decode(source) => Some(source),
            Source::Io(source) => Some(source),
        }
    }
}
