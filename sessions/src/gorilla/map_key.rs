use std::fmt;

use super::Value;

/// What a value is looked up by: a text or an integer.
///
/// A key of gorilla's may be of any type. Integers match whatever integer type they had in Go; keys of other types are met by
/// [`Values::iter`](super::Values::iter).
///
/// ```
/// # use sessions::gorilla::Values;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let values = Values::from_gob(b"\x0e\xff\x81\x04\x01\x02\xff\x82\x00\x01\x10\x01\x10\x00\x00\x14\xff\x82\x00\x01\x03int\x04\x02\x00\x54\x03int\x04\x02\x00\x56")?;
/// // In Go: session.Values[42] = 43
/// assert_eq!(values.get::<u8>(42)?, 43);
/// assert!(!values.contains_key("42"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct MapKey<'a>(Kind<'a>);

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Kind<'a> {
    Text(&'a str),
    Integer(i128),
}

impl MapKey<'_> {
    pub(super) fn is(&self, key: &Value) -> bool {
        match (self.0, key) {
            (Kind::Text(text), Value::Str(key)) => text == key,
            (Kind::Integer(number), Value::Int(key)) => number == i128::from(*key),
            (Kind::Integer(number), Value::Uint(key)) => number == i128::from(*key),
            _ => false,
        }
    }

    /// Looks from the end, since of two equal keys in JSON the last one counts. gob has no two.
    pub(super) fn find(self, entries: &[(Value, Value)]) -> Option<&Value> {
        let mut entries = entries.iter().rev();
        entries
            .find(|(key, _)| self.is(key))
            .map(|(_, value)| value)
    }

    /// The name of a field of a struct.
    pub(super) fn as_text(&self) -> Option<&str> {
        match self.0 {
            Kind::Text(text) => Some(text),
            Kind::Integer(_) => None,
        }
    }
}

impl<'a> From<&'a str> for MapKey<'a> {
    fn from(text: &'a str) -> Self {
        Self(Kind::Text(text))
    }
}

impl<'a> From<&'a String> for MapKey<'a> {
    fn from(text: &'a String) -> Self {
        Self(Kind::Text(text))
    }
}

impl From<i32> for MapKey<'_> {
    fn from(number: i32) -> Self {
        Self(Kind::Integer(number.into()))
    }
}

impl From<i64> for MapKey<'_> {
    fn from(number: i64) -> Self {
        Self(Kind::Integer(number.into()))
    }
}

impl From<u64> for MapKey<'_> {
    fn from(number: u64) -> Self {
        Self(Kind::Integer(number.into()))
    }
}

impl fmt::Display for MapKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::Text(text) => f.write_str(text),
            Kind::Integer(number) => number.fmt(f),
        }
    }
}

impl fmt::Debug for MapKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::Text(text) => text.fmt(f),
            Kind::Integer(number) => number.fmt(f),
        }
    }
}
