use crate::store::StoreError;

use super::error::MemcachedError;

/// Why there is no answer to a request.
#[derive(Debug)]
pub(super) enum Failure {
    /// It was not sent, or the server said that it did not do it.
    NotDone(MemcachedError),
    /// It was sent, and what became of it is not known.
    Lost(MemcachedError),
}

impl Failure {
    /// For what changes nothing, or may be asked for again.
    pub(super) fn into_store_error(self) -> StoreError {
        match self {
            Self::NotDone(error) | Self::Lost(error) => error.into_store_error(),
        }
    }
}
