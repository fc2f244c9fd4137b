use std::{cmp::Ordering, marker::PhantomData};

use serde::{
    Deserialize, Serialize,
    de::DeserializeSeed,
    ser::{SerializeMap, Serializer as _},
};
use serde_cbor::{Deserializer, Serializer, Value};

use super::{DecodeError, EncodeError, Schema, Unknown, error::DecodeErrorKind, fields::MapSeed};

/// A type's data as it was read.
pub(crate) struct Decoded<T> {
    pub(crate) data: T,
    pub(crate) unknown: Unknown,
    /// Whether [`encode`] would write the very same bytes, unordered fields aside.
    pub(crate) exact: bool,
}

/// Appends the payload of `data` to `out`.
pub(crate) fn encode<T: Schema>(
    data: &T,
    unknown: &Unknown,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    let mut serializer = Serializer::new(out);
    T::VERSION.serialize(&mut serializer)?;
    let mut map = (&mut serializer).serialize_map(Some(data.field_count() + unknown.len()))?;
    data.encode_fields(&mut map)?;
    unknown.encode(&mut map)?;
    SerializeMap::end(map)?;
    Ok(())
}

/// Reads a payload as `T`, through the chain of its `previous` types where the version is older.
pub(crate) fn decode<T: Schema>(payload: &[u8]) -> Result<Decoded<T>, DecodeError> {
    let mut deserializer = Deserializer::from_slice(payload);
    let version = u32::deserialize(&mut deserializer)?;
    let fields = payload
        .get(deserializer.byte_offset()..)
        .unwrap_or_default();
    let mut decoded = Stored { version, fields }.read::<T>()?;
    decoded.exact &= version == T::VERSION;
    Ok(decoded)
}

/// The fields of stored data and the version they were written by.
#[derive(Debug)]
pub struct Stored<'a> {
    version: u32,
    fields: &'a [u8],
}

impl Stored<'_> {
    /// Reads the fields as `P`, or as whatever came before it.
    ///
    /// # Errors
    ///
    /// A version that is newer than `P` or that nothing in the chain reads; bytes that are not those of the type.
    pub fn decode<P: Schema>(&self) -> Result<P, DecodeError> {
        // The unknown fields of an older version mean nothing to a newer one: its conversion decides what goes on.
        self.read().map(|decoded| decoded.data)
    }

    pub(super) fn unknown_version(&self) -> DecodeError {
        DecodeErrorKind::UnknownVersion.into()
    }

    fn read<T: Schema>(&self) -> Result<Decoded<T>, DecodeError> {
        let mut unknown = Unknown::default();
        let mut exact = false;
        let data = match self.version.cmp(&T::VERSION) {
            Ordering::Greater => return Err(DecodeErrorKind::NewerVersion.into()),
            Ordering::Less => T::from_previous(self)?,
            Ordering::Equal => {
                // Positions in place of names would let a moved field relabel data. The fields' own keys are text or refused (`KeySeed`), and
                // nothing here writes positions into a nested struct; to forbid them there (`disable_packed_format`) would forbid every map
                // with integer keys.
                let mut deserializer = Deserializer::from_slice(self.fields);
                let data = MapSeed {
                    unknown: &mut unknown,
                    exact: &mut exact,
                    of: PhantomData,
                }
                .deserialize(&mut deserializer)?;
                deserializer.end()?;
                data
            }
        };
        Ok(Decoded {
            data,
            unknown,
            exact,
        })
    }
}

/// Whether two payloads say the same although their bytes differ: maps whose entries come in another order.
pub(crate) fn same_content(a: &[u8], b: &[u8]) -> bool {
    // Reordering moves bytes and changes none: where length or sum differ, so does the content. That is nearly always and costs little.
    if a.len() != b.len() || byte_sum(a) != byte_sum(b) {
        return false;
    }
    match (content(a), content(b)) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    }
}

/// Modulo 256, which the compiler turns into a few vector instructions; one change in 256 slips through to the closer look.
fn byte_sum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| sum.wrapping_add(*byte))
}

fn content(payload: &[u8]) -> Result<(u32, Value), serde_cbor::Error> {
    let mut deserializer = Deserializer::from_slice(payload);
    Ok((
        u32::deserialize(&mut deserializer)?,
        Value::deserialize(&mut deserializer)?,
    ))
}
