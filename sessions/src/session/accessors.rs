use std::fmt;

use super::{SessionData, Slot};

/// What the derive emits beside a struct: one reader and writer a field.
///
/// [`Session`](crate::Session) dereferences to it. `Debug` shows the fields, the secret ones redacted.
pub trait Accessors: fmt::Debug + 'static {
    /// The struct.
    type Data: SessionData<Accessors = Self>;

    /// Stands before an open session.
    fn new(slot: Slot<Self::Data>) -> Self;

    /// The session it stands before.
    fn slot(&self) -> &Slot<Self::Data>;
}
