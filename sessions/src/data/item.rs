use std::fmt;

use serde::{
    Deserialize, Serialize, Serializer,
    de::{self, DeserializeOwned, IgnoredAny, MapAccess, SeqAccess, Visitor},
    ser::{SerializeMap as _, SerializeSeq as _},
};
use serde_cbor::{Deserializer, Error};

use super::DecodeError;

/// A CBOR data item (RFC 8949) of whatever kind, kept as it came.
///
/// The CBOR library's own `Value` sorts the entries of its maps, and to compare two keys that are arrays it writes both out: a map whose
/// keys are a large array and many small ones takes it time that grows with the square of the data. Here entries stay in their order, and
/// reading takes time in proportion to the bytes.
///
/// Boxed slices make it 24 bytes, so that an array of one-byte integers grows to 24 times its size and not 32.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Item {
    Null,
    Bool(bool),
    Unsigned(u64),
    /// -1 minus this.
    Negative(u64),
    /// As bits, so that an item equals itself also where it is not a number.
    Float(u64),
    Bytes(Box<[u8]>),
    Text(Box<str>),
    Array(Box<[Self]>),
    Map(Box<[(Self, Self)]>),
}

impl Item {
    /// Turns a value into the item it is written as.
    pub(crate) fn of<V: Serialize + ?Sized>(value: &V) -> Result<Self, Error> {
        serde_cbor::from_slice(&serde_cbor::to_vec(&value)?)
    }

    /// Parts the item that bytes begin with from those behind it.
    pub(super) fn split(bytes: &[u8]) -> Result<(&[u8], &[u8]), DecodeError> {
        let mut deserializer = Deserializer::from_slice(bytes);
        IgnoredAny::deserialize(&mut deserializer)?;
        bytes
            .split_at_checked(deserializer.byte_offset())
            .ok_or(DecodeError::malformed("the data ends early"))
    }

    /// Reads the item as a `V`.
    pub(crate) fn read<V: DeserializeOwned>(&self) -> Result<V, Error> {
        serde_cbor::from_slice(&serde_cbor::to_vec(self)?)
    }
}

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Items)
    }
}

impl Serialize for Item {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Unsigned(value) => serializer.serialize_u64(*value),
            Self::Negative(value) => serializer.serialize_i128(-1 - i128::from(*value)),
            Self::Float(bits) => serializer.serialize_f64(f64::from_bits(*bits)),
            Self::Bytes(bytes) => serializer.serialize_bytes(bytes),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Array(items) => {
                let mut array = serializer.serialize_seq(Some(items.len()))?;
                items
                    .iter()
                    .try_for_each(|item| array.serialize_element(item))?;
                array.end()
            }
            Self::Map(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                entries
                    .iter()
                    .try_for_each(|(key, value)| map.serialize_entry(key, value))?;
                map.end()
            }
        }
    }
}

/// The kind only: the value is somebody's data.
impl fmt::Debug for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Item(..)")
    }
}

struct Items;

impl<'de> Visitor<'de> for Items {
    type Value = Item;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a CBOR data item")
    }

    fn visit_unit<E>(self) -> Result<Item, E> {
        Ok(Item::Null)
    }

    fn visit_none<E>(self) -> Result<Item, E> {
        Ok(Item::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Item, E> {
        Ok(Item::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Item, E> {
        Ok(Item::Unsigned(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Item, E> {
        self.visit_i128(value.into())
    }

    fn visit_i128<E: de::Error>(self, value: i128) -> Result<Item, E> {
        let item = if value < 0 {
            u64::try_from(-1 - value).map(Item::Negative)
        } else {
            u64::try_from(value).map(Item::Unsigned)
        };
        item.map_err(|_| E::custom("an integer of more than 64 bits"))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Item, E> {
        Ok(Item::Float(value.to_bits()))
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Item, E> {
        Ok(Item::Bytes(bytes.into()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Item, E> {
        Ok(Item::Text(text.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Item, A::Error> {
        // The declared length is the sender's word: grow with what really comes.
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Item::Array(items.into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Item, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Item::Map(entries.into()))
    }
}
