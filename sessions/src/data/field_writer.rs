use std::{any::Any, fmt};

use serde::{Deserialize as _, Serialize, de::IgnoredAny};
use serde_cbor::{Deserializer, Serializer, ser::IoWrite};

use super::{EncodeError, head};

/// Takes a type's fields one by one and appends them to a map.
pub struct FieldWriter<'a> {
    out: &'a mut Vec<u8>,
}

impl<'a> FieldWriter<'a> {
    /// Appends to these bytes.
    #[must_use]
    pub fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out }
    }

    /// Appends a field under its text key.
    ///
    /// # Errors
    ///
    /// The value's `Serialize` failed, or it is nested too deeply to be read back.
    #[inline]
    pub fn field<V: Serialize + 'static>(
        &mut self,
        key: &str,
        value: &V,
    ) -> Result<(), EncodeError> {
        let plain: &dyn Any = value;
        // As it is read: what has no inside is written as keys are.
        if let Some(text) = plain.downcast_ref::<String>() {
            head::write_text(key, self.out);
            head::write_text(text, self.out);
            Ok(())
        } else if let Some(number) = plain.downcast_ref::<u64>() {
            head::write_text(key, self.out);
            head::write_unsigned(*number, self.out);
            Ok(())
        } else {
            self.wrapped(key, value)
        }
    }

    /// The same for what stands around a field and says how it is written.
    ///
    /// # Errors
    ///
    /// As of [`field`](Self::field).
    pub fn wrapped<V: Serialize>(&mut self, key: &str, value: &V) -> Result<(), EncodeError> {
        head::write_text(key, self.out);
        self.value(value)
    }

    /// Appends an entry whose key is a value of its own.
    pub(crate) fn entry<K: Serialize + ?Sized, V: Serialize + ?Sized>(
        &mut self,
        key: &K,
        value: &V,
    ) -> Result<(), EncodeError> {
        self.value(key)?;
        self.value(value)
    }

    fn value<V: Serialize + ?Sized>(&mut self, value: &V) -> Result<(), EncodeError> {
        let start = self.out.len();
        // The library's own way to a `Vec` is a call for every few bytes; the standard library's is none.
        value.serialize(&mut Serializer::new(IoWrite::new(&mut *self.out)))?;
        let written = self.out.get(start..).unwrap_or_default();
        if may_be_deep(written) {
            // Read here, where it can be refused: stored, it would end the session.
            IgnoredAny::deserialize(&mut Deserializer::from_slice(written))?;
        }
        Ok(())
    }
}

/// Whether items may be nested as deep in each other as no decoder goes: each level takes a byte that begins an array, a map or a tag.
fn may_be_deep(item: &[u8]) -> bool {
    const SHALLOW: usize = 100;

    item.len() > SHALLOW
        && item
            .iter()
            .filter(|byte| matches!(byte, 0x80..0xe0))
            .count()
            > SHALLOW
}

impl fmt::Debug for FieldWriter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FieldWriter")
    }
}
