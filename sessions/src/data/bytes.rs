use std::{fmt, marker::PhantomData};

use serde::{
    Serialize, Serializer,
    de::{DeserializeSeed, Deserializer, Error as _, SeqAccess, Visitor},
};

/// Writes bytes as a CBOR byte string: one byte each, where plain serde writes an array of integers of up to two.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "the derive's output makes it")]
pub struct AsBytes<'a, B: ?Sized>(pub &'a B);

impl<B: AsRef<[u8]> + ?Sized> Serialize for AsBytes<'_, B> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0.as_ref())
    }
}

/// Reads what [`AsBytes`] wrote, and the array of integers that plain serde would have written.
pub struct ByteSeed<B>(PhantomData<B>);

impl<B> ByteSeed<B> {
    /// Stands for the type to read.
    #[expect(
        clippy::new_without_default,
        reason = "nothing is defaulted: it is a name for a type"
    )]
    #[must_use]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<'de> DeserializeSeed<'de> for ByteSeed<Vec<u8>> {
    type Value = Vec<u8>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<u8>, D::Error> {
        deserializer.deserialize_byte_buf(Bytes)
    }
}

impl<'de, const N: usize> DeserializeSeed<'de> for ByteSeed<[u8; N]> {
    type Value = [u8; N];

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<[u8; N], D::Error> {
        let bytes = deserializer.deserialize_bytes(Bytes)?;
        bytes.try_into().map_err(|bytes: Vec<u8>| {
            D::Error::invalid_length(bytes.len(), &"as many bytes as the array")
        })
    }
}

struct Bytes;

impl<'de> Visitor<'de> for Bytes {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bytes")
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
        Ok(bytes.to_vec())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<u8>, A::Error> {
        // The declared length is the sender's word: grow with what really comes.
        let mut bytes = Vec::new();
        while let Some(byte) = seq.next_element()? {
            bytes.push(byte);
        }
        Ok(bytes)
    }
}

impl<B> fmt::Debug for ByteSeed<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ByteSeed")
    }
}
