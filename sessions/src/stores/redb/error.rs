use std::{
    error::Error,
    fmt,
    path::{Path, PathBuf},
};

/// Reports that a file cannot keep sessions.
///
/// It is meant for whoever starts the server, and names the file. What goes wrong later is a [`StoreError`](crate::store::StoreError), which
/// does not.
#[derive(Debug)]
pub struct RedbError {
    kind: RedbErrorKind,
    file: PathBuf,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// Says what a [`RedbError`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RedbErrorKind {
    /// It cannot be created, read or written.
    Inaccessible,
    /// Another process has it open, or another store of this one.
    InUse,
    /// Every user of the machine may read it, or write to it or its folder.
    Exposed,
    /// It, or its folder, belongs to another user, who could forge a session.
    ForeignOwner,
    /// It is a symbolic link, which leads wherever somebody likes.
    Symlink,
    /// It holds something else.
    Foreign,
    /// A newer version of this crate or of redb wrote it.
    Newer,
    /// It is no database anymore.
    Damaged,
}

impl RedbError {
    pub(super) fn new(kind: RedbErrorKind, file: &Path) -> Self {
        Self {
            kind,
            file: file.to_owned(),
            source: None,
        }
    }

    pub(super) fn because(mut self, source: impl Error + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    /// What it is about.
    #[must_use]
    pub const fn kind(&self) -> RedbErrorKind {
        self.kind
    }
}

impl fmt::Display for RedbError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.display();
        match self.kind {
            RedbErrorKind::Inaccessible => write!(
                f,
                "cannot keep sessions in {file}; its folder has to be there, and the server's user may write to both"
            ),
            RedbErrorKind::InUse => write!(
                f,
                "{file} is open already, in another process or in another store of this one; a file of redb is for one of them: \
                 give each its own, or clone the store"
            ),
            RedbErrorKind::Exposed => write!(
                f,
                "every user may get at {file}; make it the server's own: chmod 600 for a file, 700 for a folder"
            ),
            RedbErrorKind::ForeignOwner => write!(
                f,
                "{file} belongs to another user, who could forge a session; make it the server's own: chown"
            ),
            RedbErrorKind::Symlink => {
                write!(
                    f,
                    "{file} is a symbolic link; name the file that it leads to"
                )
            }
            RedbErrorKind::Foreign => {
                write!(
                    f,
                    "{file} holds something else than sessions; take another file"
                )
            }
            RedbErrorKind::Newer => write!(
                f,
                "a newer version wrote {file}; go back to that version, or take another file"
            ),
            RedbErrorKind::Damaged => write!(
                f,
                "{file} is damaged; move it away, and everybody has to log in again"
            ),
        }
    }
}

impl Error for RedbError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}
