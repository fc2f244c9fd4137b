use std::{fmt, path::Path, time::Duration};

use sqlx::{
    SqlitePool,
    error::DatabaseError,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteSynchronous},
};

use crate::{
    clock::Timestamp,
    store::{
        Abilities, Answer, Listed, Loaded, Principal, PrincipalIndex, Scan, ScanCursor, Scanned,
        SessionStore, StoreKey, Touched, Write, Written,
    },
};

use super::{
    backoff::Backoff,
    dialect::{Dialect, driver},
    error::{SqlError, SqlErrorKind},
    facade::sql_store,
    fault::{EngineError, Verdict},
    file::DatabaseFile,
    migration::SqlMigration,
    store::SqlStore,
    table::TableName,
};

/// Keeps sessions in a file of SQLite: a database without a server, for any number of processes on one machine.
///
/// ```
/// use sessions::SqliteStore;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let path = std::env::temp_dir().join(format!("sessions-example-{}.db", std::process::id()));
/// # let url = format!("sqlite:{}", path.display());
/// # actix_web::rt::System::new().block_on(async {
/// let store = SqliteStore::connect(&url).await?; // sqlite:/var/lib/shop/sessions.db
/// store.migrate().await?;
///
/// // An address may hold a password elsewhere; none is shown.
/// assert!(format!("{store:?}").starts_with("SqliteStore { table: \"sessions\""));
/// # drop(store);
/// # for end in ["", "-wal", "-shm"] { _ = std::fs::remove_file(format!("{}{end}", path.display())); }
/// # Ok(())
/// # })
/// # }
/// ```
///
/// SQLite is compiled into the program (feature `sqlite`; it takes a C compiler). The file is made if there is none, in a folder that is there, and
/// belongs to its owner alone (0600): who may write to it could forge sessions, who may read it reads what is not sealed. One that other users may read or
/// write, a symbolic link, or what is no database, is an error here, at start. It must be on a disk of this machine, since over a network
/// locks are promised by few.
///
/// **Stop all servers before you move, restore or delete the file.** It is made at start only: a server whose file is gone or another goes on with what it
/// has open, and its next connection fails; start it again.
///
/// # How it is used
///
/// Sessions lie in a table, `sessions`, which [`migrate`](Self::migrate) makes; its text is [`migrations()`](Self::migrations). It has a row a
/// session: key, handle, the name of the last write, three times in seconds since 1970, principal, device, body; and indexes by deadline and by
/// principal. A second table, `sessions_schema`, says the version.
///
/// A verb is one statement; an update or a renewal that was not to be is two, and a creation or renewal within a principal's limit is a transaction.
/// Readers never wait. There is one writer at a time: those of one process queue for one connection, those of several wait for each other, and who
/// has waited for two seconds gets [`Unavailable`](crate::store::StoreErrorKind::Unavailable).
///
/// Expired sessions are not found, whether they are still there or not; [`delete_expired`](SessionStore::delete_expired) deletes them, 500 at a
/// time. Their place in the file is used again, and not given back to the disk but by `VACUUM`.
///
/// # What it does not promise
///
/// A session that was answered for survives the death of any process at any moment. A power failure may lose the last writes, but not
/// break the file: that is `synchronous = NORMAL`. Whoever wants each write on the disk before it is answered hands in a pool with `FULL`, at
/// the price of an `fsync` each.
///
/// What an engine says of a broken disk in the midst of a write is no answer: the write is [`Ambiguous`](Written::Ambiguous), and is looked up.
///
/// # Size
///
/// A session of 300 bytes takes about 500 in the file: ten million are 5 GB. All processes share the one writer. For several machines, take a
/// database that is a server.
#[derive(Clone)]
#[must_use]
pub struct SqliteStore {
    store: SqlStore<Sqlite>,
}

/// Less than a request waits for a store, so that what went wrong can be named.
const PATIENCE: Duration = Duration::from_secs(2);

/// They wait for nobody, so a few are enough for every worker.
const READERS: u32 = 4;

impl SqliteStore {
    /// Opens a file, `sqlite:sessions.db` or `sqlite:/var/lib/shop/sessions.db`, and creates it unless it is there; the tables come by
    /// [`migrate`](Self::migrate).
    ///
    /// Sets the file to keep a write-ahead log, which lets readers and a writer work at once. With `?mode=ro` it is opened to be read only,
    /// and every write is refused. A `file:` URI of SQLite's own, or a `vfs=`, is for SQLite to understand: who may get at such a file is not looked at.
    ///
    /// # Errors
    ///
    /// If that is not the address of a file; if it cannot be created or opened; if other users can get at it, or at its folder; and if it is a symbolic
    /// link, no database, or damaged. The [kind](SqlError::kind) says which. A database in memory is refused: each connection would have one of its own.
    /// That is what [`MemoryStore`](crate::MemoryStore) is for.
    pub async fn connect(url: &str) -> Result<Self, SqlError> {
        let is_ours = Sqlite::SCHEMES.iter().any(|scheme| url.starts_with(scheme));
        let is_in_memory = url.contains(":memory:") || url.contains("mode=memory");
        let options = url.parse::<SqliteConnectOptions>();
        let (true, false, Ok(options)) = (is_ours, is_in_memory, options) else {
            return Err(SqlError::invalid_url::<Sqlite>());
        };
        let named = options.get_filename();
        if named.as_os_str().is_empty() {
            return Err(SqlError::invalid_url::<Sqlite>());
        }
        // A URI of SQLite's own says in its name what it asks for, too.
        let is_uri = named.as_os_str().as_encoded_bytes().starts_with(b"file:");
        let after_name = url.split_once('?').map_or("", |(_, asked)| asked);
        let asked = if is_uri { url } else { after_name };
        let is_read_only = asked.contains("mode=ro");
        let mut first = options
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(PATIENCE);
        if is_uri || asked.contains("vfs=") {
            first = first.create_if_missing(true);
        } else {
            let file = DatabaseFile::find(first.get_filename())?;
            if !is_read_only {
                file.create()?;
            }
            file.trust()?;
            first = first.filename(file.path()).create_if_missing(false);
        }
        // No later connection makes the file: in the place of one that was removed, it would be empty, and for everybody to read.
        let options = first.clone().create_if_missing(false);
        let unopened = |error: sqlx::Error| unopened(&error, options.get_filename());
        let writers = pool(1).connect_with(first).await.map_err(unopened)?;
        writers.set_connect_options(options.clone());
        if !is_read_only {
            keep_write_ahead_log(&writers).await.map_err(unopened)?;
        }
        let readers = pool(READERS).connect_lazy_with(options);
        Ok(Self {
            store: SqlStore::new(readers, writers),
        })
    }

    /// Keeps sessions by a pool that there is already, of `sqlx` 0.9: with other tables in the same file, or with options of one's own.
    ///
    /// All that [`connect`](Self::connect) sets is then the pool's: let `journal_mode` be WAL, and `busy_timeout` and `acquire_timeout` less than the
    /// five seconds that a request waits for a store.
    ///
    /// So is who may get at the file, which is not looked at here, and which SQLite by itself makes for everybody to read: create it 0600.
    ///
    /// ```
    /// use std::{fs::OpenOptions, time::Duration};
    /// use sessions::SqliteStore;
    /// use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let path = std::env::temp_dir().join(format!("sessions-pool-example-{}.db", std::process::id()));
    /// # actix_web::rt::System::new().block_on(async {
    /// // let path = "/var/lib/shop/shop.db";
    /// let mut owner_only = OpenOptions::new();
    /// # #[cfg(unix)]
    /// std::os::unix::fs::OpenOptionsExt::mode(&mut owner_only, 0o600);
    /// owner_only.write(true).create(true).open(&path)?;
    ///
    /// let options = SqliteConnectOptions::new()
    ///     .filename(&path)
    ///     .create_if_missing(false) // nor does any connection make it anew, for everybody to read, when it was removed
    ///     .journal_mode(SqliteJournalMode::Wal)
    ///     .busy_timeout(Duration::from_secs(2));
    /// let pool = SqlitePoolOptions::new()
    ///     .acquire_timeout(Duration::from_secs(2))
    ///     .connect_with(options)
    ///     .await?;
    /// let store = SqliteStore::from_pool(pool.clone());
    /// store.migrate().await?;
    /// # drop(store);
    /// # pool.close().await;
    /// # for end in ["", "-wal", "-shm"] { _ = std::fs::remove_file(format!("{}{end}", path.display())); }
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn from_pool(pool: SqlitePool) -> Self {
        Self {
            store: SqlStore::new(pool.clone(), pool),
        }
    }
}

sql_store!(SqliteStore, Sqlite);

fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(PATIENCE)
        // It is this process's own thread: there is nobody who could have hung up.
        .test_before_acquire(false)
}

/// What a first connection failed of.
fn unopened(error: &sqlx::Error, file: &Path) -> SqlError {
    let kind = match error {
        sqlx::Error::Configuration(_) => return SqlError::invalid_url::<Sqlite>(),
        sqlx::Error::PoolTimedOut => SqlErrorKind::Unreachable,
        sqlx::Error::Database(error) => match code(&**error).map(|code| code & 0xff) {
            // SQLITE_BUSY, SQLITE_LOCKED
            Some(5 | 6) => SqlErrorKind::Unreachable,
            // SQLITE_CORRUPT
            Some(11) => SqlErrorKind::Damaged,
            // SQLITE_NOTADB
            Some(26) => SqlErrorKind::Foreign,
            _ => SqlErrorKind::Inaccessible,
        },
        _ => SqlErrorKind::Inaccessible,
    };
    SqlError::in_file(kind, file).because(EngineError::of(error, true))
}

/// The file remembers it. The change takes a moment without anybody else, which SQLite does not wait for by itself.
async fn keep_write_ahead_log(pool: &SqlitePool) -> Result<(), sqlx::Error> {
    let mut backoff = Backoff::default();
    loop {
        let set = sqlx::query("PRAGMA journal_mode = WAL").fetch_all(pool);
        match set.await {
            Err(error) if is_busy(&error) && backoff.pause().await => {}
            answer => return answer.map(drop),
        }
    }
}

fn is_busy(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .is_some_and(|error| Sqlite::verdict(error) == Verdict::Unavailable)
}

/// The extended code, whose lowest byte is the primary one.
fn code(error: &dyn DatabaseError) -> Option<i32> {
    error.code().and_then(|code| code.parse().ok())
}

/// <https://www.sqlite.org/rescode.html>
#[derive(Clone, Copy, Debug)]
pub(super) struct Sqlite;

impl Dialect for Sqlite {
    type Database = sqlx::Sqlite;

    const NAME: &'static str = "SQLite";
    const SCHEMES: &'static [&'static str] = &["sqlite:"];
    const EXAMPLE_URL: &'static str = "sqlite:/var/lib/shop/sessions.db";
    const IS_FILE: bool = true;
    const MIGRATIONS: &'static [SqlMigration] = &[SqlMigration::new(
        1,
        "sessions",
        include_str!("../../../migrations/sqlite/0001_sessions.sql"),
    )];

    const NUMBERS_PLACEHOLDERS: bool = false;
    const LARGER: &'static str = "MAX";
    const FOR_UPDATE: &'static str = "";
    const SWEEP: &'static str = "DELETE FROM sessions WHERE store_key IN (SELECT store_key FROM sessions WHERE deadline <= ? ORDER BY deadline LIMIT ?)";
    const TEXT_HOLDS_NUL: bool = true;
    const HAS_LOCKS: bool = false;
    const ENDS_WITH_RUNTIME: bool = false;
    const MIGRATES_IN_TRANSACTION: bool = true;

    /// Takes the place of the one writer at once: a reader that became one could find that it had read something old.
    fn begin(_: &TableName, _: u8) -> String {
        "BEGIN IMMEDIATE".to_owned()
    }

    fn verdict(error: &dyn DatabaseError) -> Verdict {
        match code(error).map(|code| (code & 0xff, code)) {
            // SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE
            Some((_, 1555 | 2067)) => Verdict::Taken,
            // SQLITE_ERROR is what is wrong with a statement, and ours are wrong with other tables only.
            Some((1, _)) => {
                if error.message().starts_with("no such table") {
                    Verdict::NoSchema
                } else {
                    Verdict::Refused
                }
            }
            // SQLITE_BUSY, SQLITE_LOCKED, SQLITE_NOMEM, SQLITE_CANTOPEN, SQLITE_PROTOCOL
            Some((5 | 6 | 7 | 14 | 15, _)) => Verdict::Unavailable,
            // SQLITE_PERM, SQLITE_READONLY, SQLITE_CORRUPT, SQLITE_AUTH, SQLITE_NOTADB
            Some((3 | 8 | 11 | 23 | 26, _)) => Verdict::Refused,
            // SQLITE_IOERR: what had reached the disk by then is not known.
            Some((10, _)) => Verdict::Lost,
            // SQLITE_FULL
            Some((13, _)) => Verdict::Full,
            // SQLITE_TOOBIG
            Some((18, _)) => Verdict::TooLarge,
            _ => Verdict::Other,
        }
    }

    driver!();
}
