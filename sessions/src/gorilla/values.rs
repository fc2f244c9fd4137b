use std::fmt;

use super::{
    DecodeError, DecodeErrorKind, FromValue, MapKey, Value, ValueError, gob, json, value::Entries,
    value_error::Under as _,
};

/// What a gorilla session holds: Go's `session.Values`.
///
/// [`get`](Self::get) asks for a key and a type, and refuses what is another; an `Option` takes what may be absent. `Debug` shows keys and the
/// kinds of values, which is what one wants to know when writing the function that reads them.
///
/// ```
/// use sessions::gorilla::Values;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let old = Values::from_json(br#"{"user_id": 77, "name": "ann", "_flash": ["Saved."]}"#)?;
/// assert_eq!(old.get::<u64>("user_id")?, 77);
/// assert_eq!(old.get::<Option<String>>("theme")?, None);
/// assert_eq!(old.flashes::<String>()?, ["Saved."]);
///
/// // A misspelled key and a changed type are errors, which name the key.
/// assert_eq!(old.get::<u64>("userid").unwrap_err().to_string(), "there is no `userid`");
/// assert_eq!(
///     old.get::<u64>("name").unwrap_err().to_string(),
///     "`name` holds a text where an integer was asked for",
/// );
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq)]
pub struct Values {
    entries: Vec<(Value, Value)>,
}

impl Values {
    /// Reads what gob wrote of a session's values, without cookie, signature or timestamp around it: for stores that keep just this, as those for
    /// Redis and Memcached do.
    ///
    /// ```
    /// use sessions::gorilla::Values;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let bytes = b"\x0e\xff\x81\x04\x01\x02\xff\x82\x00\x01\x10\x01\x10\x00\x00\
    ///               \x20\xff\x82\x00\x01\x06string\x0c\x05\x00\x03foo\x06string\x0c\x05\x00\x03bar";
    /// assert_eq!(Values::from_gob(bytes)?.get::<String>("foo")?, "bar");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The bytes are not one value in gob, or it is not a map.
    pub fn from_gob(bytes: &[u8]) -> Result<Self, DecodeError> {
        Self::from_value(gob::decode(bytes)?)
    }

    /// Reads a JSON object as a session's values.
    ///
    /// # Errors
    ///
    /// The bytes are not one JSON object.
    pub fn from_json(bytes: &[u8]) -> Result<Self, DecodeError> {
        Self::from_value(json::decode(bytes)?)
    }

    fn from_value(value: Value) -> Result<Self, DecodeError> {
        match value {
            Value::Map(entries) => Ok(Self { entries }),
            _ => Err(DecodeErrorKind::OtherContent.into()),
        }
    }

    /// The value under a key, as a `V`.
    ///
    /// # Errors
    ///
    /// There is no value under the key, or it is no `V`.
    pub fn get<'a, 'k, V: FromValue<'a>>(
        &'a self,
        key: impl Into<MapKey<'k>>,
    ) -> Result<V, ValueError> {
        let key = key.into();
        V::from_entry(self.value(key)).under(&key)
    }

    /// The value under a key, as it is.
    #[must_use]
    pub fn value<'k>(&self, key: impl Into<MapKey<'k>>) -> Option<&Value> {
        key.into().find(&self.entries)
    }

    /// Whether there is a value under a key.
    #[must_use]
    pub fn contains_key<'k>(&self, key: impl Into<MapKey<'k>>) -> bool {
        self.value(key).is_some()
    }

    /// The flash messages that were added without a key and not read yet, oldest first; none if there are none.
    ///
    /// # Errors
    ///
    /// One of them is no `V`.
    pub fn flashes<'a, V: FromValue<'a>>(&'a self) -> Result<Vec<V>, ValueError> {
        self.flashes_under(DEFAULT_FLASH_KEY)
    }

    /// The flash messages that were added under a key: `session.AddFlash(value, key)`.
    ///
    /// ```
    /// # use sessions::gorilla::Values;
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let old = Values::from_json(br#"{"warnings": ["Low on tea."]}"#)?;
    /// assert_eq!(old.flashes_under::<&str>("warnings")?, ["Low on tea."]);
    /// assert_eq!(old.flashes::<&str>()?, [""; 0]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// One of them is no `V`.
    pub fn flashes_under<'a, V: FromValue<'a>>(&'a self, key: &str) -> Result<Vec<V>, ValueError> {
        self.get::<Option<Vec<V>>>(key)
            .map(Option::unwrap_or_default)
    }

    /// All keys and values, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&Value, &Value)> {
        self.entries.iter().map(|(key, value)| (key, value))
    }

    /// How many values there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// Keys, and the kinds of values.
impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Values ")?;
        Entries(&self.entries).fmt(f)
    }
}

/// What gorilla/sessions puts flash messages under when it is given no key.
const DEFAULT_FLASH_KEY: &str = "_flash";
