use std::io;

use redb::{Error, StorageError, TableError, TransactionError};

use crate::store::{StoreError, StoreErrorKind};

/// Why something was not done.
#[derive(Debug)]
pub(super) enum Fault {
    /// It is the caller's answer, and nobody else's concern. Nothing has been changed.
    Answer(StoreError),
    /// The database failed.
    Database(Error),
}

impl Fault {
    /// The bytes under a key are no record.
    pub(super) fn corrupt() -> Self {
        Self::Answer(StoreError::new(StoreErrorKind::Corrupt))
    }
}

impl From<StorageError> for Fault {
    fn from(error: StorageError) -> Self {
        Self::Database(error.into())
    }
}

impl From<TableError> for Fault {
    fn from(error: TableError) -> Self {
        Self::Database(error.into())
    }
}

impl From<TransactionError> for Fault {
    fn from(error: TransactionError) -> Self {
        Self::Database(error.into())
    }
}

/// What the database said, in the words of the contract. None of it names the file.
pub(super) fn store_error(error: Error) -> StoreError {
    let kind = match &error {
        Error::ValueTooLarge(_) => StoreErrorKind::TooLarge,
        Error::Io(error) => match error.kind() {
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::FileTooLarge => StoreErrorKind::Full,
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                StoreErrorKind::Refused
            }
            _ => StoreErrorKind::Unavailable,
        },
        // Damage too: who is logged in has not been logged out by it.
        _ => StoreErrorKind::Unavailable,
    };
    StoreError::new(kind).because(error)
}
