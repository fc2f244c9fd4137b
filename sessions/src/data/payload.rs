use std::cmp::Ordering;

use serde_cbor::Value;

use super::{
    DecodeError, EncodeError, FieldWriter, Fields, Schema, Unknown, error::DecodeErrorKind, head,
};

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
    head::write_unsigned(T::VERSION.into(), out);
    head::write_map(data.field_count() + unknown.len(), out);
    data.encode_fields(&mut FieldWriter::new(out))?;
    unknown.write(out);
    Ok(())
}

/// Reads a payload as `T`, through the chain of its `previous` types where the version is older.
pub(crate) fn decode<T: Schema>(payload: &[u8]) -> Result<Decoded<T>, DecodeError> {
    let (version, fields) = head::read_unsigned(payload)?;
    Stored { version, fields }.read()
}

/// The fields of stored data and the version they were written by.
#[derive(Debug)]
pub struct Stored<'a> {
    version: u64,
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
        match self.version.cmp(&T::VERSION.into()) {
            Ordering::Greater => Err(DecodeErrorKind::NewerVersion.into()),
            Ordering::Less => {
                let data = T::from_previous(self)?;
                Ok(Decoded {
                    data,
                    unknown,
                    exact: false,
                })
            }
            Ordering::Equal => {
                let mut fields = Fields::new(self.fields, T::KEYS, &mut unknown)?;
                let data = T::decode_fields(&mut fields)?;
                let exact = fields.finish()?;
                Ok(Decoded {
                    data,
                    unknown,
                    exact,
                })
            }
        }
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

fn content(payload: &[u8]) -> Result<(u64, Value), DecodeError> {
    let (version, fields) = head::read_unsigned(payload)?;
    Ok((version, serde_cbor::from_slice(fields)?))
}
