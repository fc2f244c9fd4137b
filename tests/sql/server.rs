//! The engines that are servers, with what a test of any of them needs.

use sessions::{
    MysqlStore, PostgresStore, SqlError, SqlMigration,
    store::{SessionStore, StoreKey},
};
use sessions_tests::Engine;
use sqlx::{
    Connection as _, Executor as _, MySqlConnection, PgConnection, Row as _,
    mysql::MySqlPoolOptions, postgres::PgPoolOptions,
};

use crate::fixture::new_table;

/// A store of a server.
pub(crate) trait Server: SessionStore + Clone {
    const ENGINE: Engine;
    /// What makes a connection read only.
    const READ_ONLY: &'static str;

    async fn connect(url: &str) -> Result<Self, SqlError>;
    /// By a pool of so many connections, each of which is told something first.
    async fn by_pool(url: &str, connections: u32, told: &'static str) -> Self;
    fn table(self, name: &str) -> Result<Self, SqlError>;
    async fn migrate(&self) -> Result<(), SqlError>;
    async fn check(&self) -> Result<(), SqlError>;
    fn migrations() -> &'static [SqlMigration];

    async fn administer(url: &str) -> Box<dyn Administrator>;
    /// SQL that makes a user, and lets her do what a server needs with a table.
    fn grants(user: &str, table: &str) -> Vec<String>;

    /// A store on tables of its own, and their name.
    async fn new() -> (Self, String) {
        let table = new_table();
        let store = Self::connect(&url::<Self>()).await.unwrap();
        let store = store.table(&table).unwrap();
        store.migrate().await.unwrap();
        (store, table)
    }
}

pub(crate) fn url<S: Server>() -> String {
    S::ENGINE.url().unwrap()
}

/// A connection beside the store's.
pub(crate) trait Administrator {
    fn run<'a>(&'a mut self, sql: &'a str) -> Boxed<'a, ()>;
    /// Begins a transaction, and keeps a row from everybody else until the connection ends.
    fn lock<'a>(&'a mut self, table: &'a str, key: &'a StoreKey) -> Boxed<'a, ()>;
    /// The connections whose statement has waited for a lock, and names this table.
    fn waiting<'a>(&'a mut self, table: &'a str) -> Boxed<'a, Vec<i64>>;
    fn end_connection(&mut self, number: i64) -> Boxed<'_, ()>;
}

pub(crate) type Boxed<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + 'a>>;

impl Server for PostgresStore {
    const ENGINE: Engine = Engine::Postgres;
    const READ_ONLY: &'static str = "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY";

    async fn connect(url: &str) -> Result<Self, SqlError> {
        Self::connect(url).await
    }

    async fn by_pool(url: &str, connections: u32, told: &'static str) -> Self {
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .after_connect(move |connection, _| {
                Box::pin(async move { connection.execute(told).await.map(drop) })
            });
        Self::from_pool(pool.connect(url).await.unwrap())
    }

    fn table(self, name: &str) -> Result<Self, SqlError> {
        self.table(name)
    }

    async fn migrate(&self) -> Result<(), SqlError> {
        self.migrate().await
    }

    async fn check(&self) -> Result<(), SqlError> {
        self.check().await
    }

    fn migrations() -> &'static [SqlMigration] {
        Self::migrations()
    }

    async fn administer(url: &str) -> Box<dyn Administrator> {
        Box::new(PgConnection::connect(url).await.unwrap())
    }

    fn grants(user: &str, table: &str) -> Vec<String> {
        vec![
            format!("CREATE USER {user} PASSWORD 'weak'"),
            format!("GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {user}"),
            format!("GRANT SELECT ON {table}_schema TO {user}"),
            format!("GRANT SELECT, UPDATE ON {table}_locks TO {user}"),
        ]
    }
}

impl Administrator for PgConnection {
    fn run<'a>(&'a mut self, sql: &'a str) -> Boxed<'a, ()> {
        let sql = sqlx::AssertSqlSafe(sql.to_owned());
        Box::pin(async move {
            self.execute(sqlx::raw_sql(sql)).await.unwrap();
        })
    }

    fn lock<'a>(&'a mut self, table: &'a str, key: &'a StoreKey) -> Boxed<'a, ()> {
        let sql = format!("BEGIN; SELECT 1 FROM {table} WHERE store_key = '\\x{key}' FOR UPDATE");
        Box::pin(async move { self.run(&sql).await })
    }

    fn waiting<'a>(&'a mut self, table: &'a str) -> Boxed<'a, Vec<i64>> {
        Box::pin(async move {
            sqlx::query(
                "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE $1",
            )
            .bind(format!("%{table}%"))
            .fetch_all(self)
            .await
            .unwrap()
            .iter()
            .map(|row| i64::from(row.get::<i32, _>(0)))
            .collect()
        })
    }

    fn end_connection(&mut self, number: i64) -> Boxed<'_, ()> {
        Box::pin(async move {
            self.run(&format!("SELECT pg_terminate_backend({number})"))
                .await;
        })
    }
}

impl Server for MysqlStore {
    const ENGINE: Engine = Engine::Mysql;
    const READ_ONLY: &'static str = "SET SESSION TRANSACTION READ ONLY";

    async fn connect(url: &str) -> Result<Self, SqlError> {
        Self::connect(url).await
    }

    async fn by_pool(url: &str, connections: u32, told: &'static str) -> Self {
        let pool = MySqlPoolOptions::new()
            .max_connections(connections)
            .after_connect(move |connection, _| {
                Box::pin(async move { connection.execute(told).await.map(drop) })
            });
        Self::from_pool(pool.connect(url).await.unwrap())
    }

    fn table(self, name: &str) -> Result<Self, SqlError> {
        self.table(name)
    }

    async fn migrate(&self) -> Result<(), SqlError> {
        self.migrate().await
    }

    async fn check(&self) -> Result<(), SqlError> {
        self.check().await
    }

    fn migrations() -> &'static [SqlMigration] {
        Self::migrations()
    }

    async fn administer(url: &str) -> Box<dyn Administrator> {
        Box::new(MySqlConnection::connect(url).await.unwrap())
    }

    fn grants(user: &str, table: &str) -> Vec<String> {
        vec![
            format!("CREATE USER {user}@'127.0.0.1' IDENTIFIED BY 'weak'"),
            format!("GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {user}@'127.0.0.1'"),
            format!("GRANT SELECT ON {table}_schema TO {user}@'127.0.0.1'"),
            format!("GRANT SELECT, UPDATE ON {table}_locks TO {user}@'127.0.0.1'"),
        ]
    }
}

impl Administrator for MySqlConnection {
    fn run<'a>(&'a mut self, sql: &'a str) -> Boxed<'a, ()> {
        let sql = sqlx::AssertSqlSafe(sql.to_owned());
        Box::pin(async move {
            self.execute(sqlx::raw_sql(sql)).await.unwrap();
        })
    }

    fn lock<'a>(&'a mut self, table: &'a str, key: &'a StoreKey) -> Boxed<'a, ()> {
        let sql = format!(
            "START TRANSACTION; SELECT 1 FROM {table} WHERE store_key = x'{key}' FOR UPDATE"
        );
        Box::pin(async move { self.run(&sql).await })
    }

    fn waiting<'a>(&'a mut self, table: &'a str) -> Boxed<'a, Vec<i64>> {
        Box::pin(async move {
            sqlx::query(
                "SELECT CAST(id AS SIGNED) FROM information_schema.processlist \
                 WHERE command = 'Execute' AND id <> CONNECTION_ID() AND info LIKE ?",
            )
            .bind(format!("%{table}%"))
            .fetch_all(self)
            .await
            .unwrap()
            .iter()
            .map(|row| row.get(0))
            .collect()
        })
    }

    fn end_connection(&mut self, number: i64) -> Boxed<'_, ()> {
        Box::pin(async move { self.run(&format!("KILL {number}")).await })
    }
}

/// Makes a test on each server of functions that are generic over it.
macro_rules! on_each_server {
    ($($test:ident)*) => {
        mod postgres {$(
            #[actix_web::test]
            async fn $test() {
                if sessions_tests::Engine::Postgres.is_running() {
                    super::$test::<sessions::PostgresStore>().await;
                }
            }
        )*}

        mod mysql {$(
            #[actix_web::test]
            async fn $test() {
                if sessions_tests::Engine::Mysql.is_running() {
                    super::$test::<sessions::MysqlStore>().await;
                }
            }
        )*}
    };
}

pub(crate) use on_each_server;
