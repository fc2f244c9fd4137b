use std::{collections::BTreeMap, fmt};

use serde::ser::SerializeMap;
use serde_cbor::Value;

/// Fields that other code of the same version wrote and this code does not know.
///
/// They travel back with the next write, so that two releases that run side by side lose nothing of each other's.
#[derive(Clone, Default)]
pub(crate) struct Unknown {
    fields: BTreeMap<String, Value>,
}

impl Unknown {
    pub(super) fn keep(&mut self, key: String, value: Value) -> Result<(), &'static str> {
        match self.fields.insert(key, value) {
            None => Ok(()),
            Some(_) => Err("a field stands twice"),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.fields.len()
    }

    pub(super) fn encode<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        self.fields
            .iter()
            .try_for_each(|(key, value)| map.serialize_entry(key, value))
    }
}

/// Names only: the values are somebody's data.
impl fmt::Debug for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.fields.keys()).finish()
    }
}
