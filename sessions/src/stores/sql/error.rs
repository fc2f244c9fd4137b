use std::{error::Error, fmt};

use crate::store::StoreErrorKind;

use super::{
    dialect::Dialect,
    fault::{EngineError, Fault},
};

/// Reports that a database cannot keep sessions.
///
/// It is meant for whoever starts the server, and holds no address and no password. What goes wrong later is a
/// [`StoreError`](crate::store::StoreError); where the tables are missing or of another version, this stands behind it.
#[derive(Debug)]
pub struct SqlError {
    kind: SqlErrorKind,
    engine: &'static str,
    /// What an address or a version should be.
    expected: String,
    found: Option<i64>,
    source: Option<EngineError>,
}

/// Says what a [`SqlError`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SqlErrorKind {
    /// The address is none, or that of another engine.
    InvalidUrl,
    /// The table's name would need quotes, or is too long.
    InvalidTable,
    /// Nobody answers at that address, or not in time.
    Unreachable,
    /// The database is there and refused: user, password, permissions, a read-only database.
    Refused,
    /// The tables are missing.
    NotMigrated,
    /// The tables are of another version than this program knows.
    OtherVersion,
}

impl SqlError {
    pub(super) fn new(kind: SqlErrorKind, engine: &'static str) -> Self {
        Self {
            kind,
            engine,
            expected: String::new(),
            found: None,
            source: None,
        }
    }

    pub(super) fn invalid_url<D: Dialect>() -> Self {
        Self {
            expected: D::EXAMPLE_URL.to_owned(),
            ..Self::new(SqlErrorKind::InvalidUrl, D::NAME)
        }
    }

    /// What a first connection failed of.
    pub(super) fn unconnected<D: Dialect>(error: &sqlx::Error) -> Self {
        let kind = match error {
            sqlx::Error::Configuration(_) => return Self::invalid_url::<D>(),
            sqlx::Error::Database(_) => SqlErrorKind::Refused,
            _ => SqlErrorKind::Unreachable,
        };
        match Fault::unconnected(error) {
            Fault::Failed(_, cause) => Self {
                source: Some(cause),
                ..Self::new(kind, D::NAME)
            },
            _ => Self::new(kind, D::NAME),
        }
    }

    pub(super) fn of<D: Dialect>(fault: Fault) -> Self {
        let (kind, source, found) = match fault {
            Fault::Taken => (SqlErrorKind::Refused, None, None),
            Fault::Again(cause)
            | Fault::Lost(cause)
            | Fault::Failed(StoreErrorKind::Unavailable, cause) => {
                (SqlErrorKind::Unreachable, Some(cause), None)
            }
            Fault::Failed(_, cause) => (SqlErrorKind::Refused, Some(cause), None),
            Fault::NoSchema(cause) => (SqlErrorKind::NotMigrated, Some(cause), None),
            Fault::OtherVersion(found) => (SqlErrorKind::OtherVersion, None, Some(found)),
        };
        Self {
            source,
            found,
            expected: latest::<D>().to_string(),
            ..Self::new(kind, D::NAME)
        }
    }

    /// What it is about.
    #[must_use]
    pub const fn kind(&self) -> SqlErrorKind {
        self.kind
    }
}

/// The version that this program knows.
pub(super) fn latest<D: Dialect>() -> i64 {
    D::MIGRATIONS
        .last()
        .map_or(0, |migration| i64::from(migration.version()))
}

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            engine, expected, ..
        } = self;
        match self.kind {
            SqlErrorKind::InvalidUrl => {
                write!(f, "that is not the address of a {engine} database, like {expected}")
            }
            SqlErrorKind::InvalidTable => f.write_str(
                "a table's name is up to 40 lower-case letters, digits and underscores, of which the first is a letter",
            ),
            SqlErrorKind::Unreachable => write!(f, "the {engine} database cannot be reached"),
            SqlErrorKind::Refused => write!(f, "the {engine} database refused"),
            SqlErrorKind::NotMigrated => write!(
                f,
                "the {engine} database has no tables for sessions; run migrate() once, or the SQL of migrations()"
            ),
            SqlErrorKind::OtherVersion => write!(
                f,
                "the tables for sessions in the {engine} database are of version {}, and this program knows {expected}; run migrate(), or a newer program",
                self.found.unwrap_or_default()
            ),
        }
    }
}

impl Error for SqlError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}
