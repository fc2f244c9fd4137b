use std::{collections::HashMap, fmt};

use serde::de::DeserializeOwned;

use crate::import::{ImportRefusal, Refusal};

use super::{ValueError, ValueErrorKind};

/// What a session of actix-session holds: under each key a value that was written as JSON.
///
/// `Debug` shows the keys only.
///
/// ```
/// use serde::Deserialize;
/// use sessions::actix_session::{ValueErrorKind, Values};
///
/// #[derive(Deserialize)]
/// struct Item {
///     sku: String,
/// }
///
/// /// As an import calls it.
/// fn convert(old: &Values) -> Result<(u64, Vec<Item>, Option<String>), Box<dyn std::error::Error + Send + Sync>> {
///     Ok((old.get("user_id")?, old.get("items")?, old.get("theme")?))
/// }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Values {
    entries: HashMap<String, String>,
}

impl Values {
    pub(super) fn from_json(json: &[u8]) -> Result<Self, Refusal> {
        let entries = serde_json::from_slice(json).map_err(|error| {
            // What serde says may repeat what it met.
            let (line, column) = (error.line(), error.column());
            let place = format!("not a map of texts in JSON, at line {line} and column {column}");
            Refusal::new(ImportRefusal::Undecodable).because(place)
        })?;
        Ok(Self { entries })
    }

    /// The value under a key, as a `V`. An `Option` takes what may be absent.
    ///
    /// # Errors
    ///
    /// There is no value under the key, or it is no `V`.
    pub fn get<V: DeserializeOwned>(&self, key: &str) -> Result<V, ValueError> {
        let error = |kind| ValueError::new(key, kind);
        match self.entries.get(key) {
            Some(json) => serde_json::from_str(json).map_err(|_| error(ValueErrorKind::OtherType)),
            // What may be absent may be null.
            None => serde_json::from_str("null").map_err(|_| error(ValueErrorKind::Missing)),
        }
    }

    /// Whether there is a value under a key.
    #[must_use]
    pub fn contains_key(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    /// The keys, in no order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// The value under a key as it was written, in JSON.
    #[must_use]
    pub fn json(&self, key: &str) -> Option<&str> {
        self.entries.get(key).map(String::as_str)
    }
}

/// The keys, in order.
impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut keys: Vec<_> = self.keys().collect();
        keys.sort_unstable();
        f.debug_tuple("Values").field(&keys).finish()
    }
}
