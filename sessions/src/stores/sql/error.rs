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
    message: Box<str>,
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
    pub(super) fn invalid_table() -> Self {
        Self {
            kind: SqlErrorKind::InvalidTable,
            message: "a table's name is up to 40 lower-case letters, digits and underscores, of which the first is a letter".into(),
            source: None,
        }
    }

    pub(super) fn invalid_url<D: Dialect>() -> Self {
        let (engine, example) = (D::NAME, D::EXAMPLE_URL);
        Self {
            kind: SqlErrorKind::InvalidUrl,
            message: format!("that is not the address of a {engine} database, like {example}")
                .into(),
            source: None,
        }
    }

    /// What a first connection failed of.
    pub(super) fn unconnected<D: Dialect>(error: &sqlx::Error) -> Self {
        let cause = EngineError::of(error, true);
        match error {
            sqlx::Error::Configuration(_) => Self::invalid_url::<D>(),
            sqlx::Error::Database(_) => Self::refused::<D>(Some(cause)),
            _ => Self::unreachable::<D>(cause),
        }
    }

    pub(super) fn of<D: Dialect>(fault: Fault) -> Self {
        let engine = D::NAME;
        match fault {
            Fault::Taken => Self::refused::<D>(None),
            Fault::Again(cause)
            | Fault::Lost(cause)
            | Fault::Failed(StoreErrorKind::Unavailable, cause) => Self::unreachable::<D>(cause),
            Fault::Failed(_, cause) => Self::refused::<D>(Some(cause)),
            Fault::NoSchema(cause) => Self {
                kind: SqlErrorKind::NotMigrated,
                message: format!("the {engine} database has no tables for sessions; run migrate() once, or the SQL of migrations()").into(),
                source: Some(cause),
            },
            Fault::OtherVersion(found) => Self {
                kind: SqlErrorKind::OtherVersion,
                message: format!(
                    "the tables for sessions in the {engine} database are of version {found}, and this program knows {}; run migrate(), or a newer program",
                    latest::<D>()
                )
                .into(),
                source: None,
            },
        }
    }

    fn unreachable<D: Dialect>(cause: EngineError) -> Self {
        Self {
            kind: SqlErrorKind::Unreachable,
            message: format!(
                "the {} database cannot be reached; look whether it runs, and at the address",
                D::NAME
            )
            .into(),
            source: Some(cause),
        }
    }

    fn refused<D: Dialect>(cause: Option<EngineError>) -> Self {
        Self {
            kind: SqlErrorKind::Refused,
            message: format!(
                "the {} database refused; look at the user, the password and the rights",
                D::NAME
            )
            .into(),
            source: cause,
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
    let latest = D::MIGRATIONS.last();
    latest.map_or(0, |migration| i64::from(migration.version()))
}

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for SqlError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}
