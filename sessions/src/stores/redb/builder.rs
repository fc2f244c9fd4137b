use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    database::SharedDatabase,
    durability::RedbDurability,
    error::{RedbError, RedbErrorKind},
    file::Place,
    queue::Queue,
    store::RedbStore,
};

/// Says how to keep sessions in a file of redb; [`open`](Self::open) makes the store.
///
/// It comes from [`RedbStore::builder`].
///
/// ```
/// use sessions::RedbStore;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = std::env::temp_dir().join(format!("sessions-redb-builder-{}", std::process::id()));
/// # std::fs::create_dir(&folder)?;
/// # let path = folder.join("sessions.redb");
/// let store = RedbStore::builder(&path)
///     .max_length(64 * 1024)
///     .cache_size(256 * 1024 * 1024)
///     .open()?;
/// # drop(store);
/// # std::fs::remove_dir_all(folder)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct RedbStoreBuilder {
    path: PathBuf,
    cache_size: usize,
    durability: RedbDurability,
    max_length: Option<usize>,
}

/// The size that the sessions' options allow by default, and as much again for those who raise it or seal.
const DEFAULT_MAX_LENGTH: usize = 2 * 1024 * 1024;

const DEFAULT_CACHE_SIZE: usize = 64 * 1024 * 1024;

impl RedbStoreBuilder {
    pub(super) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            cache_size: DEFAULT_CACHE_SIZE,
            durability: RedbDurability::default(),
            max_length: Some(DEFAULT_MAX_LENGTH),
        }
    }

    /// Keeps up to so many bytes of the file in memory: 64 MiB unless set.
    ///
    /// What is not there is read from the file, on the thread that asks. Set it higher where the sessions in use are more than fit, and a read
    /// of the disk is slow. The operating system keeps what it can besides.
    pub fn cache_size(mut self, bytes: usize) -> Self {
        self.cache_size = bytes;
        self
    }

    /// Says what may be lost: by default, nothing that was answered.
    pub fn durability(mut self, durability: RedbDurability) -> Self {
        self.durability = durability;
        self
    }

    /// Refuses to write a body of more bytes: 2 MiB unless set, 0 for no limit but a gigabyte.
    ///
    /// The sessions' own options limit what they store, by default to 1 MiB. Set this lower to guard the disk against a mistake there, and
    /// higher only together with them.
    pub fn max_length(mut self, bytes: usize) -> Self {
        self.max_length = (bytes > 0).then_some(bytes);
        self
    }

    /// Opens the file, or creates it in a folder that is there.
    ///
    /// Blocks while it reads the file once: call it when the server starts.
    ///
    /// # Errors
    ///
    /// If the file cannot be created or written; if it is open already, here or in another process; if other users can get at it; and if it is
    /// a symbolic link, no file of sessions, a newer one, or damaged. The [kind](RedbError::kind) says which.
    pub fn open(self) -> Result<RedbStore, RedbError> {
        let place = Place::prepare(&self.path, self.cache_size, self.durability)?;
        let database = Arc::new(SharedDatabase::open(place)?);
        let queue = Queue::start(Arc::clone(&database)).map_err(|error| {
            RedbError::new(RedbErrorKind::Inaccessible, &self.path).because(error)
        })?;
        Ok(RedbStore::new(database, queue, self.max_length))
    }
}
