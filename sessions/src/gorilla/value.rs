use std::{fmt, time::SystemTime};

use super::{FromValue, MapKey, Opaque, Struct, ValueError, value_error::Under as _};

/// One value of a gorilla session, as the Go application had put it there.
///
/// Most are taken by [`Values::get`](super::Values::get), which asks for a type; whoever must look at the tree itself matches on this. `Debug`
/// shows the kinds of values and not the values: they are somebody's data.
///
/// ```
/// use sessions::gorilla::{Value, Values};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let values = Values::from_json(br#"{"cart": {"items": [7, "tea", null], "paid": false}}"#)?;
/// let cart = values.value("cart").unwrap();
/// assert_eq!(cart.get::<bool>("paid")?, false);
///
/// let Some(Value::List(items)) = cart.value("items") else { panic!() };
/// assert_eq!(*items, [Value::Int(7), Value::Str("tea".into()), Value::Nil]);
/// assert_eq!(format!("{cart:?}"), r#"{"items": [integer, text, nil], "paid": boolean}"#);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// A nil interface; in a [`Struct`] a nil pointer or a time that was not set; in JSON `null`.
    Nil,
    /// A boolean.
    Bool(bool),
    /// An integer of any signed type of Go, named ones such as `time.Duration` (in nanoseconds) included; in JSON any integer that fits.
    Int(i64),
    /// An integer of any unsigned type of Go; in JSON one that fits only here.
    Uint(u64),
    /// A float.
    Float(f64),
    /// A complex number.
    Complex {
        /// Its real part.
        re: f64,
        /// Its imaginary part.
        im: f64,
    },
    /// A text.
    Str(String),
    /// A slice of bytes, or a Go string that is not UTF-8.
    Bytes(Vec<u8>),
    /// A slice or an array of anything but bytes.
    List(Vec<Self>),
    /// A map, in no order; in JSON an object.
    Map(Vec<(Self, Self)>),
    /// A registered struct.
    Struct(Struct),
    /// A `time.Time`; the zone it was shown in is gone. Go's zero time is the first of January of the year 1.
    Time(SystemTime),
    /// A type that writes itself.
    Opaque(Opaque),
}

impl Value {
    /// What is under a key of a map, or in a field of a struct; `None` if it is neither or has none.
    #[must_use]
    pub fn value<'k>(&self, key: impl Into<MapKey<'k>>) -> Option<&Self> {
        let key = key.into();
        match self {
            Self::Map(entries) => key.find(entries),
            Self::Struct(structure) => structure.field(key.as_text()?),
            _ => None,
        }
    }

    /// What is under a key of a map, or in a field of a struct, as a `V`.
    ///
    /// # Errors
    ///
    /// There is nothing under the key, or what there is, is no `V`; nor is there anything in a value that is neither map nor struct.
    pub fn get<'a, 'k, V: FromValue<'a>>(
        &'a self,
        key: impl Into<MapKey<'k>>,
    ) -> Result<V, ValueError> {
        let key = key.into();
        V::from_entry(self.value(key)).under(&key)
    }

    /// In the words of messages.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Nil => "nil",
            Self::Bool(_) => "a boolean",
            Self::Int(_) | Self::Uint(_) => "an integer",
            Self::Float(_) => "a float",
            Self::Complex { .. } => "a complex number",
            Self::Str(_) => "a text",
            Self::Bytes(_) => "bytes",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
            Self::Struct(_) => "a struct",
            Self::Time(_) => "a time",
            Self::Opaque(_) => "a value that is opaque",
        }
    }
}

/// Keys, and the kinds of values.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nil => f.write_str("nil"),
            Self::Bool(_) => f.write_str("boolean"),
            Self::Int(_) | Self::Uint(_) => f.write_str("integer"),
            Self::Float(_) => f.write_str("float"),
            Self::Complex { .. } => f.write_str("complex"),
            Self::Str(_) => f.write_str("text"),
            Self::Bytes(_) => f.write_str("bytes"),
            Self::List(list) => list.fmt(f),
            Self::Map(entries) => Entries(entries).fmt(f),
            Self::Struct(structure) => structure.fmt(f),
            Self::Time(_) => f.write_str("time"),
            Self::Opaque(opaque) => opaque.fmt(f),
        }
    }
}

/// Shows a map with its keys where they are texts or integers.
pub(super) struct Entries<'a>(pub(super) &'a [(Value, Value)]);

impl fmt::Debug for Entries<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for (key, value) in self.0 {
            match key {
                Value::Str(key) => map.entry(key, value),
                Value::Int(key) => map.entry(key, value),
                Value::Uint(key) => map.entry(key, value),
                key => map.entry(key, value),
            };
        }
        map.finish()
    }
}
