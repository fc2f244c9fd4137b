//! Who else may get at what a store keeps in the file system.

use std::{
    fs::{self, Metadata, OpenOptions},
    io,
    path::Path,
};

/// Who a process is to the file system; nobody in particular where files have no owners.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Owner(Option<u32>);

/// Why what lies in a place is not to be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Distrust {
    /// Every user of the machine may write there, and could forge a session.
    WritableByEverybody,
    /// It belongs to another user, who could forge a session.
    ForeignOwner,
}

/// Why what has the name of a database's file, or of its folder, is not to be opened.
#[cfg(any(feature = "redb", feature = "sqlite"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It leads wherever somebody likes.
    Symlink,
    /// A folder, a pipe, a device.
    NoFile,
    /// Every user of the machine may get at it.
    Exposed,
    /// It belongs to another user, who could forge a session.
    ForeignOwner,
}

impl Owner {
    /// This process, found out by making a file in a folder; which shows that it can.
    pub(super) fn of_new_file_in(folder: &Path) -> io::Result<Self> {
        let path = folder.join(temporary_name());
        let mut options = OpenOptions::new();
        let created = owner_only(options.write(true).create_new(true)).open(&path);
        let metadata = created.and_then(|file| file.metadata());
        fs::remove_file(&path)?;
        metadata.map(|metadata| Self::of(&metadata))
    }

    #[cfg(unix)]
    fn of(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt as _;

        Self(Some(metadata.uid()))
    }

    #[cfg(not(unix))]
    fn of(_: &Metadata) -> Self {
        Self(None)
    }
}

/// A name that no other file has, for one that is there for a moment.
pub(super) fn temporary_name() -> String {
    let number: u128 = rand::random();
    format!(".{number:032x}.tmp")
}

/// Has a file that is created be its owner's alone.
#[cfg(unix)]
pub(super) fn owner_only(options: &mut OpenOptions) -> &OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;

    options.mode(0o600)
}

#[cfg(not(unix))]
pub(super) fn owner_only(options: &mut OpenOptions) -> &OpenOptions {
    options
}

/// Who may write to a place may put forged sessions there.
///
/// The group may: that is how some platforms give a volume to a process that does not own it.
#[cfg(unix)]
pub(super) fn distrust(metadata: &Metadata, own: Owner) -> Option<Distrust> {
    use std::os::unix::fs::MetadataExt as _;

    const ROOT: u32 = 0;
    if metadata.mode() & 0o002 != 0 {
        return Some(Distrust::WritableByEverybody);
    }
    let foreign = metadata.uid() != ROOT && Owner::of(metadata) != own;
    foreign.then_some(Distrust::ForeignOwner)
}

/// Other systems keep their own lists of who may write; a new folder inherits its parent's.
#[cfg(not(unix))]
pub(super) fn distrust(_: &Metadata, _: Owner) -> Option<Distrust> {
    None
}

/// What a database's file has to be: a file, which nobody else may read or write but its group.
///
/// Who we are is `None` where we can make no file, and one that is there may do all the same.
#[cfg(any(feature = "redb", feature = "sqlite"))]
pub(super) fn refusal_of_file(metadata: &Metadata, own: Option<Owner>) -> Option<Refusal> {
    if metadata.is_symlink() {
        Some(Refusal::Symlink)
    } else if !metadata.is_file() {
        Some(Refusal::NoFile)
    } else if is_open_to_everybody(metadata) {
        Some(Refusal::Exposed)
    } else {
        own.and_then(|own| distrust(metadata, own)).map(Into::into)
    }
}

/// What the folder of a database's file has to be: one where nobody else can take the file's place.
#[cfg(any(feature = "redb", feature = "sqlite"))]
pub(super) fn refusal_of_folder(metadata: &Metadata, own: Owner) -> Option<Refusal> {
    let refusal = distrust(metadata, own).map(Refusal::from);
    refusal.filter(|refusal| *refusal != Refusal::Exposed || !is_kept_apart(metadata))
}

#[cfg(any(feature = "redb", feature = "sqlite"))]
impl From<Distrust> for Refusal {
    fn from(distrust: Distrust) -> Self {
        match distrust {
            Distrust::WritableByEverybody => Self::Exposed,
            Distrust::ForeignOwner => Self::ForeignOwner,
        }
    }
}

/// Whether nobody can take the place of another's file in a folder, as in `/tmp`.
#[cfg(all(unix, any(feature = "redb", feature = "sqlite")))]
fn is_kept_apart(folder: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    folder.mode() & 0o1000 != 0
}

#[cfg(all(unix, any(feature = "redb", feature = "sqlite")))]
fn is_open_to_everybody(file: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    file.mode() & 0o006 != 0
}

#[cfg(all(not(unix), any(feature = "redb", feature = "sqlite")))]
fn is_kept_apart(_: &Metadata) -> bool {
    true
}

#[cfg(all(not(unix), any(feature = "redb", feature = "sqlite")))]
fn is_open_to_everybody(_: &Metadata) -> bool {
    false
}
