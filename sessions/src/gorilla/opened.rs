use std::fmt;

use crate::{
    clock::Timestamp,
    import::{Foreign, Refusal},
    store::StoreError,
};

use super::{OpenError, Values};

/// A gorilla session that was opened.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Opened {
    /// What it holds.
    pub values: Values,
    /// When the Go application had written it, by the clock of its machine, which may have been ahead.
    pub timestamp: Timestamp,
}

impl Opened {
    /// What was opened, or was not, as an import takes it.
    pub(super) fn imported(
        opened: Result<Self, OpenError>,
    ) -> Result<Result<Foreign<Values>, Refusal>, StoreError> {
        match opened {
            Ok(opened) => Ok(Ok(Foreign::new(opened.values, Some(opened.timestamp)))),
            Err(error) => error.into_refusal().map(Err),
        }
    }
}

/// The ID of a gorilla session whose values are on a server.
///
/// `Debug` does not show the ID: whoever has it and a key, is the visitor.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpenedId {
    /// The ID. Not to be made a part of a path or a query as it is: it is what somebody with the keys wrote, whoever that was.
    pub id: String,
    /// When the Go application had written it, by the clock of its machine, which may have been ahead.
    pub timestamp: Timestamp,
}

impl fmt::Debug for OpenedId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenedId")
            .field("timestamp", &self.timestamp)
            .finish_non_exhaustive()
    }
}
