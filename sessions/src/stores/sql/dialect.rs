use std::{fmt, future::Future};

use sqlx::{Database, SqlStr, error::DatabaseError};

use super::{
    fault::Verdict,
    migration::SqlMigration,
    table::TableName,
    value::{Columns, Value},
};

/// What one engine says otherwise than the others. Everything that is not asked for here is said in one way to all of them.
pub(super) trait Dialect: fmt::Debug + Send + Sync + 'static {
    type Database: Database<Row: Columns>;

    /// As its makers write it.
    const NAME: &'static str;
    /// How an address begins, and the whole of it, as an example.
    const SCHEMES: &'static [&'static str];
    const EXAMPLE_URL: &'static str;
    /// Whether it is in a file of this machine, where nobody logs in; else it is a server.
    const IS_FILE: bool;
    const MIGRATIONS: &'static [SqlMigration];

    /// Writes `$1` and not `?`.
    const NUMBERS_PLACEHOLDERS: bool;
    /// The function that gives the larger of two numbers.
    const LARGER: &'static str;
    /// What keeps the rows of a query from others until the transaction ends.
    const FOR_UPDATE: &'static str;
    /// Deletes dead records, up to a number.
    const SWEEP: &'static str;
    const TEXT_HOLDS_NUL: bool;
    /// Whether writers of one principal must wait for each other by a lock of their own; else there is one writer at a time.
    const HAS_LOCKS: bool;
    /// Whether a connection is a socket, and so dead when the runtime is that opened it.
    const ENDS_WITH_RUNTIME: bool;
    /// Whether tables are made in a transaction.
    const MIGRATES_IN_TRANSACTION: bool;

    /// Begins a transaction whose statements see what was committed before each, and locks a stripe.
    fn begin(table: &TableName, stripe: u8) -> String;

    /// What an error of the engine means.
    fn verdict(error: &dyn DatabaseError) -> Verdict;

    /// Carries out a statement, and answers how many rows it changed.
    fn execute(
        connection: &mut <Self::Database as Database>::Connection,
        sql: &SqlStr,
        values: &[Value<'_>],
    ) -> impl Future<Output = Result<u64, sqlx::Error>> + Send;

    fn query(
        connection: &mut <Self::Database as Database>::Connection,
        sql: &SqlStr,
        values: &[Value<'_>],
    ) -> impl Future<Output = Result<Vec<<Self::Database as Database>::Row>, sqlx::Error>> + Send;

    /// Carries out a text of several statements without values, in one round trip.
    fn run(
        connection: &mut <Self::Database as Database>::Connection,
        script: String,
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send;
}

/// The three ways to reach an engine, which differ in nothing but its types: as a function they would need each type's bounds repeated.
macro_rules! driver {
    () => {
        async fn execute(
            connection: &mut <Self::Database as sqlx::Database>::Connection,
            sql: &sqlx::SqlStr,
            values: &[$crate::stores::sql::value::Value<'_>],
        ) -> Result<u64, sqlx::Error> {
            let query = $crate::stores::sql::value::bound::<Self::Database>(sql, values);
            Ok(query.execute(connection).await?.rows_affected())
        }

        async fn query(
            connection: &mut <Self::Database as sqlx::Database>::Connection,
            sql: &sqlx::SqlStr,
            values: &[$crate::stores::sql::value::Value<'_>],
        ) -> Result<Vec<<Self::Database as sqlx::Database>::Row>, sqlx::Error> {
            let query = $crate::stores::sql::value::bound::<Self::Database>(sql, values);
            query.fetch_all(connection).await
        }

        async fn run(
            connection: &mut <Self::Database as sqlx::Database>::Connection,
            script: String,
        ) -> Result<(), sqlx::Error> {
            sqlx::raw_sql(sqlx::AssertSqlSafe(script))
                .execute(connection)
                .await
                .map(drop)
        }
    };
}

pub(super) use driver;
