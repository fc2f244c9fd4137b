use super::{error::SqlError, table::TableName};

/// One step of the tables for sessions from nothing to what this program knows, as SQL text.
///
/// For those who change databases by hand or by a tool of their own: the same text stands in `sessions/migrations/` of the repository. A step
/// may be run twice, and says in the database that it was.
#[derive(Clone, Copy, Debug)]
pub struct SqlMigration {
    version: u32,
    name: &'static str,
    sql: &'static str,
}

impl SqlMigration {
    pub(super) const fn new(version: u32, name: &'static str, sql: &'static str) -> Self {
        Self { version, name, sql }
    }

    /// Counts from one.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// Says in a word what it does.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The statements, for a table that is named `sessions`.
    #[must_use]
    pub const fn sql(&self) -> &'static str {
        self.sql
    }

    /// The statements, for a table of another name.
    ///
    /// # Errors
    ///
    /// If the name is not one that a store's `table` takes.
    pub fn sql_for(&self, table: &str) -> Result<String, SqlError> {
        Ok(self.for_table(&TableName::parse(table)?))
    }

    pub(super) fn for_table(&self, table: &TableName) -> String {
        table.in_place_of_default(self.sql)
    }
}
