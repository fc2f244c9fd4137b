use std::{error::Error, fmt, sync::Arc};

/// Reports that a store could not do what it was asked.
///
/// What a store *decided* is not an error but an answer: a conflict, a missing record, a full house. So is a write whose outcome is not
/// known, [`Written::Ambiguous`](super::Written::Ambiguous). Put no key, token or body into the message.
#[derive(Clone)]
pub struct StoreError {
    kind: StoreErrorKind,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

/// Says what a [`StoreError`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// The engine cannot be reached, or refuses the connection; the request was not carried out.
    Unavailable,
    /// The engine did not answer in time to a request that changes nothing, or that may be repeated: a touch, a deletion.
    TimedOut,
    /// The engine holds something under the key that is not a record.
    Corrupt,
    /// The record is larger than the store takes.
    TooLarge,
    /// There is no room for another record.
    Full,
    /// The engine is there and refused: permissions, schema, configuration.
    Refused,
}

impl StoreError {
    /// Makes an error of a kind.
    #[must_use]
    pub const fn new(kind: StoreErrorKind) -> Self {
        Self { kind, source: None }
    }

    /// Adds what caused it, for the log.
    #[must_use]
    pub fn because(mut self, source: impl Error + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }

    /// What it is about.
    #[must_use]
    pub const fn kind(&self) -> StoreErrorKind {
        self.kind
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            StoreErrorKind::Unavailable => "the session store cannot be reached",
            StoreErrorKind::TimedOut => "the session store did not answer in time",
            StoreErrorKind::Corrupt => {
                "the session store holds something that is not a record; look who else writes there"
            }
            StoreErrorKind::TooLarge => {
                "the record is larger than the session store takes; keep less in the session"
            }
            StoreErrorKind::Full => "the session store is full; give it more room",
            StoreErrorKind::Refused => {
                "the session store refused: permissions, schema or configuration"
            }
        })
    }
}

/// The message and what is behind it: a `main` that returns the error prints it by `Debug`.
impl fmt::Debug for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreError({self}")?;
        let mut source = self.source();
        while let Some(cause) = source {
            write!(f, ": {cause}")?;
            source = cause.source();
        }
        f.write_str(")")
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn it_is_printed_as_prose_with_its_causes() {
        let error = StoreError::new(StoreErrorKind::Unavailable);
        assert_eq!(
            format!("{error:?}"),
            "StoreError(the session store cannot be reached)"
        );
        let cause = StoreError::new(StoreErrorKind::Refused).because(io::Error::new(
            io::ErrorKind::ConnectionRefused,
            "nobody listens",
        ));
        assert_eq!(
            format!("{:?}", error.because(cause)),
            "StoreError(the session store cannot be reached: the session store refused: permissions, schema or configuration: nobody listens)"
        );
    }
}
