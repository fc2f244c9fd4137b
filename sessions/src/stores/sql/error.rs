use std::{error::Error, fmt};
#[cfg(feature = "sqlite")]
use std::{io, path::Path};

use crate::store::StoreErrorKind;

use super::{
    dialect::Dialect,
    fault::{EngineError, Fault},
};

/// Reports that a database cannot keep sessions.
///
/// It is meant for whoever starts the server, and holds no address of a server and no password; of SQLite it names the file. What goes wrong later is
/// a [`StoreError`](crate::store::StoreError), which does not; where the tables are missing or of another version, this stands behind it.
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
    /// Nobody answers at that address, or not in time. Of SQLite: another process keeps its file locked.
    Unreachable,
    /// The database is there and refused: user, password, permissions, a read-only database.
    Refused,
    /// Of SQLite: the file cannot be created, read or written.
    Inaccessible,
    /// Of SQLite: every user of the machine may read the file, or write to it or its folder.
    Exposed,
    /// Of SQLite: the file, or its folder, belongs to another user, who could forge a session.
    ForeignOwner,
    /// Of SQLite: the file is a symbolic link, which leads wherever somebody likes.
    Symlink,
    /// Of SQLite: it is no file, or one that holds something else.
    Foreign,
    /// Of SQLite: the file is no database anymore.
    Damaged,
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

    /// Why a file cannot keep sessions.
    #[cfg(feature = "sqlite")]
    pub(super) fn in_file(kind: SqlErrorKind, file: &Path) -> Self {
        let file = file.display();
        let message = match kind {
            SqlErrorKind::Unreachable => format!(
                "another process keeps {file} locked, or its disk is slow; end that process, or start again when it is done"
            ),
            SqlErrorKind::Exposed => format!(
                "every user may get at {file}; make it the server's own: chmod 600 for a file, 700 for a folder"
            ),
            SqlErrorKind::ForeignOwner => format!(
                "{file} belongs to another user, who could forge a session; make it the server's own: chown"
            ),
            SqlErrorKind::Symlink => {
                format!("{file} is a symbolic link; name the file that it leads to")
            }
            SqlErrorKind::Foreign => format!("{file} is no database of SQLite; take another file"),
            SqlErrorKind::Damaged => {
                format!("{file} is damaged; move it away, and everybody has to log in again")
            }
            _ => format!(
                "cannot keep sessions in {file}; its folder has to be there, and the server's user may write to both"
            ),
        };
        Self {
            kind,
            message: message.into(),
            source: None,
        }
    }

    #[cfg(feature = "sqlite")]
    pub(super) fn because(mut self, cause: EngineError) -> Self {
        self.source = Some(cause);
        self
    }

    #[cfg(feature = "sqlite")]
    pub(super) fn because_of_system(self, error: &io::Error) -> Self {
        self.because(EngineError::of_system(error))
    }

    /// What a first connection to a server failed of.
    #[cfg(any(feature = "mysql", feature = "postgres"))]
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
            message: if D::IS_FILE {
                "the file of SQLite cannot be used now; look whether it is there, whether another process keeps it locked, and after its disk".into()
            } else {
                format!(
                    "the {} database cannot be reached; look whether it runs, and at the address",
                    D::NAME
                )
                .into()
            },
            source: Some(cause),
        }
    }

    fn refused<D: Dialect>(cause: Option<EngineError>) -> Self {
        Self {
            kind: SqlErrorKind::Refused,
            message: if D::IS_FILE {
                "SQLite refused; look whether the server's user may write to the file and its folder, whether the disk is full, and whether it is a database".into()
            } else {
                format!(
                    "the {} database refused; look at the user, the password and the rights",
                    D::NAME
                )
                .into()
            },
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
