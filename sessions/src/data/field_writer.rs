use std::fmt;

use serde::Serialize;
use serde_cbor::Serializer;

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
    /// The value's `Serialize` failed.
    pub fn field<V: Serialize + ?Sized>(
        &mut self,
        key: &str,
        value: &V,
    ) -> Result<(), EncodeError> {
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
        Ok(value.serialize(&mut Serializer::new(&mut *self.out))?)
    }
}

impl fmt::Debug for FieldWriter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FieldWriter")
    }
}
