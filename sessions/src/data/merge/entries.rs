use std::collections::BTreeMap;

use crate::data::{DecodeError, FieldKeys, Item, Schema, head};

/// A payload cut into its entries; nothing is decoded.
pub(super) struct Entries<'a> {
    /// The values of the known fields, in the order of the schema's keys.
    pub(super) fields: Vec<&'a [u8]>,
    /// The others: encoded key to value.
    pub(super) others: BTreeMap<&'a [u8], &'a [u8]>,
}

impl<'a> Entries<'a> {
    /// Cuts a payload that this code wrote: of its own version, every field present, under its own key, in order.
    pub(super) fn of<T: Schema>(payload: &'a [u8]) -> Result<Self, DecodeError> {
        let (version, map) = head::read_unsigned(payload)?;
        if version != u64::from(T::VERSION) {
            return Err(DecodeError::malformed("not of this version"));
        }
        let (entries, mut rest) = head::read_map(map)?;
        let mut known = T::KEYS.iter();
        let mut fields = Vec::with_capacity(T::KEYS.len());
        let mut others = BTreeMap::new();
        for _ in 0..entries {
            let (key, behind_key) = Item::split(rest)?;
            let (value, behind_value) = Item::split(behind_key)?;
            match known.next() {
                Some(keys) if is_key(keys, key) => fields.push(value),
                Some(_) => return Err(DecodeError::malformed("a field out of order")),
                None => _ = others.insert(key, value),
            }
            rest = behind_value;
        }
        if known.next().is_some() || !rest.is_empty() {
            return Err(DecodeError::malformed("other fields than the type's"));
        }
        Ok(Self { fields, others })
    }
}

fn is_key(keys: &FieldKeys, key: &[u8]) -> bool {
    head::read_text(key).is_ok_and(|(text, _)| text == keys.key().as_bytes())
}
