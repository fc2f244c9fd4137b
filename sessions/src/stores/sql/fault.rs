use std::{borrow::Cow, error::Error, fmt};

use crate::store::{StoreError, StoreErrorKind};

use super::{dialect::Dialect, error::SqlError};

/// What an engine's error means to a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Another row has that key.
    Taken,
    /// It was undone because of others at work, and may be asked for again.
    Again,
    /// Whether it was done is not known.
    Lost,
    /// There is no such table, or it has other columns.
    NoSchema,
    /// The engine cannot now.
    Unavailable,
    /// The engine will not: permissions, a read-only database.
    Refused,
    Full,
    TooLarge,
    /// Anything else. The engine's words for it are not repeated: they may quote what was to be stored.
    Other,
}

/// Why something was not answered as it should.
#[derive(Debug)]
pub(super) enum Fault {
    /// Another row has that key: nothing was done.
    Taken,
    /// Nothing was done, and it may be asked for again.
    Again(EngineError),
    /// It may have been done.
    Lost(EngineError),
    /// The tables are not there.
    NoSchema(EngineError),
    /// The tables are there, in another version than this program knows.
    OtherVersion(i64),
    /// Nothing was done, and asking again gives the same.
    Failed(StoreErrorKind, EngineError),
}

impl Fault {
    /// What an error of a statement means.
    pub(super) fn of<D: Dialect>(error: &sqlx::Error) -> Self {
        let verdict = match error {
            sqlx::Error::Database(error) => D::verdict(&**error),
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::WorkerCrashed => Verdict::Lost,
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => Verdict::Unavailable,
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => {
                return Self::Failed(StoreErrorKind::Corrupt, EngineError::of(error, false));
            }
            _ => Verdict::Other,
        };
        let cause = EngineError::of(
            error,
            verdict != Verdict::Other && verdict != Verdict::Again,
        );
        match verdict {
            Verdict::Taken => Self::Taken,
            Verdict::Again => Self::Again(cause),
            Verdict::Lost => Self::Lost(cause),
            Verdict::NoSchema => Self::NoSchema(cause),
            Verdict::Unavailable => Self::Failed(StoreErrorKind::Unavailable, cause),
            Verdict::Refused | Verdict::Other => Self::Failed(StoreErrorKind::Refused, cause),
            Verdict::Full => Self::Failed(StoreErrorKind::Full, cause),
            Verdict::TooLarge => Self::Failed(StoreErrorKind::TooLarge, cause),
        }
    }

    /// There is no connection to be had, and so nothing was sent.
    pub(super) fn unconnected<D: Dialect>(error: &sqlx::Error) -> Self {
        let kind = match error {
            // Who is there and will not is no outage: a file that holds something else, a right that was taken.
            sqlx::Error::Database(error) if D::verdict(&**error) == Verdict::Refused => {
                StoreErrorKind::Refused
            }
            _ => StoreErrorKind::Unavailable,
        };
        Self::Failed(kind, EngineError::of(error, true))
    }

    /// In a transaction that was not committed: what is lost there was surely not done.
    pub(super) fn uncommitted(self) -> Self {
        match self {
            Self::Lost(cause) => Self::Again(cause),
            other => other,
        }
    }

    /// The error that a verb answers, where asking again did not help; `lost` says what an answer that did not come is to be called.
    pub(super) fn into_store_error<D: Dialect>(self, lost: StoreErrorKind) -> StoreError {
        match self {
            Self::Taken => StoreError::new(StoreErrorKind::Refused),
            Self::Again(cause) => StoreError::new(StoreErrorKind::Unavailable).because(cause),
            Self::Lost(cause) => StoreError::new(lost).because(cause),
            Self::Failed(kind, cause) => StoreError::new(kind).because(cause),
            Self::NoSchema(_) | Self::OtherVersion(_) => {
                StoreError::new(StoreErrorKind::Refused).because(SqlError::of::<D>(self))
            }
        }
    }
}

/// What an engine or its driver said, without what might quote a key or a body.
#[derive(Debug)]
pub(super) struct EngineError(Box<str>);

impl EngineError {
    /// The engine's own words are repeated if they tell no more than names of tables, users and files.
    pub(super) fn of(error: &sqlx::Error, repeats: bool) -> Self {
        let words = match error {
            sqlx::Error::Database(error) => {
                let code = error.code().unwrap_or(Cow::Borrowed("unknown"));
                if repeats {
                    format!("{} (code {code})", error.message())
                } else {
                    format!("the database answered with code {code}")
                }
            }
            // An address may stand in it, with its password.
            sqlx::Error::Configuration(_) => "the address cannot be used".to_owned(),
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => {
                "a column holds something else than was written to it".to_owned()
            }
            other => other.to_string(),
        };
        Self(words.into())
    }

    /// What the operating system said of a file, which names none.
    #[cfg(feature = "sqlite")]
    pub(super) fn of_system(error: &std::io::Error) -> Self {
        Self(error.to_string().into())
    }
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for EngineError {}
