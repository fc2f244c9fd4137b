use std::{any::Any, fmt};

use serde::de::{DeserializeOwned, DeserializeSeed, Error as _, IgnoredAny};
use serde_cbor::Deserializer;

use super::{DecodeError, Unknown, head};

/// The wire keys of one stored field, and how it merges.
#[derive(Clone, Copy, Debug)]
pub struct FieldKeys {
    key: &'static str,
    aliases: &'static [&'static str],
    rule: FieldRule,
}

/// What becomes of a field that two requests changed at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldRule {
    /// One of the two stays, or neither.
    Plain,
    /// [`Schema::merge_field`](super::Schema::merge_field) decides.
    Function,
    /// A flash of one message: an `Option`.
    FlashOne,
    /// A flash of several messages: a `Vec`, written as an array of them.
    FlashMany,
    /// A flash that is written in a way of its own.
    FlashOpaque,
    /// Whom the session belongs to.
    Principal,
}

impl FieldKeys {
    /// Names the key a field is written under and those it is also read from.
    #[must_use]
    pub const fn new(key: &'static str, aliases: &'static [&'static str]) -> Self {
        Self {
            key,
            aliases,
            rule: FieldRule::Plain,
        }
    }

    /// Says how the field merges.
    #[must_use]
    pub const fn merged_by(self, rule: FieldRule) -> Self {
        Self { rule, ..self }
    }

    pub(crate) const fn key(&self) -> &'static str {
        self.key
    }

    pub(crate) const fn rule(&self) -> FieldRule {
        self.rule
    }
}

/// Whether one of the fields is a flash.
pub(crate) const fn has_flash(fields: &[FieldKeys]) -> bool {
    let mut rest = fields;
    while let [first, others @ ..] = rest {
        match first.rule {
            FieldRule::FlashOne | FieldRule::FlashMany | FieldRule::FlashOpaque => return true,
            FieldRule::Plain | FieldRule::Function | FieldRule::Principal => rest = others,
        }
    }
    false
}

/// Hands a decoder its fields one by one, and keeps aside those it does not know.
///
/// The map's own frame is read here, and what is as plain as a key; all other values by the CBOR library. A writer of our own order then costs
/// one comparison a key, and a field that is not known stays as the bytes it came in.
pub struct Fields<'a> {
    /// What follows the last key or value that was read.
    rest: &'a [u8],
    /// The entries of which not even the key was read.
    entries_left: u64,
    keys: &'static [FieldKeys],
    /// The field that follows the last one, if the writer used our own order.
    expected: usize,
    /// So far: every field present, in our order, under its own key, and nothing else.
    exact: bool,
    /// Whether the last field was named by one of its aliases.
    by_alias: bool,
    unknown: &'a mut Unknown,
}

impl<'a> Fields<'a> {
    /// Stands before the first entry of a map.
    pub(super) fn new(
        map: &'a [u8],
        keys: &'static [FieldKeys],
        unknown: &'a mut Unknown,
    ) -> Result<Self, DecodeError> {
        let (entries_left, rest) = head::read_map(map)?;
        Ok(Self {
            rest,
            entries_left,
            keys,
            expected: 0,
            exact: true,
            by_alias: false,
            unknown,
        })
    }

    /// Says, after the last entry, whether the bytes are those we would write for the same data.
    ///
    /// Refuses bytes behind the map.
    pub(super) fn finish(self) -> Result<bool, DecodeError> {
        if !self.rest.is_empty() || self.entries_left > 0 {
            return Err(DecodeError::malformed("bytes behind the last field"));
        }
        Ok(self.exact && self.expected == self.keys.len())
    }

    /// Whether the next entry is this field under its own key; then its value is next.
    ///
    /// Asked of every field in our own order, which is most writers' order too, it makes a comparison of a few bytes that are known when the
    /// program is built.
    #[inline]
    #[must_use]
    pub fn is_next(&mut self, index: usize, key: &'static str) -> bool {
        let Some(rest) = head::strip_text(key, self.rest).filter(|_| self.entries_left > 0) else {
            return false;
        };
        self.entries_left -= 1;
        self.rest = rest;
        self.exact &= index == self.expected;
        self.expected = index + 1;
        true
    }

    /// The index of the next field that the type knows, wherever it stands; `None` after the last.
    ///
    /// # Errors
    ///
    /// A key that is not text, an unknown field that stands twice, broken bytes.
    #[expect(
        clippy::should_implement_trait,
        reason = "it fails, and an iterator could not hand out the value that follows"
    )]
    pub fn next(&mut self) -> Result<Option<usize>, DecodeError> {
        while self.entries_left > 0 {
            self.entries_left -= 1;
            let (key, rest) = head::read_text(self.rest)?;
            self.rest = rest;
            match self.find(key) {
                Some((index, by_alias)) => {
                    self.exact &= index == self.expected && !by_alias;
                    self.by_alias = by_alias;
                    self.expected = index + 1;
                    return Ok(Some(index));
                }
                None => self.keep(key)?,
            }
        }
        Ok(None)
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
    #[inline]
    pub fn value<V: DeserializeOwned + 'static>(&mut self) -> Result<V, DecodeError> {
        let mut value = None::<V>;
        let plain: &mut dyn Any = &mut value;
        // What most fields hold has no inside, and is read as keys are. Which it is, is known when the program is built.
        if let Some(text) = plain.downcast_mut::<Option<String>>() {
            let (bytes, rest) = head::read_text(self.rest)?;
            *text = Some(head::utf8(bytes)?.to_owned());
            self.rest = rest;
        } else if let Some(number) = plain.downcast_mut::<Option<u64>>() {
            let (unsigned, rest) = head::read_unsigned(self.rest)?;
            *number = Some(unsigned);
            self.rest = rest;
        }
        match value {
            Some(value) => Ok(value),
            None => self.read(|deserializer| V::deserialize(deserializer)),
        }
    }

    /// The same through a seed, for fields with a decoder of their own.
    ///
    /// # Errors
    ///
    /// What the decoder or the seed says.
    #[inline]
    pub fn seed<S: DeserializeSeed<'a>>(&mut self, seed: S) -> Result<S::Value, DecodeError> {
        self.read(|deserializer| seed.deserialize(deserializer))
    }

    /// The error of a field that stands twice.
    #[must_use]
    pub fn duplicate(&self, index: usize) -> DecodeError {
        let key = self.keys.get(index).map_or("", |keys| keys.key);
        serde_cbor::Error::custom(format_args!("field `{key}` stands twice")).into()
    }

    /// The next key, for a type whose keys are not known beforehand; `None` after the last.
    pub(crate) fn next_key<S: DeserializeSeed<'a>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, DecodeError> {
        if self.entries_left == 0 {
            return Ok(None);
        }
        self.entries_left -= 1;
        self.seed(seed).map(Some)
    }

    /// A key's field and whether the key is an alias.
    fn find(&self, key: &[u8]) -> Option<(usize, bool)> {
        let own = self.keys.iter().position(|keys| keys.key.as_bytes() == key);
        own.map(|index| (index, false)).or_else(|| {
            let is_key = |alias: &&str| alias.as_bytes() == key;
            let alias = self
                .keys
                .iter()
                .position(|keys| keys.aliases.iter().any(is_key));
            alias.map(|index| (index, true))
        })
    }

    /// Keeps an unknown field's value as the bytes it came in.
    fn keep(&mut self, key: &[u8]) -> Result<(), DecodeError> {
        self.exact = false;
        let from = self.rest;
        self.value::<IgnoredAny>()?;
        let value = from.get(..from.len() - self.rest.len()).unwrap_or_default();
        self.unknown.keep(head::utf8(key)?, value)
    }

    #[inline]
    fn read<V>(
        &mut self,
        value: impl FnOnce(&mut Deserializer<serde_cbor::de::SliceRead<'a>>) -> serde_cbor::Result<V>,
    ) -> Result<V, DecodeError> {
        let mut deserializer = Deserializer::from_slice(self.rest);
        let value = value(&mut deserializer)?;
        self.rest = self
            .rest
            .get(deserializer.byte_offset()..)
            .unwrap_or_default();
        Ok(value)
    }
}

impl fmt::Debug for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fields")
            .field("expected", &self.expected)
            .field("exact", &self.exact)
            .finish_non_exhaustive()
    }
}
