use std::{
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
};

use redb::{Builder, Database, DatabaseError, StorageError, backends::FileBackend};

use crate::stores::ownership::{Distrust, Owner, distrust, owner_only, temporary_name};

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
    cache_size: usize,
    durability: RedbDurability,
}

impl Place {
    /// Looks whether a place can be trusted, and makes the file there unless there is one.
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
            cache_size,
            durability,
        };
        // Where no file can be made, one that is there may do all the same.
        let own = Owner::of_new_file_in(&folder).ok();
        if let Some(own) = own {
            trusted(&folder, own, is_kept_apart)?;
        }
        match fs::symlink_metadata(&place.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => place.create(&folder)?,
            Err(error) => return Err(inaccessible(error)),
            Ok(_) => {}
        }
        let metadata = fs::metadata(&place.path).map_err(inaccessible)?;
        if !metadata.is_file() {
            return Err(RedbError::new(RedbErrorKind::Foreign, path));
        }
        if let Some(own) = own {
            trusted(&place.path, own, |_| false)?;
        }
        if is_readable_by_everybody(&metadata) {
            return Err(RedbError::new(RedbErrorKind::Exposed, path));
        }
        Ok(place)
    }

    /// Opens the database and reads all of it once: what was damaged while nobody looked is found now, and not in the middle of a request.
    pub(super) fn open(&self) -> Result<Database, RedbError> {
        let database = self.open_at(&self.path)?;
        tables::check(&database, &self.path)?;
        Ok(database)
    }

    /// Makes the file under another name, so that a process that dies meanwhile leaves no half of one.
    fn create(&self, folder: &Path) -> Result<(), RedbError> {
        let inaccessible = |error: io::Error| {
            RedbError::new(RedbErrorKind::Inaccessible, &self.path).because(error)
        };
        let temporary = folder.join(temporary_name());
        let mut options = OpenOptions::new();
        let created = owner_only(options.write(true).create_new(true)).open(&temporary);
        drop(created.map_err(inaccessible)?);
        let made = self
            .open_at(&temporary)
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

    fn open_at(&self, path: &Path) -> Result<Database, RedbError> {
        let file = OpenOptions::new().read(true).write(true).open(path);
        let opened = file.map_err(DatabaseError::from).and_then(|file| {
            let mut builder = Builder::new();
            builder
                .set_cache_size(self.cache_size)
                .set_check_integrity_on_open(true);
            let backend = FileBackend::new(file)?;
            match self.durability {
                RedbDurability::PowerFailure => builder.create_with_backend(backend),
                RedbDurability::ProcessDeath => builder.create_with_backend(Unsynced(backend)),
            }
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

/// Refuses what somebody else may write to.
fn trusted(
    path: &Path,
    own: Owner,
    is_harmless: impl FnOnce(&fs::Metadata) -> bool,
) -> Result<(), RedbError> {
    let metadata = fs::metadata(path)
        .map_err(|error| RedbError::new(RedbErrorKind::Inaccessible, path).because(error))?;
    match distrust(&metadata, own) {
        None => Ok(()),
        Some(Distrust::WritableByEverybody) if is_harmless(&metadata) => Ok(()),
        Some(Distrust::WritableByEverybody) => Err(RedbError::new(RedbErrorKind::Exposed, path)),
        Some(Distrust::ForeignOwner) => Err(RedbError::new(RedbErrorKind::ForeignOwner, path)),
    }
}

/// Whether nobody can take the place of another's file in a folder, as in `/tmp`.
#[cfg(unix)]
fn is_kept_apart(folder: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    folder.mode() & 0o1000 != 0
}

#[cfg(unix)]
fn is_readable_by_everybody(file: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    file.mode() & 0o004 != 0
}

/// Waits until the disk has the file's name.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn is_kept_apart(_: &fs::Metadata) -> bool {
    true
}

#[cfg(not(unix))]
fn is_readable_by_everybody(_: &fs::Metadata) -> bool {
    false
}
