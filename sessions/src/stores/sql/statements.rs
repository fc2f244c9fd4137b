use sqlx::{AssertSqlSafe, SqlSafeStr as _, SqlStr};

use super::{
    dialect::Dialect,
    row::{LISTED, RECORD},
    table::TableName,
};

/// The statements that are the same every time. Each is prepared once on a connection, and is one round trip from then on.
#[derive(Debug)]
pub(super) struct Statements {
    /// Key, record.
    pub(super) insert: SqlStr,
    /// Key, now.
    pub(super) load: SqlStr,
    /// Record; key, state, now.
    pub(super) update: SqlStr,
    /// New key, record; old key, state, now.
    pub(super) rename: SqlStr,
    /// Deadline, last seen; key, now.
    pub(super) touch: SqlStr,
    /// Key, now: one row if a record lives there.
    pub(super) lives: SqlStr,
    /// Key.
    pub(super) delete: SqlStr,
    /// Key, now: makes the place of a dead record free.
    pub(super) clear: SqlStr,
    /// Now, limit.
    pub(super) sweep: SqlStr,
    /// Principal, now.
    pub(super) list: SqlStr,
    /// Principal, now, key: the principal's other live sessions, those first whose visitor was not seen for longest.
    pub(super) rivals: SqlStr,
    /// Key, limit: the keys that come after it.
    pub(super) scan: SqlStr,
    pub(super) version: SqlStr,
}

impl Statements {
    pub(super) fn new<D: Dialect>(table: &TableName) -> Self {
        let name = table.as_str();
        let text = |sql: String| statement::<D>(&sql);
        let columns = RECORD.join(", ");
        let assignments = RECORD.map(|column| format!("{column} = ?")).join(", ");
        let (larger, for_update) = (D::LARGER, D::FOR_UPDATE);
        let live = "store_key = ? AND deadline > ?";
        Self {
            insert: text(format!(
                "INSERT INTO {name} (store_key, {columns}) VALUES (?{})",
                ", ?".repeat(RECORD.len())
            )),
            load: text(format!("SELECT {columns} FROM {name} WHERE {live}")),
            update: text(format!(
                "UPDATE {name} SET {assignments} WHERE store_key = ? AND write_id = ? AND deadline > ?"
            )),
            // It changes the key of the row: one statement, so both keys change at once, and a key that is taken stops it.
            rename: text(format!(
                "UPDATE {name} SET store_key = ?, {assignments} WHERE store_key = ? AND write_id = ? AND deadline > ?"
            )),
            touch: text(format!(
                "UPDATE {name} SET deadline = {larger}(deadline, ?), last_seen = {larger}(last_seen, ?) WHERE {live}"
            )),
            lives: text(format!("SELECT store_key FROM {name} WHERE {live}")),
            delete: text(format!("DELETE FROM {name} WHERE store_key = ?")),
            clear: text(format!(
                "DELETE FROM {name} WHERE store_key = ? AND deadline <= ?"
            )),
            sweep: text(table.in_place_of_default(D::SWEEP)),
            list: text(format!(
                "SELECT {} FROM {name} WHERE principal = ? AND deadline > ?",
                LISTED.join(", ")
            )),
            rivals: text(format!(
                "SELECT store_key, handle FROM {name} WHERE principal = ? AND deadline > ? AND store_key <> ? ORDER BY last_seen, store_key{for_update}"
            )),
            scan: text(format!(
                "SELECT store_key FROM {name} WHERE store_key > ? ORDER BY store_key LIMIT ?"
            )),
            version: text(format!("SELECT version FROM {name}_schema WHERE id = 1")),
        }
    }
}

/// Loads several records: keys, now.
pub(super) fn load_many<D: Dialect>(table: &TableName, keys: usize) -> SqlStr {
    let (name, columns) = (table.as_str(), RECORD.join(", "));
    statement::<D>(&format!(
        "SELECT store_key, {columns} FROM {name} WHERE store_key IN ({}) AND deadline > ?",
        places(keys)
    ))
}

/// Deletes several records: keys.
pub(super) fn delete_many<D: Dialect>(table: &TableName, keys: usize) -> SqlStr {
    let name = table.as_str();
    statement::<D>(&format!(
        "DELETE FROM {name} WHERE store_key IN ({})",
        places(keys)
    ))
}

fn places(count: usize) -> String {
    vec!["?"; count].join(", ")
}

/// No statement has a question mark but for its values.
fn statement<D: Dialect>(sql: &str) -> SqlStr {
    if !D::NUMBERS_PLACEHOLDERS {
        return AssertSqlSafe(std::sync::Arc::<str>::from(sql)).into_sql_str();
    }
    let mut numbered = String::with_capacity(sql.len() + 32);
    let mut parts = sql.split('?');
    numbered.extend(parts.next());
    for (index, part) in parts.enumerate() {
        numbered.push_str(&format!("${}", index + 1));
        numbered.push_str(part);
    }
    AssertSqlSafe(std::sync::Arc::<str>::from(numbered)).into_sql_str()
}

#[cfg(all(test, feature = "postgres", feature = "sqlite"))]
mod tests {
    use crate::stores::sql::{postgres::Postgres, sqlite::Sqlite};

    use super::*;

    #[test]
    fn values_are_numbered_where_the_engine_wants_numbers() {
        let table = TableName::parse("visits").unwrap();
        let deletion = delete_many::<Postgres>(&table, 2);
        assert_eq!(
            deletion.as_str(),
            "DELETE FROM visits WHERE store_key IN ($1, $2)"
        );
        let deletion = delete_many::<Sqlite>(&table, 2);
        assert_eq!(
            deletion.as_str(),
            "DELETE FROM visits WHERE store_key IN (?, ?)"
        );
        let touch = Statements::new::<Postgres>(&table).touch;
        assert_eq!(
            touch.as_str(),
            "UPDATE visits SET deadline = GREATEST(deadline, $1), last_seen = GREATEST(last_seen, $2) WHERE store_key = $3 AND deadline > $4"
        );
    }

    #[test]
    fn a_renewal_is_one_statement_that_names_the_old_key_and_the_new() {
        let rename = Statements::new::<Sqlite>(&TableName::default()).rename;
        assert_eq!(
            rename.as_str(),
            "UPDATE sessions SET store_key = ?, handle = ?, write_id = ?, created = ?, last_seen = ?, deadline = ?, principal = ?, device = ?, address = ?, user_agent = ?, body = ? WHERE store_key = ? AND write_id = ? AND deadline > ?"
        );
    }
}
