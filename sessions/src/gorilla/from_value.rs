use std::{
    collections::{BTreeMap, HashMap},
    hash::{BuildHasher, Hash},
    time::SystemTime,
};

use super::{Struct, Value, ValueError};

/// A type that a [`Value`] can be read as: what [`Values::get`](super::Values::get) can be asked for.
///
/// | asked for | given | taken |
/// | --- | --- | --- |
/// | an integer | an integer of any type | if it is in range |
/// | `f64`, `f32` | a float; an integer | an integer only if it stays exact |
/// | `bool` | a boolean | |
/// | `String`, `&str` | a text | |
/// | `Vec<u8>`, `&[u8]` | bytes, a text, a value that is opaque | |
/// | `SystemTime` | a time | |
/// | `Vec<V>` | a list of `V` | |
/// | `HashMap<K, V>`, `BTreeMap<K, V>` | a map of `K` to `V` | of equal keys the last |
/// | `Option<V>` | nothing, nil, a `V` | `None` for the first two |
/// | `&Value`, `&Struct`, `Value` | anything; a struct; anything | |
///
/// Implement it for a struct of one's own to ask for that:
///
/// ```
/// use sessions::gorilla::{FromValue, Value, ValueError, Values};
///
/// #[derive(Debug, PartialEq)]
/// struct Item {
///     sku: String,
///     count: u32,
/// }
///
/// impl FromValue<'_> for Item {
///     fn from_value(value: &Value) -> Result<Self, ValueError> {
///         Ok(Self {
///             sku: value.get("Sku")?,
///             count: value.get("Count")?,
///         })
///     }
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let values = Values::from_json(br#"{"items": [{"Sku": "tea", "Count": 2}]}"#)?;
/// assert_eq!(values.get::<Vec<Item>>("items")?, [Item { sku: "tea".into(), count: 2 }]);
///
/// let error = Values::from_json(br#"{"items": [{"Sku": 7}]}"#)?.get::<Vec<Item>>("items").unwrap_err();
/// assert_eq!(error.path(), "items.Sku");
/// # Ok(())
/// # }
/// ```
pub trait FromValue<'a>: Sized {
    /// Reads a value.
    ///
    /// # Errors
    ///
    /// The value is of another type, or out of range.
    fn from_value(value: &'a Value) -> Result<Self, ValueError>;

    /// Reads what is under a key, `None` if there is nothing.
    ///
    /// # Errors
    ///
    /// As for [`from_value`](Self::from_value); and, except for `Option`, there is nothing.
    fn from_entry(value: Option<&'a Value>) -> Result<Self, ValueError> {
        Self::from_value(value.ok_or_else(ValueError::missing)?)
    }

    // A list of bytes has a representation of its own, and there is no telling `Vec<u8>` from `Vec<V>` but by asking `u8`.
    #[doc(hidden)]
    fn from_list(value: &'a Value) -> Result<Vec<Self>, ValueError> {
        let Value::List(list) = value else {
            return Err(ValueError::other_type("a list", value));
        };
        list.iter().map(Self::from_value).collect()
    }
}

macro_rules! integers {
    ($($integer:ident)*) => {$(
        impl FromValue<'_> for $integer {
            fn from_value(value: &Value) -> Result<Self, ValueError> {
                integer(value)?
                    .try_into()
                    .map_err(|_| ValueError::out_of_range(stringify!($integer)))
            }
        }
    )*};
}

integers!(i8 i16 i32 i64 i128 isize u16 u32 u64 u128 usize);

impl<'a> FromValue<'a> for u8 {
    fn from_value(value: &'a Value) -> Result<Self, ValueError> {
        integer(value)?
            .try_into()
            .map_err(|_| ValueError::out_of_range("u8"))
    }

    fn from_list(value: &'a Value) -> Result<Vec<Self>, ValueError> {
        match value {
            // An array of bytes, which Go sends as one of numbers.
            Value::List(list) => list.iter().map(Self::from_value).collect(),
            _ => <&[Self]>::from_value(value).map(<[Self]>::to_vec),
        }
    }
}

impl FromValue<'_> for f64 {
    fn from_value(value: &Value) -> Result<Self, ValueError> {
        if let Value::Float(float) = value {
            return Ok(*float);
        }
        let integer = match value {
            Value::Int(_) | Value::Uint(_) => integer(value)?,
            _ => return Err(ValueError::other_type("a float", value)),
        };
        // Beyond 2^53 neighbors are one and the same float.
        if integer.unsigned_abs() > 1 << Self::MANTISSA_DIGITS {
            return Err(ValueError::out_of_range("f64"));
        }
        Ok(integer as Self)
    }
}

impl FromValue<'_> for f32 {
    fn from_value(value: &Value) -> Result<Self, ValueError> {
        let wide = f64::from_value(value)?;
        let float = wide as Self;
        if float.is_infinite() && wide.is_finite() {
            return Err(ValueError::out_of_range("f32"));
        }
        Ok(float)
    }
}

impl FromValue<'_> for bool {
    fn from_value(value: &Value) -> Result<Self, ValueError> {
        match value {
            Value::Bool(truth) => Ok(*truth),
            _ => Err(ValueError::other_type("a boolean", value)),
        }
    }
}

impl<'a> FromValue<'a> for &'a str {
    fn from_value(value: &'a Value) -> Result<Self, ValueError> {
        match value {
            Value::Str(text) => Ok(text),
            _ => Err(ValueError::other_type("a text", value)),
        }
    }
}

impl FromValue<'_> for String {
    fn from_value(value: &Value) -> Result<Self, ValueError> {
        <&str>::from_value(value).map(Self::from)
    }
}

impl<'a> FromValue<'a> for &'a [u8] {
    fn from_value(value: &'a Value) -> Result<Self, ValueError> {
        match value {
            Value::Bytes(bytes) => Ok(bytes),
            // Whoever keeps bytes in a Go string has a text as soon as they happen to be one.
            Value::Str(text) => Ok(text.as_bytes()),
            Value::Opaque(opaque) => Ok(opaque.bytes()),
            _ => Err(ValueError::other_type("bytes", value)),
        }
    }
}

impl FromValue<'_> for SystemTime {
    fn from_value(value: &Value) -> Result<Self, ValueError> {
        match value {
            Value::Time(time) => Ok(*time),
            _ => Err(ValueError::other_type("a time", value)),
        }
    }
}

impl<'a, V: FromValue<'a>> FromValue<'a> for Vec<V> {
    fn from_value(value: &'a Value) -> Result<Self, ValueError> {
        V::from_list(value)
    }
}

impl<'a, K, V, S> FromValue<'a> for HashMap<K, V, S>
where
    K: FromValue<'a> + Eq + Hash,
    V: FromValue<'a>,
    S: BuildHasher + Default,
{
    fn from_value(value: &'a Value) -> Result<Self, ValueError> {
        entries(value)?.collect()
    }
}

impl<'a, K, V> FromValue<'a> for BTreeMap<K, V>
where
    K: FromValue<'a> + Ord,
    V: FromValue<'a>,
{
    fn from_value(value: &'a Value) -> Result<Self, ValueError> {
        entries(value)?.collect()
    }
}

impl<'a, V: FromValue<'a>> FromValue<'a> for Option<V> {
    fn from_value(value: &'a Value) -> Result<Self, ValueError> {
        match value {
            Value::Nil => Ok(None),
            value => V::from_value(value).map(Some),
        }
    }

    fn from_entry(value: Option<&'a Value>) -> Result<Self, ValueError> {
        value.map_or(Ok(None), Self::from_value)
    }
}

impl<'a> FromValue<'a> for &'a Value {
    fn from_value(value: &'a Value) -> Result<Self, ValueError> {
        Ok(value)
    }
}

impl FromValue<'_> for Value {
    fn from_value(value: &Value) -> Result<Self, ValueError> {
        Ok(value.clone())
    }
}

impl<'a> FromValue<'a> for &'a Struct {
    fn from_value(value: &'a Value) -> Result<Self, ValueError> {
        match value {
            Value::Struct(structure) => Ok(structure),
            _ => Err(ValueError::other_type("a struct", value)),
        }
    }
}

fn integer(value: &Value) -> Result<i128, ValueError> {
    match value {
        Value::Int(number) => Ok((*number).into()),
        Value::Uint(number) => Ok((*number).into()),
        _ => Err(ValueError::other_type("an integer", value)),
    }
}

fn entries<'a, K: FromValue<'a>, V: FromValue<'a>>(
    value: &'a Value,
) -> Result<impl Iterator<Item = Result<(K, V), ValueError>>, ValueError> {
    let Value::Map(entries) = value else {
        return Err(ValueError::other_type("a map", value));
    };
    Ok(entries
        .iter()
        .map(|(key, value)| Ok((K::from_value(key)?, V::from_value(value)?))))
}
