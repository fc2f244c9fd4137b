use std::{collections::BTreeMap, error::Error, fmt};

use serde::{
    Serialize, Serializer,
    de::{DeserializeOwned, DeserializeSeed, Deserializer, Visitor},
};
use serde_cbor::{Value, value};

use crate::data::{DecodeError, EncodeError, FieldKeys, FieldWriter, Fields, Schema};

use super::{Accessors, SessionData, Slot};

/// A session's data as a map whose keys are only known at run time: text or integers to values of any type serde knows.
///
/// Prefer a struct wherever the keys are known: with a map, a misspelled key is an absent value, and a type that changed is an error at run
/// time. `Session<Values>` has [`get`](Self::get), [`insert`](Self::insert) and [`remove`](Self::remove) as its own methods.
///
/// ```
/// use sessions::Values;
///
/// # fn main() -> Result<(), sessions::ValueError> {
/// let mut values = Values::default();
/// values.insert("theme", &"dark")?;
/// values.insert(7, &vec![1, 2, 3])?;
///
/// assert_eq!(values.get::<String>("theme")?.as_deref(), Some("dark"));
/// assert_eq!(values.get::<Vec<u8>>(7)?, Some(vec![1, 2, 3]));
/// assert_eq!(values.get::<String>("them")?, None);
/// assert!(values.get::<u32>("theme").is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default, PartialEq)]
pub struct Values {
    entries: BTreeMap<ValueKey, Value>,
}

/// A key of [`Values`].
///
/// ```
/// use sessions::ValueKey;
///
/// assert_eq!(ValueKey::from(7), ValueKey::Integer(7));
/// assert_eq!(ValueKey::from("theme").to_string(), "`theme`");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ValueKey {
    /// An integer.
    Integer(i64),
    /// A text.
    Text(String),
}

/// Reports that a value is not of the type that was asked for, or that it could not be kept.
#[derive(Debug)]
pub struct ValueError {
    key: ValueKey,
    source: serde_cbor::Error,
}

impl Values {
    /// The value under a key, as a `V`; `None` if there is none.
    ///
    /// # Errors
    ///
    /// A value of another type.
    pub fn get<V: DeserializeOwned>(
        &self,
        key: impl Into<ValueKey>,
    ) -> Result<Option<V>, ValueError> {
        let key = key.into();
        let Some(value) = self.entries.get(&key) else {
            return Ok(None);
        };
        value::from_value(value.clone())
            .map(Some)
            .map_err(|source| ValueError { key, source })
    }

    /// Puts a value under a key, in place of the one that was there.
    ///
    /// # Errors
    ///
    /// The value's `Serialize` failed; what was there stays.
    pub fn insert<V: Serialize + ?Sized>(
        &mut self,
        key: impl Into<ValueKey>,
        value: &V,
    ) -> Result<(), ValueError> {
        let key = key.into();
        match value::to_value(value) {
            Ok(value) => {
                self.entries.insert(key, value);
                Ok(())
            }
            Err(source) => Err(ValueError { key, source }),
        }
    }

    /// Removes what is under a key; `false` if there was nothing.
    pub fn remove(&mut self, key: impl Into<ValueKey>) -> bool {
        self.entries.remove(&key.into()).is_some()
    }

    /// Whether there is a value under a key.
    #[must_use]
    pub fn contains_key(&self, key: impl Into<ValueKey>) -> bool {
        self.entries.contains_key(&key.into())
    }

    /// The keys, integers first, in order.
    pub fn keys(&self) -> impl Iterator<Item = &ValueKey> {
        self.entries.keys()
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

    /// Removes every value.
    pub fn clear(&mut self) {
        self.entries.clear();
    }
}

/// Keys only: the values are somebody's data.
impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Values").field(&self.entries.keys()).finish()
    }
}

impl Schema for Values {
    const NAME: &'static str = "values";
    const VERSION: u32 = 1;
    const KEYS: &'static [FieldKeys] = &[];
    const UNORDERED: bool = false;

    fn fresh() -> Self {
        Self::default()
    }

    fn field_count(&self) -> usize {
        self.entries.len()
    }

    fn encode_fields(&self, fields: &mut FieldWriter<'_>) -> Result<(), EncodeError> {
        self.entries
            .iter()
            .try_for_each(|(key, value)| fields.entry(key, value))
    }

    fn decode_fields(fields: &mut Fields<'_>) -> Result<Self, DecodeError> {
        let mut entries = BTreeMap::new();
        while let Some(key) = fields.next_key(KeySeed)? {
            if entries.insert(key, fields.value()?).is_some() {
                return Err(DecodeError::malformed("a key that stands twice"));
            }
        }
        Ok(Self { entries })
    }
}

impl SessionData for Values {
    type Accessors = ValuesAccessors;
}

/// What `Session<Values>` dereferences to.
///
/// ```
/// use sessions::{Session, ValueError, Values};
///
/// fn count(values: &mut Session<Values>) -> Result<u32, ValueError> {
///     let count = values.get::<u32>("count")?.unwrap_or(0) + 1;
///     values.insert("count", &count)?;
///     if values.contains_key("coupon") {
///         values.remove("coupon");
///     }
///     Ok(count)
/// }
/// # use actix_web::{App, test, web};
/// # async fn page(mut values: Session<Values>) -> String {
/// #     count(&mut values).unwrap();
/// #     count(&mut values).unwrap().to_string()
/// # }
/// # #[actix_web::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let store = sessions::CookieStore::sealed(sessions::KeyRing::generate()?);
/// # let sessions = sessions::SessionMiddleware::builder(store).build()?;
/// # let app = test::init_service(App::new().wrap(sessions).route("/", web::get().to(page))).await;
/// # let response = test::call_service(&app, test::TestRequest::get().to_request()).await;
/// # assert_eq!(test::read_body(response).await, "2");
/// # Ok(())
/// # }
/// ```
pub struct ValuesAccessors {
    slot: Slot<Values>,
}

impl ValuesAccessors {
    /// The value under a key; see [`Values::get`].
    ///
    /// # Errors
    ///
    /// A value of another type.
    pub fn get<V: DeserializeOwned>(
        &self,
        key: impl Into<ValueKey>,
    ) -> Result<Option<V>, ValueError> {
        self.slot.copy(|values| values.get(key))
    }

    /// Puts a value under a key; see [`Values::insert`].
    ///
    /// # Errors
    ///
    /// The value's `Serialize` failed.
    pub fn insert<V: Serialize + ?Sized>(
        &mut self,
        key: impl Into<ValueKey>,
        value: &V,
    ) -> Result<(), ValueError> {
        self.slot.write(|values| values).insert(key, value)
    }

    /// Removes what is under a key; see [`Values::remove`].
    pub fn remove(&mut self, key: impl Into<ValueKey>) -> bool {
        self.slot.write(|values| values).remove(key)
    }

    /// Whether there is a value under a key.
    #[must_use]
    pub fn contains_key(&self, key: impl Into<ValueKey>) -> bool {
        self.slot.copy(|values| values.contains_key(key))
    }
}

impl Accessors for ValuesAccessors {
    type Data = Values;

    fn new(slot: Slot<Values>) -> Self {
        Self { slot }
    }

    fn slot(&self) -> &Slot<Values> {
        &self.slot
    }
}

impl fmt::Debug for ValuesAccessors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.slot.debug(f, |values, shown| {
            shown.field("keys", &values.entries.keys());
        })
    }
}

impl From<&str> for ValueKey {
    fn from(key: &str) -> Self {
        Self::Text(key.to_owned())
    }
}

impl From<String> for ValueKey {
    fn from(key: String) -> Self {
        Self::Text(key)
    }
}

impl From<i64> for ValueKey {
    fn from(key: i64) -> Self {
        Self::Integer(key)
    }
}

impl From<i32> for ValueKey {
    fn from(key: i32) -> Self {
        Self::Integer(key.into())
    }
}

impl From<u32> for ValueKey {
    fn from(key: u32) -> Self {
        Self::Integer(key.into())
    }
}

impl Serialize for ValueKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Integer(key) => serializer.serialize_i64(*key),
            Self::Text(key) => serializer.serialize_str(key),
        }
    }
}

/// Text and integers only.
struct KeySeed;

impl<'de> DeserializeSeed<'de> for KeySeed {
    type Value = ValueKey;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<ValueKey, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for KeySeed {
    type Value = ValueKey;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or an integer as key")
    }

    fn visit_str<E>(self, key: &str) -> Result<ValueKey, E> {
        Ok(ValueKey::Text(key.to_owned()))
    }

    fn visit_i64<E>(self, key: i64) -> Result<ValueKey, E> {
        Ok(ValueKey::Integer(key))
    }

    fn visit_u64<E: serde::de::Error>(self, key: u64) -> Result<ValueKey, E> {
        i64::try_from(key).map(ValueKey::Integer).map_err(E::custom)
    }
}

impl fmt::Display for ValueKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(key) => key.fmt(f),
            Self::Text(key) => write!(f, "`{key}`"),
        }
    }
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the value under {} is not of the type asked for, or cannot be written",
            self.key
        )
    }
}

impl Error for ValueError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}
