use std::{error::Error, sync::Arc};

use futures_util::future::LocalBoxFuture;
use sessions::{
    MysqlStore, PostgresStore, SqliteStore,
    store::{SessionStore, StoreKey},
};
use sqlx::{
    AssertSqlSafe, MySqlPool, PgPool, Row as _, SqlSafeStr as _, SqlStr, SqlitePool,
    mysql::MySqlPoolOptions,
    postgres::PgPoolOptions,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteSynchronous},
};

use crate::scratch::Scratch;

use super::{
    counter::Counted,
    subject::{Found, Subject, now, record, rewritten},
    turns::{Turns, host_of},
};

/// PostgreSQL. Bare, it is a pool of `sqlx`, with our statements on our table; so are the others.
pub(crate) struct Postgres {
    url: String,
    statements: Statements,
    pool: PgPool,
}

/// MariaDB or MySQL.
pub(crate) struct Mysql {
    url: String,
    statements: Statements,
    pool: MySqlPool,
}

/// A file of SQLite.
pub(crate) struct Sqlite {
    url: String,
    statements: Statements,
    pool: SqlitePool,
    _scratch: Scratch,
}

impl Postgres {
    pub(crate) async fn open(url: &str) -> Result<Self, Box<dyn Error>> {
        let statements = Statements::new(
            true,
            "SELECT 'PostgreSQL ' || current_setting('server_version')",
        );
        let store = PostgresStore::connect(url).await?;
        store.table(&statements.table)?.migrate().await?;
        let options = PgPoolOptions::new().max_connections(CONNECTIONS);
        let pool = options.test_before_acquire(false).connect(url).await?;
        Ok(Self {
            url: url.to_owned(),
            statements,
            pool,
        })
    }
}

impl Mysql {
    pub(crate) async fn open(url: &str) -> Result<Self, Box<dyn Error>> {
        let statements = Statements::new(false, MYSQL_VERSION);
        let store = MysqlStore::connect(url).await?;
        store.table(&statements.table)?.migrate().await?;
        let options = MySqlPoolOptions::new().max_connections(CONNECTIONS);
        let pool = options.test_before_acquire(false).connect(url).await?;
        Ok(Self {
            url: url.to_owned(),
            statements,
            pool,
        })
    }
}

impl Sqlite {
    pub(crate) async fn open_file() -> Result<Self, Box<dyn Error>> {
        let statements = Statements::new(false, "SELECT 'SQLite ' || sqlite_version()");
        let scratch = Scratch::new()?;
        let path = scratch.path().join("sessions.db");
        let url = format!("sqlite:{}", path.display());
        let store = SqliteStore::connect(&url).await?;
        store.table(&statements.table)?.migrate().await?;
        // As the store has it; the file remembers that it keeps a write-ahead log.
        let file = url.parse::<SqliteConnectOptions>()?;
        let file = file.synchronous(SqliteSynchronous::Normal);
        let options = SqlitePoolOptions::new().max_connections(1);
        let pool = options.test_before_acquire(false);
        Ok(Self {
            pool: pool.connect_with(file).await?,
            url,
            statements,
            _scratch: scratch,
        })
    }
}

const MYSQL_VERSION: &str = "SELECT CONCAT(IF(VERSION() LIKE '%MariaDB%', 'MariaDB ', 'MySQL '), SUBSTRING_INDEX(VERSION(), '-', 1))";

/// As many as our store has.
const CONNECTIONS: u32 = 10;

/// What is said to a database, on a table of this process's own.
struct Statements {
    table: String,
    numbers_placeholders: bool,
    version: SqlStr,
    load: SqlStr,
    save: SqlStr,
    insert: SqlStr,
}

const COLUMNS: &str =
    "handle, write_id, created, last_seen, deadline, principal, device, address, user_agent, body";

/// Rows of one statement that inserts.
const ROWS: usize = 200;

impl Statements {
    fn new(numbers_placeholders: bool, version: &'static str) -> Self {
        let table = format!("bench_{}", std::process::id());
        let assignments = COLUMNS.replace(',', " = ?,");
        let mut statements = Self {
            load: text(
                numbers_placeholders,
                &format!("SELECT {COLUMNS} FROM {table} WHERE store_key = ? AND deadline > ?"),
            ),
            save: text(
                numbers_placeholders,
                &format!(
                    "UPDATE {table} SET {assignments} = ? WHERE store_key = ? AND write_id = ? AND deadline > ?"
                ),
            ),
            insert: version.into_sql_str(),
            version: version.into_sql_str(),
            numbers_placeholders,
            table,
        };
        statements.insert = statements.insert(ROWS);
        statements
    }

    fn insert(&self, rows: usize) -> SqlStr {
        let table = &self.table;
        let row = format!("(?{})", ", ?".repeat(10));
        let rows = vec![row; rows].join(", ");
        let sql = format!("INSERT INTO {table} (store_key, {COLUMNS}) VALUES {rows}");
        text(self.numbers_placeholders, &sql)
    }
}

/// No statement has a question mark but for its values.
fn text(numbers_placeholders: bool, sql: &str) -> SqlStr {
    let mut numbered = String::with_capacity(sql.len());
    for (index, part) in sql.split('?').enumerate() {
        if index > 0 && numbers_placeholders {
            numbered.push_str(&format!("${index}"));
        } else if index > 0 {
            numbered.push('?');
        }
        numbered.push_str(part);
    }
    AssertSqlSafe(Arc::<str>::from(numbered)).into_sql_str()
}

/// The columns of a record, in their order.
macro_rules! bound {
    ($query:expr, $record:expr) => {
        $query
            .bind(&$record.handle.as_bytes()[..])
            .bind(&$record.write_id.as_bytes()[..])
            .bind(seconds($record.created.as_seconds()))
            .bind(seconds($record.last_seen.as_seconds()))
            .bind(seconds($record.deadline.as_seconds()))
            .bind(None::<&[u8]>)
            .bind(false)
            .bind(None::<&str>)
            .bind(None::<&str>)
            .bind(&$record.body[..])
    };
}

/// Three that differ in nothing but types: as a function it would need the bounds of each.
macro_rules! subject {
    ($Subject:ty, $Store:ty) => {
        impl Subject for $Subject {
            fn version(&self) -> LocalBoxFuture<'_, Result<String, Box<dyn Error>>> {
                Box::pin(async move {
                    let query = sqlx::query(self.statements.version.clone());
                    Ok(query.fetch_one(&self.pool).await?.try_get(0)?)
                })
            }

            fn store(&self) -> LocalBoxFuture<'_, Result<Arc<dyn SessionStore>, Box<dyn Error>>> {
                Box::pin(async move {
                    let store = <$Store>::connect(&self.url).await?;
                    let store: Arc<dyn SessionStore> =
                        Arc::new(store.table(&self.statements.table)?);
                    Ok(store)
                })
            }

            fn counted(&self) -> LocalBoxFuture<'_, Result<Option<Counted>, Box<dyn Error>>> {
                Box::pin(async move {
                    let Some(host) = host_of(&self.url) else {
                        return Ok(None);
                    };
                    let turns = Turns::before(host.parse()?)?;
                    let url = turns.in_place_of_host(&self.url).ok_or("no host")?;
                    let store = <$Store>::connect(&url).await?;
                    Ok(Some(Counted {
                        store: Arc::new(store.table(&self.statements.table)?),
                        counter: Box::new(turns),
                    }))
                })
            }

            fn fill<'a>(
                &'a self,
                keys: &'a [StoreKey],
            ) -> LocalBoxFuture<'a, Result<(), Box<dyn Error>>> {
                Box::pin(async move {
                    let record = record(0);
                    let mut transaction = self.pool.begin().await?;
                    for keys in keys.chunks(ROWS) {
                        let mut query = sqlx::query(if keys.len() == ROWS {
                            self.statements.insert.clone()
                        } else {
                            self.statements.insert(keys.len())
                        });
                        for key in keys {
                            query = query.bind(&key.as_bytes()[..]);
                            query = bound!(query, record);
                        }
                        query.execute(&mut *transaction).await?;
                    }
                    Ok(transaction.commit().await?)
                })
            }

            fn load<'a>(
                &'a self,
                key: &'a StoreKey,
            ) -> LocalBoxFuture<'a, Result<Found, Box<dyn Error>>> {
                Box::pin(async move {
                    let query = sqlx::query(self.statements.load.clone());
                    let query = query.bind(&key.as_bytes()[..]);
                    let query = query.bind(seconds(now().as_seconds()));
                    let row = query.fetch_one(&self.pool).await?;
                    let write_id: Vec<u8> = row.try_get(1)?;
                    let _: (Vec<u8>, i64, i64, i64) = (
                        row.try_get(0)?,
                        row.try_get(2)?,
                        row.try_get(3)?,
                        row.try_get(4)?,
                    );
                    let _: (Option<Vec<u8>>, bool) = (row.try_get(5)?, row.try_get(6)?);
                    let _: (Option<String>, Option<String>) = (row.try_get(7)?, row.try_get(8)?);
                    Ok(Found {
                        write_id: *write_id.first_chunk().ok_or("no record")?,
                        bytes: row.try_get(9)?,
                    })
                })
            }

            fn save<'a>(
                &'a self,
                key: &'a StoreKey,
                found: &'a Found,
                write: u64,
            ) -> LocalBoxFuture<'a, Result<(), Box<dyn Error>>> {
                Box::pin(async move {
                    let mut record = record(write);
                    record.body.clone_from(&found.bytes);
                    let record = rewritten(record, write);
                    let query = sqlx::query(self.statements.save.clone());
                    let query = bound!(query, record);
                    let query = query.bind(&key.as_bytes()[..]);
                    let query = query.bind(&found.write_id[..]);
                    let query = query.bind(seconds(now().as_seconds()));
                    let rows = query.execute(&self.pool).await?.rows_affected();
                    if rows == 1 {
                        Ok(())
                    } else {
                        Err("a session was not saved".into())
                    }
                })
            }

            fn clear(&self, _: u64) -> LocalBoxFuture<'_, Result<(), Box<dyn Error>>> {
                Box::pin(async move {
                    let table = &self.statements.table;
                    for end in ["", "_schema", "_locks"] {
                        let drop = format!("DROP TABLE IF EXISTS {table}{end}");
                        let drop = sqlx::query(AssertSqlSafe(drop));
                        drop.execute(&self.pool).await?;
                    }
                    Ok(())
                })
            }
        }
    };
}

subject!(Postgres, PostgresStore);
subject!(Mysql, MysqlStore);
subject!(Sqlite, SqliteStore);

fn seconds(time: u64) -> i64 {
    i64::try_from(time).unwrap_or(i64::MAX)
}
