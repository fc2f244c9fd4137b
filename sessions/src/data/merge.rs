//! Placeholder.
use super::{DecodeError, EncodeError, Schema};

/// What happens where two requests changed one field and no `merge` function decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnConflict {
    /// Ours wins.
    #[default]
    Merge,
    /// 409.
    Reject,
}

#[derive(Debug)]
#[expect(dead_code, reason = "placeholder")]
pub(crate) enum MergeError {
    Conflict(&'static str),
    Unreadable(DecodeError),
    Unwritable(EncodeError),
}

pub(crate) fn merge<T: Schema>(
    _base: Option<&[u8]>,
    ours: &[u8],
    _theirs: &[u8],
    _rule: OnConflict,
) -> Result<Vec<u8>, MergeError> {
    Ok(ours.to_vec())
}

impl std::fmt::Display for MergeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("merge")
    }
}

impl std::error::Error for MergeError {}
