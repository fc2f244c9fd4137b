use std::fmt;

use sqlx::{
    PgPool,
    error::DatabaseError,
    postgres::{PgConnectOptions, PgPoolOptions},
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

/// Keeps sessions in PostgreSQL, or in CockroachDB: for many machines.
///
/// Tested with PostgreSQL 15. CockroachDB is written for, by what its manual says, and not run by the project's tests.
///
/// ```no_run
/// use sessions::PostgresStore;
///
/// # async fn start() -> Result<(), sessions::SqlError> {
/// let url = "postgres://shop:secret@db.internal/shop?sslmode=verify-full";
/// let store = PostgresStore::connect(url).await?;
/// store.migrate().await?;
///
/// assert!(!format!("{store:?}").contains("secret"));
/// # Ok(())
/// # }
/// ```
///
/// # How it is used
///
/// The feature is `postgres`. Sessions lie in a table of their own, which [`migrate`](Self::migrate) makes; its text is
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
/// zone and its clock are of no account. [`delete_expired`](SessionStore::delete_expired) deletes them, 500 at a time, and passes over rows that others have
/// locked.
///
/// # What it does not promise
///
/// What was answered for is as safe as a commit is there: with `synchronous_commit = off`, a crash of the server loses the last moments; with an
/// asynchronous standby, a fail-over does. Let the store ask the primary only: a standby answers with what was.
///
/// A write whose connection breaks is [`Ambiguous`](Written::Ambiguous), and is looked up. So is one by a connection that another worker opened, if
/// that worker ends before the answer: a connection is driven by the runtime it was opened on. One that could not begin, for want of a connection, is
/// [`Unavailable`](crate::store::StoreErrorKind::Unavailable) after three seconds. What was undone because of others at work
/// (a deadlock, a serialization failure, as CockroachDB has them) is asked for again, for up to two seconds.
///
/// Behind PgBouncer in its transaction mode it takes version 1.21, with `max_prepared_statements` above zero.
///
/// # Size
///
/// A session of 300 bytes takes about 600 with its indexes: ten million are 6 GB. A touch writes its row anew, so leave autovacuum on. The pool is
/// the process's: as many connections as requests that are at the store at one time, and the server's `max_connections` has room for those of all
/// processes.
#[derive(Clone)]
#[must_use]
pub struct PostgresStore {
    store: SqlStore<Postgres>,
}

impl PostgresStore {
    /// Connects to a database, `postgres://user:password@host/database`.
    ///
    /// Takes up to ten connections for the process, and waits for one for up to three seconds. `?sslmode=verify-full` asks for a server that can
    /// prove who it is, by the roots that this machine trusts or those of `&sslrootcert=…`; without it, a server without TLS is served as well.
    ///
    /// # Errors
    ///
    /// If that is no such address, and if the server cannot be reached or refuses. The error names neither the address nor the password.
    pub async fn connect(url: &str) -> Result<Self, SqlError> {
        let is_ours = Postgres::SCHEMES
            .iter()
            .any(|scheme| url.starts_with(scheme));
        let (true, Ok(options)) = (is_ours, url.parse::<PgConnectOptions>()) else {
            return Err(SqlError::invalid_url::<Postgres>());
        };
        let pool = connected::<Postgres>(PgPoolOptions::new(), options).await?;
        Ok(Self::from_pool(pool))
    }

    /// Keeps sessions by a pool that there is already, of `sqlx` 0.9: shared with the application, or with options of one's own.
    ///
    /// Let its `acquire_timeout` be less than the five seconds that a request waits for a store. With `test_before_acquire`, which is on unless
    /// turned off, each verb takes one round trip more.
    pub fn from_pool(pool: PgPool) -> Self {
        Self {
            store: SqlStore::new(pool.clone(), pool),
        }
    }
}

sql_store!(PostgresStore, Postgres);

/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>
#[derive(Clone, Copy, Debug)]
pub(super) struct Postgres;

impl Dialect for Postgres {
    type Database = sqlx::Postgres;

    const NAME: &'static str = "PostgreSQL";
    const SCHEMES: &'static [&'static str] = &["postgres://", "postgresql://"];
    const EXAMPLE_URL: &'static str = "postgres://user:password@host/database";
    const IS_FILE: bool = false;
    const MIGRATIONS: &'static [SqlMigration] = &[SqlMigration::new(
        1,
        "sessions",
        include_str!("../../../migrations/postgres/0001_sessions.sql"),
    )];

    const NUMBERS_PLACEHOLDERS: bool = true;
    const LARGER: &'static str = "GREATEST";
    const FOR_UPDATE: &'static str = " FOR UPDATE";
    /// As an array, the inner query runs once; as a set it may run for each row, and each time lock others.
    const SWEEP: &'static str = "DELETE FROM sessions WHERE store_key = ANY(ARRAY(SELECT store_key FROM sessions WHERE deadline <= ? ORDER BY deadline LIMIT ? FOR UPDATE SKIP LOCKED))";
    const TEXT_HOLDS_NUL: bool = false;
    const HAS_LOCKS: bool = true;
    const ENDS_WITH_RUNTIME: bool = true;
    const MIGRATES_IN_TRANSACTION: bool = true;

    /// A row is locked and not a number (`pg_advisory_xact_lock`), because CockroachDB knows the locks of rows only. Whoever vanishes with a
    /// lock, or waits for one too long, is thrown out by the server.
    fn begin(table: &TableName, stripe: u8) -> String {
        format!(
            "BEGIN ISOLATION LEVEL READ COMMITTED; \
             SET LOCAL lock_timeout = '4s'; \
             SET LOCAL idle_in_transaction_session_timeout = '10s'; \
             SELECT stripe FROM {}_locks WHERE stripe = {stripe} FOR UPDATE",
            table.as_str()
        )
    }

    fn verdict(error: &dyn DatabaseError) -> Verdict {
        let code = error.code().unwrap_or_default();
        match &*code {
            "23505" => Verdict::Taken,
            // Serialization failure, deadlock; objects that somebody else made at the same time.
            "40001" | "40P01" | "42P07" | "42710" => Verdict::Again,
            // The statement's completion is unknown; the server ends this connection, perhaps after a commit.
            "40003" | "57P01" | "57P02" | "57P05" => Verdict::Lost,
            "42P01" | "42703" | "3F000" => Verdict::NoSchema,
            "53100" => Verdict::Full,
            "54000" => Verdict::TooLarge,
            "25006" | "42501" => Verdict::Refused,
            // Locked for too long, canceled, starting up.
            "55P03" | "57014" | "57P03" | "25P03" => Verdict::Unavailable,
            code if code.starts_with("08") => Verdict::Lost,
            code if code.starts_with("53") => Verdict::Unavailable,
            _ => Verdict::Other,
        }
    }

    driver!();
}
