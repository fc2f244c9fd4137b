use std::{
    fs::{self, OpenOptions},
    io,
    path::{Path, PathBuf},
};

use crate::stores::ownership::{Owner, Refusal, owner_only, refusal_of_file, refusal_of_folder};

use super::error::{SqlError, SqlErrorKind};

/// The file of a database, looked at before the engine opens it: that would open anybody's, and make one that everybody may read.
///
/// The engine opens it by its name, so what is looked at is what is opened only where nobody else can give the name to another file. That is why its folder is looked at first.
#[derive(Debug)]
pub(super) struct DatabaseFile {
    /// Absolute, so that a process may change its working directory.
    path: PathBuf,
    /// Who we are there; `None` where we can make no file, and one that is there may do all the same.
    own: Option<Owner>,
}

impl DatabaseFile {
    /// Looks whether a folder can be trusted, for the file of this name in it.
    pub(super) fn find(path: &Path) -> Result<Self, SqlError> {
        let inaccessible = |error: io::Error| {
            SqlError::in_file(SqlErrorKind::Inaccessible, path).because_of_system(&error)
        };
        let (Some(name), Some(folder)) = (path.file_name(), path.parent()) else {
            return Err(inaccessible(io::ErrorKind::InvalidInput.into()));
        };
        let folder = if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        };
        let folder = fs::canonicalize(folder).map_err(inaccessible)?;
        let own = Owner::of_new_file_in(&folder).ok();
        if let Some(own) = own {
            let metadata = fs::metadata(&folder).map_err(inaccessible)?;
            if let Some(refusal) = refusal_of_folder(&metadata, own) {
                return Err(SqlError::in_file(kind(refusal), &folder));
            }
        }
        Ok(Self {
            path: folder.join(name),
            own,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the file, empty and its owner's alone, unless there is one. SQLite gives its permissions to the files that it puts beside it.
    pub(super) fn create(&self) -> Result<(), SqlError> {
        let missing = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
        if !fs::symlink_metadata(&self.path).is_err_and(|error| missing(&error)) {
            return Ok(());
        }
        let mut options = OpenOptions::new();
        match owner_only(options.write(true).create_new(true)).open(&self.path) {
            // Another process was faster.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            created => created.map(drop).map_err(|error| self.inaccessible(&error)),
        }
    }

    /// Refuses what is no file, and what somebody else may read or write: the file itself, and the logs beside it, which hold sessions as well.
    pub(super) fn trust(&self) -> Result<(), SqlError> {
        let metadata = fs::symlink_metadata(&self.path);
        let metadata = metadata.map_err(|error| self.inaccessible(&error))?;
        if let Some(refusal) = refusal_of_file(&metadata, self.own) {
            return Err(SqlError::in_file(kind(refusal), &self.path));
        }
        for end in ["-wal", "-shm", "-journal"] {
            let mut path = self.path.clone().into_os_string();
            path.push(end);
            // The last to close the database removes them, perhaps just now.
            if let Ok(metadata) = fs::symlink_metadata(&path)
                && let Some(refusal) = refusal_of_file(&metadata, self.own)
            {
                return Err(SqlError::in_file(kind(refusal), Path::new(&path)));
            }
        }
        Ok(())
    }

    fn inaccessible(&self, error: &io::Error) -> SqlError {
        SqlError::in_file(SqlErrorKind::Inaccessible, &self.path).because_of_system(error)
    }
}

fn kind(refusal: Refusal) -> SqlErrorKind {
    match refusal {
        Refusal::Symlink => SqlErrorKind::Symlink,
        Refusal::NoFile => SqlErrorKind::Foreign,
        Refusal::Exposed => SqlErrorKind::Exposed,
        Refusal::ForeignOwner => SqlErrorKind::ForeignOwner,
    }
}
