use std::{collections::BTreeMap, error::Error, fmt};

use serde::{
    Serialize, Serializer,
    de::{DeserializeOwned, DeserializeSeed, Deserializer, Visitor},
};

use crate::data::{DecodeError, EncodeError, FieldKeys, FieldWriter, Fields, Item, Schema};

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
    entries: BTreeMap<ValueKey, Item>,
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
///
/// It has no source: what serde says of a value that does not fit quotes the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueError {
    key: ValueKey,
    kind: ValueErrorKind,
}

/// Says what a [`ValueError`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ValueErrorKind {
    /// The value is not of the type that was asked for.
    OtherType,
    /// The value's `Serialize` failed, or it is nested too deeply to be read back.
    Unwritable,
}

impl ValueError {
    /// What it is about.
    #[must_use]
    pub fn kind(&self) -> ValueErrorKind {
        self.kind
    }

    /// The key.
    #[must_use]
    pub fn key(&self) -> &ValueKey {
        &self.key
    }
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
        let Some(item) = self.entries.get(&key) else {
            return Ok(None);
        };
        item.read().map(Some).map_err(|_| ValueError {
            key,
            kind: ValueErrorKind::OtherType,
        })
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
        match Item::of(value) {
            Ok(item) => {
                self.entries.insert(key, item);
                Ok(())
            }
            Err(_) => Err(ValueError {
                key,
                kind: ValueErrorKind::Unwritable,
            }),
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
    const ORDERED: bool = true;
    const DYNAMIC: bool = true;

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
        let key = &self.key;
        match self.kind {
            ValueErrorKind::OtherType => {
                write!(
                    f,
                    "the value under {key} is not of the type asked for; ask for the type that was inserted"
                )
            }
            ValueErrorKind::Unwritable => write!(
                f,
                "the value for {key} cannot be written; look at its `Serialize`"
            ),
        }
    }
}

impl Error for ValueError {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        clock::Clock,
        data::{self, MergeError, OnConflict, Unknown},
    };

    use super::*;

    fn encoded(values: &Values) -> Vec<u8> {
        let mut payload = Vec::new();
        data::encode(values, &Unknown::default(), &mut payload).unwrap();
        payload
    }

    fn decoded(payload: &[u8]) -> Result<Values, DecodeError> {
        data::decode(payload).map(|decoded| decoded.data)
    }

    #[test]
    fn values_of_any_kind_under_integers_and_texts_come_back() {
        let mut values = Values::default();
        for key in [0, 7, 27, 28, 1 << 40, -1, i64::MIN, i64::MAX] {
            values.insert(key, &key).unwrap();
        }
        let nested: BTreeMap<u8, BTreeMap<u64, bool>> = [(0, [(u64::MAX, true)].into())].into();
        values.insert("nested", &nested).unwrap();
        let pairs: BTreeMap<(u8, bool), Vec<f64>> = [((1, true), vec![0.5, f64::MAX])].into();
        values.insert("pairs", &pairs).unwrap();
        values.insert("", &Some("text")).unwrap();
        values.insert("nothing", &None::<u8>).unwrap();
        values
            .insert("below", &(-1 - i128::from(u64::MAX)))
            .unwrap();

        let back = decoded(&encoded(&values)).unwrap();
        assert!(back == values);
        assert_eq!(back.get("nested").unwrap(), Some(nested));
        assert_eq!(back.get("pairs").unwrap(), Some(pairs));
        assert_eq!(back.get::<String>("").unwrap().as_deref(), Some("text"));
        assert_eq!(back.get::<Option<u8>>("nothing").unwrap(), Some(None));
        assert_eq!(back.get("below").unwrap(), Some(-1 - i128::from(u64::MAX)));
    }

    type Entries<'a> = &'a [(&'a str, u8)];

    fn values_of(entries: Entries<'_>) -> Values {
        let mut values = Values::default();
        for (key, value) in entries {
            // Some keys are integers, whose order is not that of their bytes.
            match key.parse::<i64>() {
                Ok(key) => values.insert(key, value).unwrap(),
                Err(_) => values.insert(*key, value).unwrap(),
            }
        }
        values
    }

    #[test]
    fn two_changes_merge_key_by_key() {
        let table: &[(Entries<'_>, Entries<'_>, Entries<'_>, Entries<'_>, bool)] = &[
            (&[], &[("a", 1)], &[("b", 2)], &[("a", 1), ("b", 2)], true),
            (
                &[("-1", 1), ("7", 1), ("300", 1), ("a", 1)],
                &[("-1", 1), ("7", 2), ("300", 1), ("a", 1)],
                &[("-1", 3), ("7", 1), ("300", 1), ("-9", 4)],
                &[("-1", 3), ("7", 2), ("300", 1), ("-9", 4)],
                true,
            ),
            (&[("a", 1)], &[], &[("a", 1), ("b", 1)], &[("b", 1)], true),
            (&[("a", 1)], &[], &[], &[], true),
            (&[("a", 1)], &[("a", 2)], &[("a", 2)], &[("a", 2)], true),
            (&[("a", 1)], &[("a", 2)], &[("a", 3)], &[("a", 2)], false),
            (&[("a", 1)], &[], &[("a", 3)], &[], false),
            (&[("a", 1)], &[("a", 2)], &[], &[("a", 2)], false),
            (&[], &[("a", 1)], &[("a", 2)], &[("a", 1)], false),
        ];
        for (row, (base, ours, theirs, expected, agrees)) in table.iter().enumerate() {
            let [base, ours, theirs] = [base, ours, theirs].map(|side| encoded(&values_of(side)));
            let merged = |rule| data::merge::<Values>(Some(&base), &ours, &theirs, rule);
            let expected = encoded(&values_of(expected));
            assert_eq!(merged(OnConflict::Merge).unwrap(), expected, "row {row}");
            match merged(OnConflict::Reject) {
                Ok(merged) => assert!(*agrees && merged == expected, "row {row}"),
                Err(MergeError::Conflict(key)) => assert!(!agrees && key == "*", "row {row}"),
                Err(error) => panic!("row {row}: {error:?}"),
            }
        }
        let [ours, theirs] = [("a", 1), ("b", 2)].map(|entry| encoded(&values_of(&[entry])));
        let merged = data::merge::<Values>(None, &ours, &theirs, OnConflict::Reject).unwrap();
        assert_eq!(merged, encoded(&values_of(&[("a", 1), ("b", 2)])));
    }

    #[test]
    fn a_hash_map_that_was_put_back_in_another_order_is_no_change() {
        let entry = |numbers: &[u8]| {
            let map = numbers
                .iter()
                .map(|number| (Item::Unsigned((*number).into()), Item::Null));
            let mut values = Values::default();
            values.insert("map", &Item::Map(map.collect())).unwrap();
            encoded(&values)
        };
        let merged = data::merge::<Values>(
            Some(&entry(&[1, 2])),
            &entry(&[2, 1]),
            &entry(&[1, 2, 3]),
            OnConflict::Reject,
        );
        assert_eq!(merged.unwrap(), entry(&[1, 2, 3]));
    }

    // Read by hand against RFC 8949, section 3. A change here is another format.
    #[test]
    fn the_bytes_of_values_are_frozen() {
        let mut values = Values::default();
        values.insert("a", &[1.5]).unwrap();
        values.insert(-2, &true).unwrap();
        values.insert(24, "b").unwrap();
        assert_eq!(
            encoded(&values),
            b"\x01\xa3\x21\xf5\x18\x18\x61b\x61a\x81\xf9\x3e\x00"
        );
    }

    #[test]
    fn payloads_that_nobody_of_ours_wrote_are_refused() {
        for fields in [
            &b""[..],
            b"\x80",
            b"\x07",
            b"\xa1\x41a\x07",
            b"\xa1\x80\x07",
            b"\xa1\xf9\x3e\x00\x07",
            b"\xa1\x1b\x80\0\0\0\0\0\0\0\x07",
            b"\xa2\x07\x07\x07\x07",
            b"\xa2\x07\x07\x18\x07\x07",
            b"\xa2\x61a\x07\x61a\x07",
            b"\xa1\x61\xff\x07",
            b"\xa1\x61a\x61\xff",
            b"\xa1\x61a\x07\x00",
            b"\xa2\x61a\x07",
            b"\xa1\x61a\x9b\x40\0\0\0\0\0\0\0\x00",
            b"\xa1\x61a\xbb\x40\0\0\0\0\0\0\0\x00\x00",
            b"\xa1\x61a\x5b\xff\xff\xff\xff\xff\xff\xff\xff\x00",
            b"\xbb\x40\0\0\0\0\0\0\0\x61a\x07",
            b"\xa1\x61a\x9f\x00",
            b"\xbf\x61a\x07",
            b"\xa1\x61a\x1c",
        ] {
            assert!(decoded(&[b"\x01", fields].concat()).is_err(), "{fields:?}");
        }
        for opening in [&b"\x81"[..], b"\x9f", b"\xa1\x00", b"\xa1", b"\xc0"] {
            let nested = [b"\x01\xa1\x61a", &opening.repeat(10_000)[..], b"\x00"].concat();
            assert!(decoded(&nested).is_err(), "{opening:?}");
        }
    }

    #[test]
    fn a_value_nested_too_deeply_to_be_read_is_refused_when_it_is_inserted() {
        let mut values = Values::default();
        let mut nested = Item::Null;
        for _ in 0..200 {
            nested = Item::Array([nested].into());
        }
        assert!(values.insert("nested", &nested).is_err());
        assert!(values.is_empty());
    }

    #[test]
    fn a_mebibyte_of_maps_with_costly_keys_is_read_in_bounded_time() {
        // {"a": {[[0, 0, ..]]: 0, [0]: 0, [1]: 0, ..}}: to sort these, the first key would be written once for each of the others.
        let (elements, keys) = (524_288_u32, 104_857_u32);
        let mut payload = b"\x01\xa1\x61a\xba".to_vec();
        payload.extend((keys + 1).to_be_bytes());
        payload.extend(b"\x81\x9a");
        payload.extend(elements.to_be_bytes());
        payload.extend(vec![0; elements as usize + 1]);
        for number in 0..keys {
            payload.extend(b"\x81\x1a");
            payload.extend(number.to_be_bytes());
            payload.push(0);
        }
        assert!(payload.len() >= 1 << 20);
        let clock = Clock::system();
        let before = clock.now();
        assert_eq!(decoded(&payload).unwrap().len(), 1);
        // It takes a fraction of a second; anything of quadratic time would take an hour.
        assert!(clock.now().seconds_since(before) < 10);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), entries in 0xa0_u8..0xa6) {
            for payload in [bytes.clone(), [&[1, entries][..], &bytes].concat(), [&b"\x01\xa1\x07"[..], &bytes].concat()] {
                if let Ok(values) = decoded(&payload) {
                    let written = encoded(&values);
                    prop_assert!(decoded(&written).is_ok_and(|again| again == values));
                }
            }
        }
    }
}
