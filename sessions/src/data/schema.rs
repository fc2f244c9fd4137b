use super::{DecodeError, EncodeError, FieldKeys, FieldWriter, Fields, Stored};

/// Describes what a session type stores: its name, its version and its fields.
///
/// `#[derive(SessionData)]` writes it; nothing else should. A type that stands behind
/// [`previous`](macro@crate::SessionData) needs no more than that derive either.
///
/// ```
/// use sessions::{Schema, SessionData};
///
/// #[derive(SessionData)]
/// #[session(version = 3)]
/// struct ShopCart {
///     items: Vec<String>,
/// }
///
/// assert_eq!(ShopCart::NAME, "shop-cart");
/// assert_eq!(ShopCart::VERSION, 3);
/// ```
pub trait Schema: Sized + 'static {
    /// The session's name, an RFC 6265 token: the cookie's name without its prefix.
    const NAME: &'static str;

    /// The version that newly written data carries.
    const VERSION: u32;

    /// The stored fields' wire keys, in the order they are written.
    #[doc(hidden)]
    const KEYS: &'static [FieldKeys];

    /// Whether equal data is always written as equal bytes: no field holds, however deep, something whose order changes from one decoding
    /// to the next, like a `HashMap`.
    #[doc(hidden)]
    const ORDERED: bool;

    /// Whether what stands under a key that is not among [`KEYS`](Self::KEYS) is the type's own, and not another release's.
    #[doc(hidden)]
    const DYNAMIC: bool = false;

    /// The data of a session that was just begun.
    #[doc(hidden)]
    fn fresh() -> Self;

    /// How many entries [`encode_fields`](Self::encode_fields) writes.
    #[doc(hidden)]
    fn field_count(&self) -> usize {
        Self::KEYS.len()
    }

    /// Writes one entry a stored field.
    #[doc(hidden)]
    fn encode_fields(&self, fields: &mut FieldWriter<'_>) -> Result<(), EncodeError>;

    /// Reads the fields; absent ones take their defaults.
    #[doc(hidden)]
    fn decode_fields(fields: &mut Fields<'_>) -> Result<Self, DecodeError>;

    /// Reads data of an older version.
    #[doc(hidden)]
    fn from_previous(stored: &Stored<'_>) -> Result<Self, DecodeError> {
        Err(stored.unknown_version())
    }

    /// Whom the session belongs to.
    #[doc(hidden)]
    fn principal(&self) -> Option<String> {
        None
    }

    /// Moves the principal of `old` here, so that emptying a session does not change its owner.
    #[doc(hidden)]
    fn keep_principal(&mut self, old: &mut Self) {
        _ = old;
    }

    /// Merges the field of this index by its own function, into `ours`; takes the values out of the other two.
    #[doc(hidden)]
    fn merge_field(index: usize, base: &mut Self, ours: &mut Self, theirs: &mut Self) {
        _ = (index, base, ours, theirs);
    }
}
