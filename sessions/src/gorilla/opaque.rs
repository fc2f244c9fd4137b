use std::{fmt, sync::Arc};

/// A value whose Go type writes itself (`GobEncoder`, `BinaryMarshaler`), so that only its own code knows what the bytes mean.
///
/// A `time.Time` is read as [`Value::Time`](super::Value::Time). A UUID is its 16 bytes; a `*big.Int` or a type of the application's own takes
/// a look into its Go source. [`get::<Vec<u8>>`](super::Values::get) gives the bytes, too.
#[derive(Clone, PartialEq, Eq)]
pub struct Opaque(Box<Content>);

#[derive(Clone, PartialEq, Eq)]
struct Content {
    // Shared: a type of a long name may have many short values.
    name: Arc<str>,
    bytes: Box<[u8]>,
}

impl Opaque {
    pub(super) fn new(name: Arc<str>, bytes: &[u8]) -> Self {
        Self(Box::new(Content {
            name,
            bytes: bytes.into(),
        }))
    }

    /// The name it was registered under, such as `*big.Int`; of one that stands in another value and not in an interface, the bare name of
    /// its type, `Int`, or nothing, where Go met a pointer to it first.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// What the type wrote.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0.bytes
    }
}

/// Without the bytes: they are somebody's data.
impl fmt::Debug for Opaque {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(..)", self.name().escape_debug())
    }
}
