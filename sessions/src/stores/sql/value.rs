use std::borrow::Cow;

use sqlx::{ColumnIndex, Database, Decode, Encode, Row, SqlStr, Type, query::Query};

/// A value of a statement, of the types that every dialect has.
#[derive(Debug)]
pub(super) enum Value<'a> {
    Bytes(&'a [u8]),
    OptionalBytes(Option<&'a [u8]>),
    OptionalText(Option<Cow<'a, str>>),
    Number(i64),
    Flag(bool),
}

/// A statement with its values, to be prepared once on each connection.
pub(super) fn bound<DB>(sql: &SqlStr, values: &[Value<'_>]) -> Query<'static, DB, DB::Arguments>
where
    DB: Database,
    for<'t> &'t [u8]: Encode<'t, DB> + Type<DB>,
    for<'t> Option<&'t [u8]>: Encode<'t, DB> + Type<DB>,
    for<'t> Option<&'t str>: Encode<'t, DB> + Type<DB>,
    for<'t> i64: Encode<'t, DB> + Type<DB>,
    for<'t> bool: Encode<'t, DB> + Type<DB>,
    DB::Arguments: sqlx::IntoArguments<DB>,
{
    values
        .iter()
        .fold(sqlx::query(sql.clone()), |query, value| match value {
            Value::Bytes(bytes) => query.bind(*bytes),
            Value::OptionalBytes(bytes) => query.bind(*bytes),
            Value::OptionalText(text) => query.bind(text.as_deref()),
            Value::Number(number) => query.bind(*number),
            Value::Flag(flag) => query.bind(*flag),
        })
}

/// The columns of a row, by number.
pub(super) trait Columns {
    fn bytes(&self, column: usize) -> Result<Vec<u8>, sqlx::Error>;
    fn optional_bytes(&self, column: usize) -> Result<Option<Vec<u8>>, sqlx::Error>;
    fn optional_text(&self, column: usize) -> Result<Option<String>, sqlx::Error>;
    fn number(&self, column: usize) -> Result<i64, sqlx::Error>;
    fn flag(&self, column: usize) -> Result<bool, sqlx::Error>;
}

impl<R> Columns for R
where
    R: Row,
    usize: ColumnIndex<R>,
    for<'r> Vec<u8>: Decode<'r, R::Database> + Type<R::Database>,
    for<'r> String: Decode<'r, R::Database> + Type<R::Database>,
    for<'r> i64: Decode<'r, R::Database> + Type<R::Database>,
    for<'r> bool: Decode<'r, R::Database> + Type<R::Database>,
{
    fn bytes(&self, column: usize) -> Result<Vec<u8>, sqlx::Error> {
        self.try_get(column)
    }

    fn optional_bytes(&self, column: usize) -> Result<Option<Vec<u8>>, sqlx::Error> {
        self.try_get(column)
    }

    fn optional_text(&self, column: usize) -> Result<Option<String>, sqlx::Error> {
        self.try_get(column)
    }

    fn number(&self, column: usize) -> Result<i64, sqlx::Error> {
        self.try_get(column)
    }

    fn flag(&self, column: usize) -> Result<bool, sqlx::Error> {
        self.try_get(column)
    }
}
