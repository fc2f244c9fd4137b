use std::{fmt, path::Path, sync::Arc};

use redb::ReadTransaction;

use crate::{
    clock::Timestamp,
    store::{
        Abilities, Answer, Listed, Loaded, Principal, PrincipalIndex, Scan, ScanCursor, Scanned,
        SessionStore, StoreError, StoreErrorKind, StoreKey, Touched, Write, Written, packed,
    },
};

use super::{
    builder::RedbStoreBuilder,
    change::{Change, delete, touch},
    database::SharedDatabase,
    error::RedbError,
    fault::{Fault, store_error},
    queue::Queue,
    sweep::{SLICE, sweep},
    tables,
};

/// Keeps sessions in one file, by [redb](https://www.redb.org): for one process, with no server and no C.
///
/// An embedded database of pure Rust, written into like Go's Bolt: what many requests save at once is put on the disk together. It takes the
/// feature `redb`.
///
/// # How to start
///
/// ```
/// use sessions::{RedbErrorKind, RedbStore};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = std::env::temp_dir().join(format!("sessions-redb-example-{}", std::process::id()));
/// # std::fs::create_dir(&folder)?;
/// # let path = folder.join("sessions.redb");
/// let store = RedbStore::open(&path)?; // in production: "/var/lib/shop/sessions.redb"
///
/// // A second one is refused: clone the store, which is one handle to all of it.
/// let error = RedbStore::open(&path).unwrap_err();
/// assert_eq!(error.kind(), RedbErrorKind::InUse);
/// # drop(store);
/// # std::fs::remove_dir_all(folder)?;
/// # Ok(())
/// # }
/// ```
///
/// The file is made if there is none, in a folder that is there, and belongs to its owner alone (0600). One that other users may read or write,
/// a symbolic link, or what is no file of sessions, is an error here, at start. All of it is read once and checked when it is opened, so that damage shows then. A
/// process that died has left nothing to repair by hand. The file is closed when the last clone of the store is dropped.
///
/// # What is kept
///
/// ```text
/// sessions-format        which version of this it is
/// sessions-records       store key → what there is to say about the session, then its body
/// sessions-deadlines     deadline · store key: what dies first comes first
/// sessions-principals    SHA-256 of the principal · store key
/// ```
///
/// The bytes are drawn in `docs/formats.md`. No token is stored, nor anything to find one by. Records and what leads to them change in one
/// transaction, so a limit of sessions per principal holds.
///
/// # How it expires
///
/// By its deadline, which is compared to the caller's clock. The room of dead sessions is used again after
/// [`delete_expired`](SessionStore::delete_expired) has been called, which the sweeper of a server does; it looks at dead sessions only, and
/// deletes some thousands a second, 256 at a time, with other writes in between.
///
/// # What it does not promise
///
/// - **Nothing to a second process.** The file is locked; for several processes take [`FilesystemStore`](crate::FilesystemStore) or a server.
///   While a new process takes over from an old one, the new one cannot start before the old one has ended.
/// - **That a disk tells the truth.** A write is answered when the disk says that it has it (`fsync`), so neither a crash nor a power failure undoes
///   what was answered, unless you choose [`ProcessDeath`](super::RedbDurability::ProcessDeath).
/// - **That the file becomes smaller** while it is open: room is used again, and given back when the file is closed.
///
/// When the disk is full, sessions are read as before, and a write is [`Full`](StoreErrorKind::Full), or unknown if it was found out too late.
/// After any failure of the disk the file is closed and opened again, by itself, before anybody is answered; who reads meanwhile waits for that, and
/// the next write for a second.
///
/// # How fast
///
/// Whoever saves waits for the disk, and all who save meanwhile share the next wait. On a busy machine of two cores, whose disk takes a block of
/// 4 KiB in one to two milliseconds, and in a file of 100,000 sessions, 600 writes a second were done one after the other, 2,600 with 8 under way
/// at once, and 5,000 with 64; with [`ProcessDeath`](super::RedbDurability::ProcessDeath) 4,500, 9,600 and 10,700. Reading waits for nobody: 4
/// microseconds, and 6 while 16 others write. It is done on the thread that asks; a disk that has to be asked holds that thread up.
///
/// A touch writes the record anew, a large body with it. Opening reads the file: half a second for 100,000 sessions.
///
/// # How large
///
/// 100,000 sessions with a body of 300 bytes are a file of 80 MB, 800 bytes each; with a principal each, 83 MB. It grows in steps, up to half as
/// much again. Up to 64 MiB of it are kept in memory: [`cache_size`](RedbStoreBuilder::cache_size).
#[derive(Clone)]
pub struct RedbStore {
    /// First, so that the thread that writes has ended and the file is closed when the last store is dropped.
    queue: Arc<Queue>,
    database: Arc<SharedDatabase>,
    /// Of a body; `None` for any.
    max_length: Option<usize>,
}

impl RedbStore {
    /// Keeps sessions in a file, which is created unless it is there.
    ///
    /// Blocks while it reads the file once: call it when the server starts.
    ///
    /// # Errors
    ///
    /// See [`RedbStoreBuilder::open`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, RedbError> {
        Self::builder(path).open()
    }

    /// A file, with options.
    pub fn builder(path: impl AsRef<Path>) -> RedbStoreBuilder {
        RedbStoreBuilder::new(path.as_ref())
    }

    pub(super) fn new(
        database: Arc<SharedDatabase>,
        queue: Queue,
        max_length: Option<usize>,
    ) -> Self {
        Self {
            queue: Arc::new(queue),
            database,
            max_length,
        }
    }

    /// What is there, looked up right here: it is memory, the operating system's or ours, far more often than the disk.
    fn read<T>(
        &self,
        look: impl FnOnce(&ReadTransaction) -> Result<T, Fault>,
    ) -> Answer<'static, T> {
        Answer::ready(self.database.read(look).map_err(|fault| match fault {
            Fault::Answer(error) => error,
            Fault::Database(error) => {
                self.queue.mend();
                store_error(error)
            }
        }))
    }
}

/// A third of what a value of redb may have.
const MAX_LEN: usize = 1024 * 1024 * 1024;

/// For what may be asked for again.
fn unanswered<T>() -> Result<T, StoreError> {
    Err(StoreError::new(StoreErrorKind::TimedOut))
}

impl SessionStore for RedbStore {
    fn write<'a>(&'a self, write: Write<'a>) -> Answer<'a, Written> {
        let len = write.record.body.len();
        let is_too_long = self.max_length.is_some_and(|max| len > max);
        let bytes = packed::encode(write.record);
        let bytes = bytes.filter(|bytes| !is_too_long && bytes.len() <= MAX_LEN);
        let Some(bytes) = bytes else {
            return Answer::ready(Err(StoreError::new(StoreErrorKind::TooLarge)));
        };
        let change = Change::new(&write, bytes);
        Answer::pending(self.queue.ask(
            move |tables| change.apply(tables),
            || Ok(Written::Ambiguous),
        ))
    }

    fn load<'a>(&'a self, key: &'a StoreKey, now: Timestamp) -> Answer<'a, Option<Loaded>> {
        self.read(|transaction| tables::load(transaction, key, now))
    }

    fn touch<'a>(
        &'a self,
        key: &'a StoreKey,
        deadline: Timestamp,
        now: Timestamp,
    ) -> Answer<'a, Touched> {
        let key = *key;
        Answer::pending(
            self.queue
                .ask(move |tables| touch(tables, &key, deadline, now), unanswered),
        )
    }

    fn delete<'a>(&'a self, key: &'a StoreKey) -> Answer<'a, ()> {
        let key = *key;
        Answer::pending(
            self.queue
                .ask(move |tables| delete(tables, &key), unanswered),
        )
    }

    /// A transaction for a slice at a time, with those of others in between.
    fn delete_expired(&self, limit: usize, now: Timestamp) -> Answer<'_, usize> {
        Answer::pending(async move {
            let mut total = 0;
            while total < limit {
                let slice = SLICE.min(limit - total);
                let deleted = self
                    .queue
                    .ask(move |tables| sweep(tables, slice, now), unanswered)
                    .await?;
                total += deleted;
                if deleted < slice {
                    break;
                }
            }
            Ok(total)
        })
    }

    /// All of one commit.
    fn load_many<'a>(
        &'a self,
        keys: &'a [StoreKey],
        now: Timestamp,
    ) -> Answer<'a, Vec<Option<Loaded>>> {
        self.read(|transaction| {
            keys.iter()
                .map(|key| tables::load(transaction, key, now))
                .collect()
        })
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

impl Scan for RedbStore {
    fn step<'a>(&'a self, after: Option<&'a ScanCursor>, limit: usize) -> Answer<'a, Scanned> {
        let after = after.and_then(ScanCursor::key);
        self.read(|transaction| {
            let keys = tables::keys(transaction, after.as_ref(), limit.max(1))?;
            let next = keys.last().filter(|_| keys.len() >= limit).copied();
            Ok(Scanned {
                keys,
                next: next.map(ScanCursor::from),
            })
        })
    }
}

impl PrincipalIndex for RedbStore {
    fn list<'a>(&'a self, principal: &'a Principal, now: Timestamp) -> Answer<'a, Vec<Listed>> {
        self.read(|transaction| tables::list(transaction, principal, now))
    }

    fn limits(&self) -> bool {
        true
    }
}

/// Without the path: it may stand in a log that others read.
impl fmt::Debug for RedbStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedbStore")
            .field("max_length", &self.max_length)
            .finish_non_exhaustive()
    }
}
