use std::fmt;

use super::error::SqlError;

/// The name of the table with the sessions, and the beginning of the names of what belongs to it.
///
/// It stands in statements as it is, so it is of letters that need no quotes in any dialect, and of one case, since some servers tell
/// cases apart and some do not.
#[derive(Clone)]
pub(super) struct TableName(Box<str>);

impl TableName {
    pub(super) fn parse(name: &str) -> Result<Self, SqlError> {
        let begins_well = name.starts_with(|first: char| first.is_ascii_lowercase());
        let is_plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
        if begins_well && name.len() <= MAX_LEN && name.bytes().all(is_plain) {
            Ok(Self(name.into()))
        } else {
            Err(SqlError::invalid_table())
        }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// A text that is written for the default name, for this one.
    pub(super) fn in_place_of_default(&self, sql: &str) -> String {
        sql.replace(DEFAULT, &self.0)
    }
}

impl Default for TableName {
    fn default() -> Self {
        Self(DEFAULT.into())
    }
}

impl fmt::Debug for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

const DEFAULT: &str = "sessions";

/// Names end at 63 bytes in PostgreSQL, and the longest we make of it appends fourteen.
const MAX_LEN: usize = 40;

#[cfg(test)]
mod tests {
    use crate::stores::sql::SqlErrorKind;

    use super::*;

    #[test]
    fn a_name_is_of_letters_that_need_no_quotes() {
        let long = "a".repeat(41);
        for name in [
            "", "Sessions", "1st", "_s", "a-b", "a b", "a.b", "a;b", "a\"", "ä", &long,
        ] {
            let error = TableName::parse(name).unwrap_err();
            assert_eq!(error.kind(), SqlErrorKind::InvalidTable, "{name}");
        }
        for name in ["a", "sessions", "app_2_sessions", &long[..40]] {
            assert_eq!(TableName::parse(name).unwrap().as_str(), name);
        }
    }
}
