use std::{
    fmt,
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use sqlx::{Database, Pool, SqlStr};

use crate::{
    clock::Timestamp,
    store::{
        AdmissionPolicy, Answer, Handle, Listed, Loaded, Principal, Replaces, ScanCursor, Scanned,
        StoreError, StoreErrorKind, StoreKey, Touched, Write, Written,
    },
};

use super::{
    backoff::Backoff,
    dialect::Dialect,
    error::{SqlError, latest},
    fault::Fault,
    lease::Lease,
    row,
    runtimes::Runtimes,
    statements::{Statements, delete_many, load_many},
    stripe::stripe_of,
    table::TableName,
    value::{Columns as _, Value},
};

/// What the stores of all dialects do, said once.
pub(super) struct SqlStore<D: Dialect> {
    /// For what changes nothing; the same as `writers` unless the engine has one writer at a time.
    readers: Pool<D::Database>,
    writers: Pool<D::Database>,
    table: TableName,
    statements: Arc<Statements>,
    /// Whether the tables were found to be of the version that this program knows.
    is_ready: Arc<AtomicBool>,
    /// Where connections were opened.
    runtimes: Runtimes,
}

impl<D: Dialect> SqlStore<D> {
    pub(super) fn new(readers: Pool<D::Database>, writers: Pool<D::Database>) -> Self {
        let table = TableName::default();
        Self {
            readers,
            writers,
            statements: Arc::new(Statements::new::<D>(&table)),
            table,
            is_ready: Arc::default(),
            runtimes: Runtimes::default(),
        }
    }

    pub(super) fn table(mut self, name: &str) -> Result<Self, SqlError> {
        self.table = TableName::parse(name)?;
        self.statements = Arc::new(Statements::new::<D>(&self.table));
        self.is_ready = Arc::default();
        Ok(self)
    }

    /// Makes the tables what this program knows; does nothing where they are.
    pub(super) async fn migrate(&self) -> Result<(), SqlError> {
        let mut backoff = Backoff::default();
        loop {
            let fault = match self.try_to_migrate().await {
                Ok(()) => {
                    self.is_ready.store(true, Ordering::Release);
                    return Ok(());
                }
                Err(fault) => fault,
            };
            // Somebody else makes the same tables at the same time, and was faster: then there is nothing left to do.
            let is_passing = matches!(fault, Fault::Taken | Fault::Again(_) | Fault::Lost(_));
            if !is_passing || !backoff.pause().await {
                return Err(SqlError::of::<D>(fault));
            }
        }
    }

    async fn try_to_migrate(&self) -> Result<(), Fault> {
        let mut lease = self.connect(&self.writers).await?;
        let (found, is_new) = match self.version(&mut lease).await {
            Err(Fault::NoSchema(_)) => (0, true),
            found => (found?, false),
        };
        if found > latest::<D>() {
            return Err(Fault::OtherVersion(found));
        }
        let mut script = String::new();
        for migration in D::MIGRATIONS {
            if i64::from(migration.version()) > found {
                script.push_str(&migration.for_table(&self.table));
            }
        }
        if !script.is_empty() {
            if D::MIGRATES_IN_TRANSACTION {
                script = format!("BEGIN;\n{script}\nCOMMIT");
            }
            run::<D>(&mut lease, script).await?;
            if is_new {
                // Where sessions are expected, it is the wrong database, or an empty one in the place of another.
                tracing::info!(
                    engine = D::NAME,
                    table = self.table.as_str(),
                    "made the tables for sessions; there are none in them yet"
                );
            }
        }
        lease.settle();
        Ok(())
    }

    /// Finds out whether the tables are there, in the version that this program knows.
    pub(super) async fn check(&self) -> Result<(), SqlError> {
        let checked = match self.connect(&self.readers).await {
            Ok(mut lease) => match self.check_version(&mut lease).await {
                Ok(()) => {
                    lease.settle();
                    Ok(())
                }
                Err(fault) => Err(fault),
            },
            Err(fault) => Err(fault),
        };
        checked.map_err(SqlError::of::<D>)
    }

    async fn check_version(&self, lease: &mut Lease<D::Database>) -> Result<(), Fault> {
        let found = self.version(lease).await?;
        if found != latest::<D>() {
            return Err(Fault::OtherVersion(found));
        }
        self.is_ready.store(true, Ordering::Release);
        Ok(())
    }

    async fn version(&self, lease: &mut Lease<D::Database>) -> Result<i64, Fault> {
        let rows = query::<D>(lease, &self.statements.version, &[]).await?;
        match rows.first() {
            Some(row) => row.number(0).map_err(|error| Fault::of::<D>(&error)),
            None => Ok(0),
        }
    }

    pub(super) fn write<'a>(&'a self, write: Write<'a>) -> Answer<'a, Written> {
        Answer::pending(async move {
            let mut backoff = Backoff::default();
            let mut is_cleared = false;
            loop {
                let tried = if takes_transaction::<D>(&write) {
                    self.write_in_transaction(&write).await
                } else {
                    self.write_at_once(&write).await
                };
                match tried {
                    Ok(written) => return Ok(written),
                    Err(Fault::Lost(cause)) => {
                        tracing::warn!(%cause, "the answer to a write of a session was lost; what became of it is looked up");
                        return Ok(Written::Ambiguous);
                    }
                    Err(Fault::Taken) if is_cleared => return Ok(Written::Conflict),
                    // What has the key may be dead, and then it is not in the way. That happens to those who write a key again; keys are
                    // drawn at random.
                    Err(Fault::Taken) => {
                        let values = [key(write.key), time(write.now)];
                        self.tell(&self.statements.clear, &values).await?;
                        is_cleared = true;
                    }
                    Err(Fault::Again(_)) if backoff.pause().await => {}
                    Err(fault) => {
                        return Err(fault.into_store_error::<D>(StoreErrorKind::TimedOut));
                    }
                }
            }
        })
    }

    /// A statement by itself is a transaction.
    async fn write_at_once(&self, write: &Write<'_>) -> Result<Written, Fault> {
        let mut lease = self.lease(&self.writers).await?;
        match self.apply(&mut lease, write).await {
            Ok(written) => {
                lease.settle();
                Ok(written)
            }
            Err(fault) => Err(end(lease, fault)),
        }
    }

    async fn write_in_transaction(&self, write: &Write<'_>) -> Result<Written, Fault> {
        let mut lease = self.lease(&self.writers).await?;
        let written = match self.apply_and_admit(&mut lease, write).await {
            Ok(written) => written,
            Err(fault) => {
                if !matches!(fault, Fault::Lost(_))
                    && run::<D>(&mut lease, "ROLLBACK".to_owned()).await.is_ok()
                {
                    lease.settle();
                }
                return Err(fault.uncommitted());
            }
        };
        if matches!(written, Written::Applied { .. }) {
            run::<D>(&mut lease, "COMMIT".to_owned()).await?;
            lease.settle();
        } else if run::<D>(&mut lease, "ROLLBACK".to_owned()).await.is_ok() {
            lease.settle();
        }
        Ok(written)
    }

    /// Writes, counts, and makes room, all before anybody else may count.
    async fn apply_and_admit(
        &self,
        lease: &mut Lease<D::Database>,
        write: &Write<'_>,
    ) -> Result<Written, Fault> {
        let stripe = stripe_of(write.record.principal.as_ref());
        run::<D>(lease, D::begin(&self.table, stripe)).await?;
        // First of all: nobody has to make room for a write that is refused.
        let written = self.apply(lease, write).await?;
        let (Written::Applied { revision, .. }, Some((principal, admission))) =
            (&written, write.counted())
        else {
            return Ok(written);
        };
        let values = [
            Value::Bytes(principal.as_bytes()),
            time(write.now),
            key(write.key),
        ];
        let rivals = query::<D>(lease, &self.statements.rivals, &values).await?;
        let limit = usize::try_from(admission.limit).unwrap_or(usize::MAX);
        let excess = (rivals.len() + 1).saturating_sub(limit);
        if excess == 0 {
            return Ok(written);
        }
        if admission.policy == AdmissionPolicy::Refuse {
            return Ok(Written::Refused);
        }
        let evicted = rivals
            .iter()
            .take(excess)
            .map(|row| Ok((row::key(row, 0)?, row::handle(row, 1)?)))
            .collect::<Result<Vec<(StoreKey, Handle)>, sqlx::Error>>()
            .map_err(|error| Fault::of::<D>(&error))?;
        for victims in evicted.chunks(MOST_KEYS) {
            let keys = padded(victims.iter().map(|(key, _)| key));
            let sql = delete_many::<D>(&self.table, keys.len());
            execute::<D>(lease, &sql, &keys).await?;
        }
        Ok(Written::Applied {
            revision: *revision,
            evicted: evicted.into_iter().map(|(_, handle)| handle).collect(),
        })
    }

    /// The write itself: one statement, and another only to find out why it changed nothing.
    async fn apply(
        &self,
        lease: &mut Lease<D::Database>,
        write: &Write<'_>,
    ) -> Result<Written, Fault> {
        let record = row::values::<D>(write.record);
        let (sql, new, old, expected) = match write.replaces {
            Replaces::Nothing => {
                let values = [key(write.key)].into_iter().chain(record);
                let values = values.collect::<Vec<_>>();
                execute::<D>(lease, &self.statements.insert, &values).await?;
                return Ok(Written::applied(write.record.write_id));
            }
            Replaces::Same(expected) => (&self.statements.update, None, write.key, expected),
            Replaces::Other(old, expected) => {
                (&self.statements.rename, Some(write.key), old, expected)
            }
        };
        // A rename onto its own key is no update: that key is taken.
        if new != Some(old) {
            let state = [key(old), Value::Bytes(expected.as_bytes()), time(write.now)];
            let values = new.map(key).into_iter().chain(record).chain(state);
            let values = values.collect::<Vec<_>>();
            if execute::<D>(lease, sql, &values).await? > 0 {
                return Ok(Written::applied(write.record.write_id));
            }
        }
        // What is answered holds at the time of this question: the state that was expected does not come back.
        let values = [key(old), time(write.now)];
        let found = query::<D>(lease, &self.statements.lives, &values).await?;
        Ok(if found.is_empty() {
            Written::Missing
        } else {
            Written::Conflict
        })
    }

    pub(super) fn load<'a>(
        &'a self,
        key: &'a StoreKey,
        now: Timestamp,
    ) -> Answer<'a, Option<Loaded>> {
        Answer::pending(async move {
            let values = [self::key(key), time(now)];
            let rows = self.ask(&self.statements.load, &values).await?;
            rows.first()
                .map(|row| row::loaded(row, 0))
                .transpose()
                .map_err(|error| corrupt::<D>(&error))
        })
    }

    pub(super) fn load_many<'a>(
        &'a self,
        keys: &'a [StoreKey],
        now: Timestamp,
    ) -> Answer<'a, Vec<Option<Loaded>>> {
        Answer::pending(async move {
            let mut found = std::collections::HashMap::with_capacity(keys.len());
            for keys in keys.chunks(MOST_KEYS) {
                let mut values = padded(keys);
                let sql = load_many::<D>(&self.table, values.len());
                values.push(time(now));
                for row in self.ask(&sql, &values).await? {
                    let key = row::key(&row, 0).map_err(|error| corrupt::<D>(&error))?;
                    found.insert(
                        key,
                        row::loaded(&row, 1).map_err(|error| corrupt::<D>(&error))?,
                    );
                }
            }
            // A key may have been named twice.
            Ok(keys.iter().map(|key| found.get(key).cloned()).collect())
        })
    }

    pub(super) fn touch<'a>(
        &'a self,
        key: &'a StoreKey,
        deadline: Timestamp,
        now: Timestamp,
    ) -> Answer<'a, Touched> {
        Answer::pending(async move {
            let values = [time(deadline), time(now), self::key(key), time(now)];
            let touched = self.tell(&self.statements.touch, &values).await?;
            Ok(if touched > 0 {
                Touched::Applied
            } else {
                Touched::Missing
            })
        })
    }

    pub(super) fn delete<'a>(&'a self, key: &'a StoreKey) -> Answer<'a, ()> {
        Answer::pending(async move {
            let values = [self::key(key)];
            self.tell(&self.statements.delete, &values).await.map(drop)
        })
    }

    pub(super) fn delete_expired(&self, limit: usize, now: Timestamp) -> Answer<'_, usize> {
        Answer::pending(async move {
            let mut deleted = 0;
            while deleted < limit {
                let batch = (limit - deleted).min(SWEPT_AT_ONCE);
                let values = [
                    time(now),
                    Value::Number(i64::try_from(batch).unwrap_or(i64::MAX)),
                ];
                let swept = self.tell(&self.statements.sweep, &values).await?;
                let swept = usize::try_from(swept).unwrap_or(usize::MAX);
                deleted = deleted.saturating_add(swept);
                if swept < batch {
                    break;
                }
            }
            Ok(deleted)
        })
    }

    pub(super) fn list<'a>(
        &'a self,
        principal: &'a Principal,
        now: Timestamp,
    ) -> Answer<'a, Vec<Listed>> {
        Answer::pending(async move {
            let values = [Value::Bytes(principal.as_bytes()), time(now)];
            let rows = self.ask(&self.statements.list, &values).await?;
            rows.iter()
                .map(row::listed)
                .collect::<Result<_, _>>()
                .map_err(|error| corrupt::<D>(&error))
        })
    }

    /// In the order of the keys, by their own index: a step costs the same at the end as at the beginning.
    pub(super) fn scan<'a>(
        &'a self,
        after: Option<&'a ScanCursor>,
        limit: usize,
    ) -> Answer<'a, Scanned> {
        Answer::pending(async move {
            // Before every key; the one it is itself has no token that could be found.
            let first = StoreKey::from_bytes([0; StoreKey::LEN]);
            let after = after.and_then(ScanCursor::key).unwrap_or(first);
            let limit = limit.max(1);
            let values = [
                key(&after),
                Value::Number(i64::try_from(limit).unwrap_or(i64::MAX)),
            ];
            let rows = self.ask(&self.statements.scan, &values).await?;
            let keys = rows
                .iter()
                .map(|row| row::key(row, 0))
                .collect::<Result<Vec<_>, _>>()
                .map_err(|error| corrupt::<D>(&error))?;
            let next = keys.last().filter(|_| keys.len() >= limit).copied();
            Ok(Scanned {
                keys,
                next: next.map(ScanCursor::from),
            })
        })
    }

    /// What changes nothing: asked for once more when a connection was lost, since the pool may hold some that a restart of the server cut.
    async fn ask(
        &self,
        sql: &SqlStr,
        values: &[Value<'_>],
    ) -> Result<Vec<<D::Database as Database>::Row>, StoreError> {
        repeat::<D, _, _>(StoreErrorKind::Unavailable, || async {
            let mut lease = self.lease(&self.readers).await?;
            match query::<D>(&mut lease, sql, values).await {
                Ok(rows) => {
                    lease.settle();
                    Ok(rows)
                }
                Err(fault) => Err(end(lease, fault)),
            }
        })
        .await
    }

    /// What may be done twice: a touch, a deletion.
    async fn tell(&self, sql: &SqlStr, values: &[Value<'_>]) -> Result<u64, StoreError> {
        repeat::<D, _, _>(StoreErrorKind::TimedOut, || async {
            let mut lease = self.lease(&self.writers).await?;
            match execute::<D>(&mut lease, sql, values).await {
                Ok(changed) => {
                    lease.settle();
                    Ok(changed)
                }
                Err(fault) => Err(end(lease, fault)),
            }
        })
        .await
    }

    /// A connection to a database that is known to have the tables. Nothing is sent before that, so no fault here is a lost answer.
    async fn lease(&self, pool: &Pool<D::Database>) -> Result<Lease<D::Database>, Fault> {
        let mut lease = self.connect(pool).await?;
        if !self.is_ready.load(Ordering::Acquire)
            && let Err(fault) = self.check_version(&mut lease).await
        {
            return Err(end(lease, fault).uncommitted());
        }
        Ok(lease)
    }

    async fn connect(&self, pool: &Pool<D::Database>) -> Result<Lease<D::Database>, Fault> {
        if D::ENDS_WITH_RUNTIME {
            self.runtimes.enter(|| {
                while let Some(idle) = pool.try_acquire() {
                    drop(idle.detach());
                }
            });
        }
        let connection = pool.acquire().await;
        let connection = connection.map_err(|error| Fault::unconnected::<D>(&error))?;
        Ok(Lease::new(connection))
    }
}

/// It takes more than one statement, or it must not pass between the statements of another.
///
/// A rename moves a row. Where somebody counts at the same time, and the engine reads an index row by row, the session could be missed at both
/// places, so it waits for the one who counts.
fn takes_transaction<D: Dialect>(write: &Write<'_>) -> bool {
    let is_rename = matches!(write.replaces, Replaces::Other(..));
    let moves_unseen = D::HAS_LOCKS && is_rename && write.record.principal.is_some();
    write.counted().is_some() || moves_unseen
}

async fn query<D: Dialect>(
    lease: &mut Lease<D::Database>,
    sql: &SqlStr,
    values: &[Value<'_>],
) -> Result<Vec<<D::Database as Database>::Row>, Fault> {
    let answer = D::query(lease.connection(), sql, values).await;
    answer.map_err(|error| Fault::of::<D>(&error))
}

async fn execute<D: Dialect>(
    lease: &mut Lease<D::Database>,
    sql: &SqlStr,
    values: &[Value<'_>],
) -> Result<u64, Fault> {
    let answer = D::execute(lease.connection(), sql, values).await;
    answer.map_err(|error| Fault::of::<D>(&error))
}

async fn run<D: Dialect>(lease: &mut Lease<D::Database>, script: String) -> Result<(), Fault> {
    let answer = D::run(lease.connection(), script).await;
    answer.map_err(|error| Fault::of::<D>(&error))
}

/// Ends a call that failed outside of a transaction: a connection that answered is as good as before.
fn end<DB: Database>(lease: Lease<DB>, fault: Fault) -> Fault {
    if !matches!(fault, Fault::Lost(_)) {
        lease.settle();
    }
    fault
}

async fn repeat<D, T, F>(lost: StoreErrorKind, attempt: impl Fn() -> F) -> Result<T, StoreError>
where
    D: Dialect,
    F: Future<Output = Result<T, Fault>>,
{
    let mut backoff = Backoff::default();
    let mut was_lost = false;
    loop {
        match attempt().await {
            Ok(answer) => return Ok(answer),
            Err(Fault::Lost(_)) if !was_lost => was_lost = true,
            Err(Fault::Again(_)) if backoff.pause().await => {}
            Err(fault) => return Err(fault.into_store_error::<D>(lost)),
        }
    }
}

fn corrupt<D: Dialect>(error: &sqlx::Error) -> StoreError {
    Fault::of::<D>(error).into_store_error::<D>(StoreErrorKind::Corrupt)
}

fn key(key: &StoreKey) -> Value<'_> {
    Value::Bytes(key.as_bytes())
}

fn time(time: Timestamp) -> Value<'static> {
    Value::Number(row::number(time))
}

/// The keys, and the last of them again until there are a power of two: so that there are few statements to prepare.
fn padded<'a>(keys: impl IntoIterator<Item = &'a StoreKey>) -> Vec<Value<'a>> {
    let mut values = keys.into_iter().map(key).collect::<Vec<_>>();
    let count = values.len().next_power_of_two();
    if let Some(Value::Bytes(last)) = values.last() {
        let last = *last;
        values.resize_with(count, || Value::Bytes(last));
    }
    values
}

/// A statement with more is slow to prepare, and engines end somewhere.
const MOST_KEYS: usize = 256;

/// Rows that are locked, and written to the log, at once.
const SWEPT_AT_ONCE: usize = 500;

impl<D: Dialect> Clone for SqlStore<D> {
    fn clone(&self) -> Self {
        Self {
            readers: self.readers.clone(),
            writers: self.writers.clone(),
            table: self.table.clone(),
            statements: Arc::clone(&self.statements),
            is_ready: Arc::clone(&self.is_ready),
            runtimes: self.runtimes.clone(),
        }
    }
}

impl<D: Dialect> SqlStore<D> {
    /// The table and the connections, and not the address: a password may stand in it.
    pub(super) fn fmt(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(name)
            .field("table", &self.table)
            .field("connections", &self.writers.size())
            .field("idle", &self.writers.num_idle())
            .finish()
    }
}
