use std::{fmt, marker::PhantomData};

use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor};

use super::Unknown;

/// The wire keys of one stored field.
#[derive(Clone, Copy, Debug)]
pub struct FieldKeys {
    key: &'static str,
    aliases: &'static [&'static str],
}

impl FieldKeys {
    /// Names the key a field is written under and those it is also read from.
    #[must_use]
    pub const fn new(key: &'static str, aliases: &'static [&'static str]) -> Self {
        Self { key, aliases }
    }
}

/// Hands a decoder its fields one by one, and keeps aside those it does not know.
pub struct Fields<'a, A> {
    map: A,
    keys: &'static [FieldKeys],
    /// The field that follows the last one, if the writer used our own order.
    expected: usize,
    /// So far: every field present, in our order, under its own key, and nothing else.
    exact: bool,
    /// Whether the last field was named by one of its aliases.
    by_alias: bool,
    unknown: &'a mut Unknown,
}

impl<'a, A> Fields<'a, A> {
    pub(super) fn new(map: A, keys: &'static [FieldKeys], unknown: &'a mut Unknown) -> Self {
        Self {
            map,
            keys,
            expected: 0,
            exact: true,
            by_alias: false,
            unknown,
        }
    }

    /// Whether the bytes are those we would write for the same data.
    pub(super) fn is_exact(&self) -> bool {
        self.exact && self.expected == self.keys.len()
    }
}

impl<'de, A: MapAccess<'de>> Fields<'_, A> {
    /// The index of the next field that the type knows; `None` after the last.
    ///
    /// # Errors
    ///
    /// What the decoder says: a key that is not text, a key that stands twice, broken bytes.
    #[expect(
        clippy::should_implement_trait,
        reason = "it fails, and an iterator could not hand out the value that follows"
    )]
    pub fn next(&mut self) -> Result<Option<usize>, A::Error> {
        loop {
            let seed = KeySeed {
                keys: self.keys,
                expected: self.expected,
            };
            match self.map.next_key_seed(seed)? {
                None => return Ok(None),
                Some(Key::Known { index, by_alias }) => {
                    self.exact &= index == self.expected && !by_alias;
                    self.by_alias = by_alias;
                    self.expected = index + 1;
                    return Ok(Some(index));
                }
                Some(Key::Unknown(key)) => {
                    self.exact = false;
                    let value = self.map.next_value()?;
                    self.unknown.keep(key, value).map_err(A::Error::custom)?;
                }
            }
        }
    }

    /// Whether [`next`](Self::next) found the field under one of its aliases.
    ///
    /// Key and alias may both stand: code that only knows the old key writes it back beside the new one, which it kept as unknown. The
    /// key's value is then the one that counts.
    #[must_use]
    pub fn by_alias(&self) -> bool {
        self.by_alias
    }

    /// The value of the field that [`next`](Self::next) named.
    ///
    /// # Errors
    ///
    /// What the decoder or the value's own type says.
    pub fn value<V: DeserializeOwned>(&mut self) -> Result<V, A::Error> {
        self.map.next_value()
    }

    /// The same through a seed, for fields with a decoder of their own.
    ///
    /// # Errors
    ///
    /// What the decoder or the seed says.
    pub fn seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.map.next_value_seed(seed)
    }

    /// The error of a field that stands twice.
    pub fn duplicate(&self, index: usize) -> A::Error {
        let key = self.keys.get(index).map_or("", |keys| keys.key);
        A::Error::custom(format_args!("field `{key}` stands twice"))
    }

    /// The entries themselves, for a type whose keys are not known beforehand.
    pub(crate) fn entries(&mut self) -> &mut A {
        &mut self.map
    }
}

impl<A> fmt::Debug for Fields<'_, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fields")
            .field("expected", &self.expected)
            .field("exact", &self.exact)
            .finish_non_exhaustive()
    }
}

enum Key {
    Known { index: usize, by_alias: bool },
    Unknown(String),
}

/// Finds a key's field; the expected one is tried first, so that our own order costs one comparison a field.
struct KeySeed {
    keys: &'static [FieldKeys],
    expected: usize,
}

impl<'de> DeserializeSeed<'de> for KeySeed {
    type Value = Key;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

/// Text only: bytes and positions are not keys.
impl Visitor<'_> for KeySeed {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field's key as text")
    }

    fn visit_str<E>(self, text: &str) -> Result<Key, E> {
        if let Some(keys) = self.keys.get(self.expected)
            && keys.key == text
        {
            return Ok(Key::Known {
                index: self.expected,
                by_alias: false,
            });
        }
        if let Some(index) = self.keys.iter().position(|keys| keys.key == text) {
            return Ok(Key::Known {
                index,
                by_alias: false,
            });
        }
        Ok(
            match self
                .keys
                .iter()
                .position(|keys| keys.aliases.contains(&text))
            {
                Some(index) => Key::Known {
                    index,
                    by_alias: true,
                },
                None => Key::Unknown(text.to_owned()),
            },
        )
    }
}

/// Reads a whole map into a type.
pub(super) struct MapSeed<'a, T> {
    pub(super) unknown: &'a mut Unknown,
    pub(super) exact: &'a mut bool,
    pub(super) of: PhantomData<T>,
}

impl<'de, T: super::Schema> DeserializeSeed<'de> for MapSeed<'_, T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_map(self)
    }
}

/// Maps only: an array of values would be positions.
impl<'de, T: super::Schema> Visitor<'de> for MapSeed<'_, T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of fields")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        let mut fields = Fields::new(map, T::KEYS, self.unknown);
        let data = T::decode_fields(&mut fields)?;
        *self.exact = fields.is_exact();
        Ok(data)
    }
}
