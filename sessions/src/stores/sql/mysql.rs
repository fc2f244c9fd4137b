use std::fmt;

use sqlx::{
    MySqlPool,
    error::DatabaseError,
    mysql::{MySqlConnectOptions, MySqlDatabaseError, MySqlPoolOptions},
};

use crate::{
    clock::Timestamp,
    store::{
        Abilities, Answer, Listed, Loaded, Principal, PrincipalIndex, Scan, ScanCursor, Scanned,
        SessionStore, StoreKey, Touched, Write, Written,
    },
};

use super::{
    dialect::{Dialect, driver},
    error::SqlError,
    facade::sql_store,
    fault::Verdict,
    migration::SqlMigration,
    pool::connected,
    store::SqlStore,
    table::TableName,
};

/// Keeps sessions in MySQL, MariaDB or TiDB: for many machines.
///
/// Tested with MariaDB 10.11. MySQL and TiDB are written for, by what their manuals say, and not run by the project's tests.
///
/// ```no_run
/// use sessions::MysqlStore;
///
/// # async fn start() -> Result<(), sessions::SqlError> {
/// let url = "mysql://shop:secret@db.internal/shop?ssl-mode=VERIFY_IDENTITY";
/// let store = MysqlStore::connect(url).await?;
/// store.migrate().await?;
///
/// assert!(!format!("{store:?}").contains("secret"));
/// # Ok(())
/// # }
/// ```
///
/// # How it is used
///
/// The feature is `mysql`. Sessions lie in a table of their own (InnoDB), which [`migrate`](Self::migrate) makes; its text is
/// [`migrations()`](Self::migrations). The server's user needs no more than `SELECT`, `INSERT`, `UPDATE` and `DELETE` on `sessions`, `SELECT` on
/// `sessions_schema`, and `SELECT` and `UPDATE` on `sessions_locks`, whose rows are locked and never changed.
///
/// The table has a row a session: key, handle, the name of the last write, three times in seconds since 1970, principal, device, body; and indexes
/// by deadline and by principal.
///
/// | verb | round trips |
/// | --- | --- |
/// | load, several loads (up to 256 keys), touch, delete, list, create, update | 1 |
/// | renewal of a session without a principal; of one with | 1; 3 |
/// | update or renewal that was not to be | 1 more, to find out why |
/// | create or renewal within a principal's limit | 4; 5 if somebody has to make room |
///
/// A connection prepares a statement when it meets it first, which is one more. One that has rested for a second is asked before whether
/// it still lives. When it is given back, it is asked again, for which nobody waits. When a worker has ended, those that rest are replaced.
///
/// Expired sessions are not found, whether they are still there or not: each statement compares with this program's clock, so the server's time
/// zone and its clock are of no account. [`delete_expired`](SessionStore::delete_expired) deletes them, 500 at a time.
///
/// # What it does not promise
///
/// What was answered for is as safe as a commit is there: with `innodb_flush_log_at_trx_commit` other than 1, a crash of the machine loses the last
/// second; with an asynchronous replica, a fail-over does. Let the store ask the primary only: a replica answers with what was.
///
/// A write whose connection breaks is [`Ambiguous`](Written::Ambiguous), and is looked up. So is one by a connection that another worker opened, if
/// that worker ends before the answer: a connection is driven by the runtime it was opened on. One that could not begin, for want of a connection, is
/// [`Unavailable`](crate::store::StoreErrorKind::Unavailable) after three seconds. What was undone because of others at work
/// (a deadlock, a write conflict in TiDB) is asked for again, for up to two seconds.
///
/// `max_allowed_packet` must have room for a session; so it does by default (16 MiB in MariaDB, 64 in MySQL). With MySQL's
/// `caching_sha2_password`, connect by TLS or a socket: without either, the password would have to be sent by RSA, which is not built in.
///
/// # Size
///
/// A session of 300 bytes takes about 1,000 with its indexes, since keys are random and pages are split: ten million are 10 GB. Writes go to all
/// of it, so let the buffer pool hold it. The pool is the process's: as many connections as requests that are at the store at one time, and the
/// server's `max_connections` has room for those of all processes.
#[derive(Clone)]
#[must_use]
pub struct MysqlStore {
    store: SqlStore<Mysql>,
}

impl MysqlStore {
    /// Connects to a database, `mysql://user:password@host/database`.
    ///
    /// Takes up to ten connections for the process, and waits for one for up to three seconds. `?ssl-mode=VERIFY_IDENTITY` asks for a server that
    /// can prove who it is, by the roots that this machine trusts or those of `&ssl-ca=…`; without it, a server without TLS is served as well.
    ///
    /// # Errors
    ///
    /// If that is no such address, and if the server cannot be reached or refuses. The error names neither the address nor the password.
    pub async fn connect(url: &str) -> Result<Self, SqlError> {
        let is_ours = Mysql::SCHEMES.iter().any(|scheme| url.starts_with(scheme));
        let (true, Ok(options)) = (is_ours, url.parse::<MySqlConnectOptions>()) else {
            return Err(SqlError::invalid_url::<Mysql>());
        };
        let pool = connected::<Mysql>(MySqlPoolOptions::new(), options).await?;
        Ok(Self::from_pool(pool))
    }

    /// Keeps sessions by a pool that there is already, of `sqlx` 0.9: shared with the application, or with options of one's own.
    ///
    /// Let its `acquire_timeout` be less than the five seconds that a request waits for a store. With `test_before_acquire`, which is on unless
    /// turned off, each verb takes one round trip more.
    pub fn from_pool(pool: MySqlPool) -> Self {
        Self {
            store: SqlStore::new(pool.clone(), pool),
        }
    }
}

sql_store!(MysqlStore, Mysql);

/// <https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html>,
/// <https://mariadb.com/kb/en/mariadb-error-code-reference/>, <https://docs.pingcap.com/tidb/stable/error-codes>
#[derive(Clone, Copy, Debug)]
pub(super) struct Mysql;

impl Dialect for Mysql {
    type Database = sqlx::MySql;

    const NAME: &'static str = "MySQL";
    const SCHEMES: &'static [&'static str] = &["mysql://", "mariadb://"];
    const EXAMPLE_URL: &'static str = "mysql://user:password@host/database";
    const IS_FILE: bool = false;
    const MIGRATIONS: &'static [SqlMigration] = &[SqlMigration::new(
        1,
        "sessions",
        include_str!("../../../migrations/mysql/0001_sessions.sql"),
    )];

    const NUMBERS_PLACEHOLDERS: bool = false;
    const LARGER: &'static str = "GREATEST";
    /// It also reads what is newest, where a plain query of TiDB reads what was when the transaction began.
    const FOR_UPDATE: &'static str = " FOR UPDATE";
    const SWEEP: &'static str =
        "DELETE FROM sessions WHERE deadline <= ? ORDER BY deadline LIMIT ?";
    const TEXT_HOLDS_NUL: bool = true;
    const HAS_LOCKS: bool = true;
    const ENDS_WITH_RUNTIME: bool = true;
    /// Each statement that makes a table commits.
    const MIGRATES_IN_TRANSACTION: bool = false;

    /// The level is that of this transaction alone. It locks the rows that are found, and not the gaps between them, into which others insert.
    fn begin(table: &TableName, stripe: u8) -> String {
        format!(
            "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; \
             START TRANSACTION; \
             SELECT stripe FROM {}_locks WHERE stripe = {stripe} FOR UPDATE",
            table.as_str()
        )
    }

    fn verdict(error: &dyn DatabaseError) -> Verdict {
        let Some(error) = error.try_downcast_ref::<MySqlDatabaseError>() else {
            return Verdict::Other;
        };
        match error.number() {
            1062 => Verdict::Taken,
            // Deadlock; in TiDB: write conflict, transaction to be retried, schema changed, region unavailable.
            1213 | 9007 | 8002 | 8022 | 8028 | 9005 => Verdict::Again,
            // The server stops, or ends this statement or connection; in TiDB: result undetermined.
            1053 | 1317 | 1927 | 3169 | 4031 | 8501 => Verdict::Lost,
            1146 | 1054 => Verdict::NoSchema,
            // The table or the disk is full.
            1021 | 1114 => Verdict::Full,
            // Packet, transaction or entry too large.
            1153 | 8004 | 8025 => Verdict::TooLarge,
            // Access denied in four ways, read only in three.
            1044 | 1045 | 1142 | 1143 | 1290 | 1792 | 1836 => Verdict::Refused,
            // Too many connections, a lock that was waited for too long, a statement that took too long.
            1040 | 1203 | 1205 | 1969 | 3024 => Verdict::Unavailable,
            _ => Verdict::Other,
        }
    }

    driver!();
}
