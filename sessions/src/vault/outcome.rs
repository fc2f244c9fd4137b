use crate::store::{Handle, Revision};

/// What became of a write, once that is known.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Applied {
        revision: Revision,
        evicted: Vec<Handle>,
    },
    /// The record is in another state than was expected.
    Conflict,
    /// There is no such record any more.
    Missing,
    /// The principal has as many sessions as it may.
    Refused,
}

impl Outcome {
    /// Found out afterwards: who had to go is not known.
    pub(super) fn found(revision: Revision) -> Self {
        Self::Applied {
            revision,
            evicted: Vec::new(),
        }
    }
}
