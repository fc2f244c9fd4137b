use std::{fmt, marker::PhantomData};

/// Begins a type's data: by its own `Default` if it has one, else field by field.
///
/// A derive cannot see whether a type implements `Default`. Method lookup can: the inherent method below exists only where the bound
/// holds, and is preferred to the trait's.
pub struct Fresh<T>(PhantomData<T>);

impl<T> Fresh<T> {
    /// Stands for the type.
    #[expect(
        clippy::new_without_default,
        reason = "a `Default` here would be read as the type's"
    )]
    #[must_use]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T: Default> Fresh<T> {
    /// Makes the type's own default.
    #[must_use]
    pub fn make(&self, _: impl FnOnce() -> T) -> T {
        T::default()
    }
}

/// Where the type has no `Default`.
pub trait FreshFallback<T> {
    /// Makes it field by field.
    fn make(&self, fields: impl FnOnce() -> T) -> T;
}

impl<T> FreshFallback<T> for Fresh<T> {
    fn make(&self, fields: impl FnOnce() -> T) -> T {
        fields()
    }
}

impl<T> fmt::Debug for Fresh<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fresh")
    }
}
