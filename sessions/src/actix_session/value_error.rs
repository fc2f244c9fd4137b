use std::{error::Error, fmt};

/// Reports that a session does not hold what was asked of it. It names the key, and nothing of the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueError {
    key: String,
    kind: ValueErrorKind,
}

/// Says what a [`ValueError`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ValueErrorKind {
    /// There is nothing under the key.
    Missing,
    /// What is under the key is of another type.
    OtherType,
}

impl ValueError {
    pub(super) fn new(key: &str, kind: ValueErrorKind) -> Self {
        Self {
            key: key.to_owned(),
            kind,
        }
    }

    /// What it is about.
    #[must_use]
    pub const fn kind(&self) -> ValueErrorKind {
        self.kind
    }
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = &self.key;
        match self.kind {
            ValueErrorKind::Missing => write!(f, "there is no `{key}`"),
            ValueErrorKind::OtherType => {
                write!(f, "`{key}` holds something else than was asked for")
            }
        }
    }
}

impl Error for ValueError {}
