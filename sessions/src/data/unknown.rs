use std::{collections::BTreeMap, fmt};

use super::{DecodeError, head};

/// Fields that other code of the same version wrote and this code does not know, as the bytes they came in.
///
/// They travel back with the next write, so that two releases that run side by side lose nothing of each other's.
#[derive(Clone, Default)]
pub(crate) struct Unknown {
    #[expect(
        clippy::box_collection,
        reason = "most often there are none, and what is moved with a session is then one word and not three"
    )]
    fields: Option<Box<BTreeMap<String, Vec<u8>>>>,
}

impl Unknown {
    pub(super) fn keep(&mut self, key: &str, value: &[u8]) -> Result<(), DecodeError> {
        let fields = self.fields.get_or_insert_default();
        match fields.insert(key.to_owned(), value.to_vec()) {
            None => Ok(()),
            Some(_) => Err(DecodeError::malformed("a field that stands twice")),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.fields.as_ref().map_or(0, |fields| fields.len())
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        for (key, value) in self.fields.iter().flat_map(|fields| fields.iter()) {
            head::write_text(key, out);
            out.extend_from_slice(value);
        }
    }
}

/// Names only: the values are somebody's data.
impl fmt::Debug for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = self.fields.iter();
        f.debug_set()
            .entries(fields.flat_map(|fields| fields.keys()))
            .finish()
    }
}
