use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io,
    path::Path,
    sync::{Arc, atomic::AtomicUsize},
};

use super::{
    durability::FilesystemDurability,
    error::{FilesystemError, FilesystemErrorKind},
    layout::{Layout, hex},
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
        let owner = directory.owner_of_new_file().map_err(inaccessible)?;
        for folder in [&*directory.root]
            .into_iter()
            .chain(rooms.iter().map(AsRef::as_ref))
        {
            let metadata = fs::metadata(folder).map_err(inaccessible)?;
            if let Some(kind) = distrust(&metadata, owner) {
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
        owned(OpenOptions::new().write(true).create_new(true)).open(path)
    }

    /// Opens a lock, which may not be there yet and is never deleted.
    #[expect(
        clippy::unused_self,
        reason = "whoever opens a lock has the directory it belongs to"
    )]
    pub(super) fn open_lock(&self, path: &Path) -> io::Result<File> {
        owned(OpenOptions::new().write(true).create(true).truncate(false)).open(path)
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

    /// Who this process is to the file system, found out by making a file; which shows that it can.
    fn owner_of_new_file(&self) -> io::Result<Option<u32>> {
        let name: [u8; 16] = rand::random();
        let path = self.layout().locks().join(format!(".{}.tmp", hex(&name)));
        let metadata = self.create_file(&path).and_then(|file| file.metadata());
        fs::remove_file(&path)?;
        metadata.map(|metadata| owner(&metadata))
    }
}

#[cfg(unix)]
fn new_folder() -> DirBuilder {
    use std::os::unix::fs::DirBuilderExt as _;

    let mut builder = DirBuilder::new();
    builder.mode(0o700);
    builder
}

#[cfg(unix)]
fn owned(options: &mut OpenOptions) -> &OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;

    options.mode(0o600)
}

#[cfg(unix)]
#[expect(
    clippy::unnecessary_wraps,
    reason = "there is no owner on other systems"
)]
fn owner(metadata: &fs::Metadata) -> Option<u32> {
    use std::os::unix::fs::MetadataExt as _;

    Some(metadata.uid())
}

/// Who may write to a folder may put forged sessions there.
///
/// The group may: that is how some platforms give a volume to a process that does not own it.
#[cfg(unix)]
fn distrust(metadata: &fs::Metadata, own: Option<u32>) -> Option<FilesystemErrorKind> {
    use std::os::unix::fs::MetadataExt as _;

    const ROOT: u32 = 0;
    if metadata.mode() & 0o002 != 0 {
        return Some(FilesystemErrorKind::WritableByEverybody);
    }
    let foreign = metadata.uid() != ROOT && Some(metadata.uid()) != own;
    foreign.then_some(FilesystemErrorKind::ForeignOwner)
}

#[cfg(not(unix))]
fn new_folder() -> DirBuilder {
    DirBuilder::new()
}

#[cfg(not(unix))]
fn owned(options: &mut OpenOptions) -> &OpenOptions {
    options
}

#[cfg(not(unix))]
fn owner(_: &fs::Metadata) -> Option<u32> {
    None
}

/// Other systems keep their own lists of who may write; a new folder inherits its parent's.
#[cfg(not(unix))]
fn distrust(_: &fs::Metadata, _: Option<u32>) -> Option<FilesystemErrorKind> {
    None
}
