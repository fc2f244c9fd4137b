use std::{
    error::Error,
    fmt, io,
    path::{Path, PathBuf},
};

use crate::store::{StoreError, StoreErrorKind};

/// Reports that a directory cannot keep sessions.
///
/// It is meant for whoever starts the server, and names the directory. What goes wrong later is a [`StoreError`], which does not.
#[derive(Debug)]
pub struct FilesystemError {
    kind: FilesystemErrorKind,
    directory: PathBuf,
    source: Option<io::Error>,
}

/// Says what a [`FilesystemError`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FilesystemErrorKind {
    /// It cannot be created, or files in it cannot.
    Inaccessible,
    /// Every user of the machine may write to it, and could forge a session.
    WritableByEverybody,
    /// It belongs to another user, who could forge a session.
    ForeignOwner,
}

impl FilesystemError {
    pub(super) fn new(kind: FilesystemErrorKind, directory: &Path) -> Self {
        Self {
            kind,
            directory: directory.to_owned(),
            source: None,
        }
    }

    pub(super) fn inaccessible(directory: &Path, source: io::Error) -> Self {
        Self {
            kind: FilesystemErrorKind::Inaccessible,
            directory: directory.to_owned(),
            source: Some(source),
        }
    }

    /// What it is about.
    #[must_use]
    pub const fn kind(&self) -> FilesystemErrorKind {
        self.kind
    }
}

impl fmt::Display for FilesystemError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let directory = self.directory.display();
        match self.kind {
            FilesystemErrorKind::Inaccessible => {
                write!(
                    f,
                    "cannot keep sessions in {directory}; it has to be a directory, or a place for one, where the server's user may write"
                )
            }
            FilesystemErrorKind::WritableByEverybody => write!(
                f,
                "every user may write to {directory} and could forge a session; make it the server's own: chmod 700"
            ),
            FilesystemErrorKind::ForeignOwner => write!(
                f,
                "{directory} belongs to another user, who could forge a session; make it the server's own: chown"
            ),
        }
    }
}

impl Error for FilesystemError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}

/// What the operating system said, in the words of the contract. An [`io::Error`] of the file system names no path.
pub(super) fn store_error(error: io::Error) -> StoreError {
    let kind = match error.kind() {
        io::ErrorKind::InvalidData => StoreErrorKind::Corrupt,
        io::ErrorKind::FileTooLarge => StoreErrorKind::TooLarge,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreErrorKind::Full,
        io::ErrorKind::PermissionDenied
        | io::ErrorKind::ReadOnlyFilesystem
        | io::ErrorKind::NotADirectory
        | io::ErrorKind::IsADirectory => StoreErrorKind::Refused,
        _ => StoreErrorKind::Unavailable,
    };
    StoreError::new(kind).because(error)
}
