use crate::data::{DecodeError, EncodeError};

/// Why two changes of a session do not become one.
#[derive(Debug)]
pub(crate) enum MergeError {
    /// Both changed the field of this wire key, and nothing may decide between them; `*` for a key that is only known at run time, which is
    /// somebody's data.
    Conflict(&'static str),
    /// What the store holds cannot be read.
    Unreadable(DecodeError),
    /// What was merged cannot be written.
    Unwritable(EncodeError),
}

impl From<EncodeError> for MergeError {
    fn from(error: EncodeError) -> Self {
        Self::Unwritable(error)
    }
}
