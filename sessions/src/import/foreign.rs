use std::time::SystemTime;

use crate::clock::Timestamp;

/// What a foreign session held, and when it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreign<V> {
    values: V,
    written: Option<Timestamp>,
}

impl<V> Foreign<V> {
    /// Puts the two together; `written` is `None` where nobody knows.
    ///
    /// The time decides how long the imported session may live, and when its principal was authenticated at the latest: give one only that the
    /// other application wrote and that nobody could change.
    #[must_use]
    pub fn new(values: V, written: Option<Timestamp>) -> Self {
        Self { values, written }
    }

    /// What it held.
    #[must_use]
    pub fn values(&self) -> &V {
        &self.values
    }

    /// When it was written, by the clock of that machine.
    #[must_use]
    pub fn written_at(&self) -> Option<SystemTime> {
        self.written.map(Into::into)
    }

    pub(crate) fn into_parts(self) -> (V, Option<Timestamp>) {
        (self.values, self.written)
    }
}
