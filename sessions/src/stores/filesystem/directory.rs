use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io,
    path::Path,
    sync::{Arc, atomic::AtomicUsize},
};

use crate::stores::ownership::{Distrust, Owner, distrust, owner_only};

use super::{
    durability::FilesystemDurability,
    error::{FilesystemError, FilesystemErrorKind},
    layout::Layout,
    locks::Stripe,
};

/// The directory, and how files come to be in it: nobody's but the owner's.
#[derive(Clone)]
pub(super) struct Directory {
    /// Absolute, so that a process may change its working directory.
    root: Arc<Path>,
    pub(super) durability: FilesystemDurability,
    /// The folder that the next sweep begins with.
    pub(super) sweep_position: Arc<AtomicUsize>,
}

impl Directory {
    /// Makes the directory unless it is there, and looks whether it can be trusted.
    pub(super) fn open(path: &Path) -> Result<Self, FilesystemError> {
        let inaccessible = |error| FilesystemError::inaccessible(path, error);
        new_folder()
            .recursive(true)
            .create(path)
            .map_err(inaccessible)?;
        let directory = Self {
            root: fs::canonicalize(path).map_err(inaccessible)?.into(),
            durability: FilesystemDurability::default(),
            sweep_position: Arc::default(),
        };
        let layout = directory.layout();
        let rooms = [layout.records(), layout.principals(), layout.locks()];
        for room in &rooms {
            directory.create_folder(room).map_err(inaccessible)?;
        }
        // Where files cannot be locked it shows now, not at the first login.
        drop(directory.hold([Stripe::Record(0)]).map_err(inaccessible)?);
        let own = Owner::of_new_file_in(&layout.locks()).map_err(inaccessible)?;
        for folder in [&*directory.root]
            .into_iter()
            .chain(rooms.iter().map(AsRef::as_ref))
        {
            let metadata = fs::metadata(folder).map_err(inaccessible)?;
            if let Some(distrust) = distrust(&metadata, own) {
                let kind = match distrust {
                    Distrust::WritableByEverybody => FilesystemErrorKind::WritableByEverybody,
                    Distrust::ForeignOwner => FilesystemErrorKind::ForeignOwner,
                };
                return Err(FilesystemError::new(kind, folder));
            }
        }
        Ok(directory)
    }

    pub(super) fn layout(&self) -> Layout<'_> {
        Layout(&self.root)
    }

    /// Creates a file that is not there yet.
    #[expect(
        clippy::unused_self,
        reason = "whoever makes a file has the directory it belongs to"
    )]
    pub(super) fn create_file(&self, path: &Path) -> io::Result<File> {
        owner_only(OpenOptions::new().write(true).create_new(true)).open(path)
    }

    /// Opens a lock, which may not be there yet and is never deleted.
    #[expect(
        clippy::unused_self,
        reason = "whoever opens a lock has the directory it belongs to"
    )]
    pub(super) fn open_lock(&self, path: &Path) -> io::Result<File> {
        owner_only(OpenOptions::new().write(true).create(true).truncate(false)).open(path)
    }

    /// Creates a folder unless it is there, and the one it is in; but never the directory itself, which a failed mount takes away.
    pub(super) fn create_folder(&self, path: &Path) -> io::Result<()> {
        let create = |path: &Path| match new_folder().create(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(error),
            Ok(()) => path
                .parent()
                .map_or(Ok(()), |parent| self.sync_folder(parent)),
        };
        match (create(path), path.parent()) {
            (Err(error), Some(parent))
                if error.kind() == io::ErrorKind::NotFound && parent != &*self.root =>
            {
                create(parent)?;
                create(path)
            }
            (created, _) => created,
        }
    }

    /// Waits until the disk has a file, if that was asked for.
    pub(super) fn sync_file(&self, file: &File) -> io::Result<()> {
        match self.durability {
            FilesystemDurability::ProcessDeath => Ok(()),
            FilesystemDurability::PowerFailure => file.sync_all(),
        }
    }

    /// Waits until the disk has the names in a folder, if that was asked for and the system can.
    pub(super) fn sync_folder(&self, path: &Path) -> io::Result<()> {
        match self.durability {
            FilesystemDurability::PowerFailure if cfg!(unix) => File::open(path)?.sync_all(),
            _ => Ok(()),
        }
    }
}

#[cfg(unix)]
fn new_folder() -> DirBuilder {
    use std::os::unix::fs::DirBuilderExt as _;

    let mut builder = DirBuilder::new();
    builder.mode(0o700);
    builder
}

#[cfg(not(unix))]
fn new_folder() -> DirBuilder {
    DirBuilder::new()
}
