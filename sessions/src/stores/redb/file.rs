use std::{
    fs::{self, File, Metadata, OpenOptions},
    io,
    path::{Path, PathBuf},
};

use redb::{Builder, Database, DatabaseError, StorageError, backends::FileBackend};

use crate::stores::ownership::{
    Owner, Refusal, owner_only, refusal_of_file, refusal_of_folder, temporary_name,
};

use super::{
    durability::{RedbDurability, Unsynced},
    error::{RedbError, RedbErrorKind},
    tables,
};

/// Where the database lies, and how it is to be opened.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// Absolute, so that a process may change its working directory.
    path: PathBuf,
    /// Who we are there; `None` where we can make no file, and one that is there may do all the same.
    own: Option<Owner>,
    cache_size: usize,
    durability: RedbDurability,
}

impl Place {
    /// Looks whether a folder can be trusted, and makes the file there unless there is one.
    pub(super) fn prepare(
        path: &Path,
        cache_size: usize,
        durability: RedbDurability,
    ) -> Result<Self, RedbError> {
        let inaccessible =
            |error: io::Error| RedbError::new(RedbErrorKind::Inaccessible, path).because(error);
        let (Some(name), Some(folder)) = (path.file_name(), path.parent()) else {
            return Err(inaccessible(io::ErrorKind::InvalidInput.into()));
        };
        let folder = if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        };
        let folder = fs::canonicalize(folder).map_err(inaccessible)?;
        let place = Self {
            path: folder.join(name),
            own: Owner::of_new_file_in(&folder).ok(),
            cache_size,
            durability,
        };
        if let Some(own) = place.own {
            let metadata = fs::metadata(&folder).map_err(inaccessible)?;
            if let Some(refusal) = refusal_of_folder(&metadata, own) {
                return Err(RedbError::new(kind(refusal), &folder));
            }
        }
        match fs::symlink_metadata(&place.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => place.create(&folder)?,
            Err(error) => return Err(inaccessible(error)),
            Ok(_) => {}
        }
        Ok(place)
    }

    /// Opens the database and reads all of it once: what was damaged while nobody looked is found now, and not in the middle of a request.
    pub(super) fn open(&self) -> Result<Database, RedbError> {
        let database = self.open_database(self.open_file()?)?;
        tables::check(&database, &self.path)?;
        Ok(database)
    }

    /// Opens the file if nobody else can get at it.
    ///
    /// What is looked at is what was opened: whatever took the file's name before, or takes it later, is not what is read.
    fn open_file(&self) -> Result<File, RedbError> {
        let inaccessible = |error: io::Error| {
            RedbError::new(RedbErrorKind::Inaccessible, &self.path).because(error)
        };
        // First by its name: to open a pipe or a device may do something, and where we may not open a file we can still say why.
        let named = fs::symlink_metadata(&self.path).map_err(inaccessible)?;
        self.trust(&named)?;
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).open(&self.path);
        let file = file.map_err(inaccessible)?;
        let opened = file.metadata().map_err(inaccessible)?;
        self.trust(&opened)?;
        // A link that came between the two, and led us elsewhere.
        if !is_same(&named, &opened) {
            let replaced = io::Error::other("it was replaced while it was opened");
            return Err(inaccessible(replaced));
        }
        Ok(file)
    }

    /// Refuses what is no file, and what somebody else may read or write.
    fn trust(&self, metadata: &Metadata) -> Result<(), RedbError> {
        match refusal_of_file(metadata, self.own) {
            None => Ok(()),
            Some(refusal) => Err(RedbError::new(kind(refusal), &self.path)),
        }
    }

    /// Makes the file under another name, so that a process that dies meanwhile leaves no half of one.
    fn create(&self, folder: &Path) -> Result<(), RedbError> {
        let inaccessible = |error: io::Error| {
            RedbError::new(RedbErrorKind::Inaccessible, &self.path).because(error)
        };
        let temporary = folder.join(temporary_name());
        let mut options = OpenOptions::new();
        let created = owner_only(options.read(true).write(true).create_new(true)).open(&temporary);
        let made = self
            .open_database(created.map_err(inaccessible)?)
            .and_then(|database| tables::create(database, &self.path))
            .and_then(|()| match fs::hard_link(&temporary, &self.path) {
                // Another process was faster.
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                    Err(inaccessible(error))
                }
                _ => Ok(()),
            });
        // What is left over does no harm.
        _ = fs::remove_file(&temporary);
        made?;
        sync_folder(folder).map_err(inaccessible)
    }

    fn open_database(&self, file: File) -> Result<Database, RedbError> {
        let mut builder = Builder::new();
        builder
            .set_cache_size(self.cache_size)
            .set_check_integrity_on_open(true);
        let opened = FileBackend::new(file).and_then(|backend| match self.durability {
            RedbDurability::PowerFailure => builder.create_with_backend(backend),
            RedbDurability::ProcessDeath => builder.create_with_backend(Unsynced(backend)),
        });
        opened.map_err(|error| {
            let kind = match &error {
                DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => {
                    RedbErrorKind::InUse
                }
                DatabaseError::UpgradeRequired(_) => RedbErrorKind::Newer,
                DatabaseError::Storage(StorageError::Corrupted(_)) => RedbErrorKind::Damaged,
                DatabaseError::Storage(StorageError::Io(error))
                    if error.kind() == io::ErrorKind::InvalidData =>
                {
                    RedbErrorKind::Foreign
                }
                _ => RedbErrorKind::Inaccessible,
            };
            RedbError::new(kind, &self.path).because(error)
        })
    }
}

fn kind(refusal: Refusal) -> RedbErrorKind {
    match refusal {
        Refusal::Symlink => RedbErrorKind::Symlink,
        Refusal::NoFile => RedbErrorKind::Foreign,
        Refusal::Exposed => RedbErrorKind::Exposed,
        Refusal::ForeignOwner => RedbErrorKind::ForeignOwner,
    }
}

/// Whether two looks were at one file.
#[cfg(unix)]
fn is_same(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// Waits until the disk has the file's name.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn is_same(_: &Metadata, _: &Metadata) -> bool {
    true
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    /// A folder of a test's own.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new() -> Self {
            let path = std::env::temp_dir().join(temporary_name());
            fs::create_dir(&path).unwrap();
            Self(path)
        }

        fn place(&self, name: &str) -> Place {
            Place::prepare(&self.0.join(name), 1024 * 1024, RedbDurability::default()).unwrap()
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            _ = fs::remove_dir_all(&self.0);
        }
    }

    /// Between looking and opening, or between opening and opening again.
    #[test]
    fn what_took_the_place_of_the_file_is_not_opened() {
        let scratch = Scratch::new();
        let place = scratch.place("sessions.redb");
        drop(place.open().unwrap());
        let other = scratch.place("other.redb");

        fs::set_permissions(&place.path, fs::Permissions::from_mode(0o666)).unwrap();
        let exposed = place.open().unwrap_err();
        assert_eq!(exposed.kind(), RedbErrorKind::Exposed);

        fs::remove_file(&place.path).unwrap();
        symlink(&other.path, &place.path).unwrap();
        let linked = place.open().unwrap_err();
        assert_eq!(linked.kind(), RedbErrorKind::Symlink);
        drop(other.open().unwrap());

        fs::remove_file(&place.path).unwrap();
        fs::create_dir(&place.path).unwrap();
        let folder = place.open().unwrap_err();
        assert_eq!(folder.kind(), RedbErrorKind::Foreign);

        // Only root can give a file away, and so run this.
        if std::os::unix::fs::chown(&other.path, Some(12_345), None).is_ok() {
            let foreign = other.open().unwrap_err();
            assert_eq!(foreign.kind(), RedbErrorKind::ForeignOwner);
        }
    }
}
