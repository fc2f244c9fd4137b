use std::fmt;

/// Shows a field whose type may have no `Debug`.
///
/// As with [`Fresh`](crate::data::Fresh), method lookup prefers the inherent method, which exists only where the bound holds.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "the derive's output makes it")]
pub struct Shown<'a, V: ?Sized>(pub &'a V);

impl<V: fmt::Debug> Shown<'_, V> {
    /// Shows the value.
    #[must_use]
    pub fn shown(&self) -> &dyn fmt::Debug {
        self.0
    }
}

/// Where the type has no `Debug`.
pub trait ShownFallback {
    /// Shows that there is a value.
    fn shown(&self) -> &dyn fmt::Debug;
}

impl<V: ?Sized> ShownFallback for Shown<'_, V> {
    fn shown(&self) -> &dyn fmt::Debug {
        &Opaque
    }
}

struct Opaque;

impl fmt::Debug for Opaque {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("..")
    }
}
