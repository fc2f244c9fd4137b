/// A field whose value is read once: `Option<V>` or `Vec<V>`.
pub trait FlashField: Default {
    /// Whether there is nothing to read.
    fn is_empty(&self) -> bool;
}

impl<V> FlashField for Option<V> {
    fn is_empty(&self) -> bool {
        self.is_none()
    }
}

impl<V> FlashField for Vec<V> {
    fn is_empty(&self) -> bool {
        self.is_empty()
    }
}
