//! Sessions in the tables of a database: one text for all of them, and a dialect each.
//!
//! ```text
//! <table>          one row a session, by key; indexes by deadline, for the sweep, and by principal
//! <table>_schema   one row: the version of the tables
//! <table>_locks    64 rows that nobody changes: who counts the sessions of a principal locks one (not SQLite, which has one writer at a time)
//! ```
//!
//! A verb is one statement that says its own condition; how many rows it changed is the answer. Time comes with the call and stands in the
//! condition, so the server's clock and zone are nobody's business. Only who counts the sessions of a principal needs a transaction.
//!
//! What is common: [`store`] says what the verbs do, [`statements`] in which words, [`row`] how a record lies in a row, [`fault`] what an
//! error means. What is not: [`dialect`], and `postgres`, `mysql`, `sqlite`, which implement it and hold the public types; and `file`, SQLite's own.

mod backoff;
mod dialect;
mod error;
mod facade;
mod fault;
#[cfg(feature = "sqlite")]
mod file;
mod lease;
mod migration;
#[cfg(feature = "mysql")]
mod mysql;
#[cfg(any(feature = "mysql", feature = "postgres"))]
mod pool;
#[cfg(feature = "postgres")]
mod postgres;
mod row;
mod runtimes;
#[cfg(feature = "sqlite")]
mod sqlite;
mod statements;
mod store;
mod stripe;
mod table;
mod value;

#[cfg(feature = "mysql")]
pub use self::mysql::MysqlStore;
#[cfg(feature = "postgres")]
pub use self::postgres::PostgresStore;
#[cfg(feature = "sqlite")]
pub use self::sqlite::SqliteStore;
pub use self::{
    error::{SqlError, SqlErrorKind},
    migration::SqlMigration,
};
