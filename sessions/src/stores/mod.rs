//! The stores. One leaf file an engine; none knows another.

mod cookie;

pub(crate) use self::cookie::CookieCodec;
pub use self::cookie::CookieStore;

/// Any of the stores, as a session's options take it.
///
/// Made from the store itself: `SessionMiddleware::builder(CookieStore::sealed(keys))`.
///
/// ```
/// use sessions::{CookieStore, KeyRing, Store};
///
/// let store: Store = CookieStore::sealed(KeyRing::generate()?).into();
/// # Ok::<(), sessions::KeyError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) kind: StoreKind,
}

/// Where the data stays decides what travels: the data itself, or a token for it.
#[derive(Clone, Debug)]
pub(crate) enum StoreKind {
    ClientSide(CookieStore),
}

impl From<CookieStore> for Store {
    fn from(store: CookieStore) -> Self {
        Self {
            kind: StoreKind::ClientSide(store),
        }
    }
}
