use std::{fmt, io, path::Path};

use crate::{
    clock::Timestamp,
    store::{
        Abilities, Answer, Listed, Loaded, Principal, PrincipalIndex, Scan, ScanCursor, Scanned,
        SessionStore, StoreError, StoreErrorKind, StoreKey, Touched, Write, Written,
    },
};

use super::{
    change::Change,
    directory::Directory,
    durability::FilesystemDurability,
    error::{FilesystemError, store_error},
    hop::{hop, unanswered},
    layout::FOLDERS,
    reads::FilesystemReads,
    records::{Lock, Read},
    sweep::Swept,
};

/// Keeps sessions in the files of one directory: no database, and safe with any number of processes on one machine.
///
/// A session survives a restart and the death of any process at any moment. It does not by default survive a power failure in the same
/// second: see [`durability`](Self::durability). The directory must be on a disk of this machine; over a network, file locks and renames are
/// promised by few. For several machines take a database.
///
/// A session of up to 4 KiB takes an inode and 4 KiB of disk, with a principal another inode; each principal that has sessions takes an inode
/// and 4 KiB. A write is a file written and renamed: some tenths of a millisecond, so that one disk is good for about a thousand a second. A
/// million sessions are 4,000 files a folder, which no file system minds. What is full first is often the number of inodes (`df -i`); a write
/// is then [`Full`](StoreErrorKind::Full). Dead sessions stay on the disk until [`delete_expired`](SessionStore::delete_expired) is called,
/// which looks at every file once a round.
///
/// Everything is created for the owner only (0700 and 0600). The store needs the rights of its user and no more; who else may write to the
/// directory could forge sessions, who may read it reads what is not sealed.
///
/// Reads are done at once, writes on the threads that tokio has for blocking work, which actix-web's runtime is; outside of one they are
/// done where they are awaited. A process that is stopped while it writes holds up the writers of a 256th of the sessions until it goes on or
/// is dead.
///
/// A file that is no record, as a power failure may leave it, is [`Corrupt`](StoreErrorKind::Corrupt) when it is loaded, until the sweep
/// deletes it: it never will be a record, so whoever has its token is best treated as somebody without a session. A record that a newer
/// version of this crate wrote is `Corrupt`, too, and left alone.
///
/// ```
/// use sessions::{FilesystemDurability, FilesystemStore};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = std::env::temp_dir().join(format!("sessions-example-{}", std::process::id()));
/// let store = FilesystemStore::new(&directory)?
///     .max_length(64 * 1024)
///     .durability(FilesystemDurability::PowerFailure);
///
/// // A directory that every user may write to is refused, with the remedy.
/// # #[cfg(unix)]
/// # {
/// # use std::{fs, os::unix::fs::PermissionsExt};
/// fs::set_permissions(&directory, fs::Permissions::from_mode(0o777))?;
/// let error = FilesystemStore::new(&directory).unwrap_err();
/// assert!(error.to_string().ends_with("chmod 700"));
/// # }
/// # std::fs::remove_dir_all(directory)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use]
pub struct FilesystemStore {
    directory: Directory,
    /// Of a body; `None` for any.
    max_length: Option<usize>,
    reads: FilesystemReads,
}

/// A file of more is not read on the thread that asks: reading and checking it takes longer than waking another.
const MAX_DIRECT: u64 = 16 * 1024;

/// The size that the sessions' options allow by default, and as much again for those who raise it or seal.
const DEFAULT_MAX_LENGTH: usize = 2 * 1024 * 1024;

impl FilesystemStore {
    /// Keeps sessions in a directory, which is created unless it is there.
    ///
    /// Blocks while it looks at the directory: call it when the server starts. Several stores may share a directory, in one process or many.
    ///
    /// # Errors
    ///
    /// If files cannot be created there, and if another user than this process's and root may write to it; members of its group may.
    pub fn new(path: impl AsRef<Path>) -> Result<Self, FilesystemError> {
        Ok(Self {
            directory: Directory::open(path.as_ref())?,
            max_length: Some(DEFAULT_MAX_LENGTH),
            reads: FilesystemReads::default(),
        })
    }

    /// Refuses to write a body of more bytes: 2 MiB unless set, 0 for no limit.
    ///
    /// The sessions' own options limit what they store, by default to 1 MiB. Set this lower to guard the disk against a mistake there, and
    /// higher only together with them.
    pub fn max_length(mut self, bytes: usize) -> Self {
        self.max_length = (bytes > 0).then_some(bytes);
        self
    }

    /// Says what may be lost: by default, the last seconds before a power failure.
    pub fn durability(mut self, durability: FilesystemDurability) -> Self {
        self.directory.durability = durability;
        self
    }

    /// Says where sessions are read: by default, on the thread that asks, which a slow disk holds up.
    pub fn reads(mut self, reads: FilesystemReads) -> Self {
        self.reads = reads;
        self
    }

    /// What `work` answers, done in one hop to another thread.
    fn offload<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Directory) -> io::Result<T> + Send + 'static,
    ) -> Answer<'static, T> {
        let directory = self.directory.clone();
        Answer::pending(hop(move || work(&directory), unanswered))
    }
}

impl SessionStore for FilesystemStore {
    fn write<'a>(&'a self, write: Write<'a>) -> Answer<'a, Written> {
        let len = write.record.body.len();
        if self.max_length.is_some_and(|max| len > max) {
            return Answer::ready(Err(StoreError::new(StoreErrorKind::TooLarge)));
        }
        Answer::pending(async move {
            let directory = self.directory.clone();
            let change = Change::from(write);
            hop(move || change.apply(&directory), || Ok(Written::Ambiguous)).await
        })
    }

    fn load<'a>(&'a self, key: &'a StoreKey, now: Timestamp) -> Answer<'a, Option<Loaded>> {
        if self.reads == FilesystemReads::Direct {
            match self.directory.read(key, now, MAX_DIRECT, Lock::Free) {
                Ok(Read::Done(loaded)) => return Answer::ready(Ok(loaded)),
                Ok(Read::AgainWithLock) => {}
                Err(error) => return Answer::ready(Err(store_error(error))),
            }
        }
        let key = *key;
        self.offload(move |directory| directory.load(&key, now))
    }

    fn touch<'a>(
        &'a self,
        key: &'a StoreKey,
        deadline: Timestamp,
        now: Timestamp,
    ) -> Answer<'a, Touched> {
        let key = *key;
        self.offload(move |directory| directory.touch(&key, deadline, now))
    }

    fn delete<'a>(&'a self, key: &'a StoreKey) -> Answer<'a, ()> {
        let key = *key;
        self.offload(move |directory| directory.delete(&key))
    }

    /// Looks at a folder of records at a time, each on another thread, and begins where the last sweep ended.
    fn delete_expired(&self, limit: usize, now: Timestamp) -> Answer<'_, usize> {
        Answer::pending(async move {
            let mut total = Swept::default();
            for _ in 0..FOLDERS {
                let left = limit - total.deleted;
                if left == 0 {
                    break;
                }
                match self
                    .offload(move |directory| directory.sweep_next(left, now))
                    .await
                {
                    Ok(swept) => {
                        total.deleted += swept.deleted;
                        total.failures += swept.failures;
                    }
                    Err(_) => total.failures += 1,
                }
            }
            if total.deleted == 0 && total.failures > 0 {
                return Err(StoreError::new(StoreErrorKind::Unavailable));
            }
            Ok(total.deleted)
        })
    }

    fn load_many<'a>(
        &'a self,
        keys: &'a [StoreKey],
        now: Timestamp,
    ) -> Answer<'a, Vec<Option<Loaded>>> {
        let keys = keys.to_vec();
        self.offload(move |directory| keys.iter().map(|key| directory.load(key, now)).collect())
    }

    fn abilities(&self) -> Abilities<'_> {
        Abilities {
            principals: Some(self),
            scan: Some(self),
            renames_at_once: true,
            ..Abilities::default()
        }
    }
}

/// A folder at a time, which holds a 256th of all.
impl Scan for FilesystemStore {
    fn step<'a>(&'a self, after: Option<&'a ScanCursor>, limit: usize) -> Answer<'a, Scanned> {
        let mut folder = after.and_then(ScanCursor::number).unwrap_or(0);
        self.offload(move |directory| {
            let mut keys = Vec::new();
            while folder < FOLDERS && keys.len() < limit.max(1) {
                keys.extend(directory.keys_in(u8::try_from(folder).map_err(io::Error::other)?)?);
                folder += 1;
            }
            let next = (folder < FOLDERS).then(|| folder.into());
            Ok(Scanned { keys, next })
        })
    }
}

impl PrincipalIndex for FilesystemStore {
    fn list<'a>(&'a self, principal: &'a Principal, now: Timestamp) -> Answer<'a, Vec<Listed>> {
        let principal = principal.clone();
        self.offload(move |directory| directory.list(&principal, now))
    }

    fn limits(&self) -> bool {
        true
    }
}

/// Without the path: it may stand in a log that others read.
impl fmt::Debug for FilesystemStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FilesystemStore")
            .field("max_length", &self.max_length)
            .field("durability", &self.directory.durability)
            .field("reads", &self.reads)
            .finish_non_exhaustive()
    }
}
