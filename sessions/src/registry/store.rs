use std::sync::Arc;

use crate::{clock::Clock, event::Listeners, store::SessionStore, stores::CookieStore};

use super::SessionOptions;

/// Any of the stores, with options of its own if you like.
///
/// Wherever a store is taken, the store itself will do. Make a `Store` of it to give every session type on it the same options; a type's own
/// come first, then its store's, then the middleware's.
///
/// ```
/// use sessions::{CookieStore, KeyRing, SameSite, SessionData, SessionMiddleware, Store};
///
/// #[derive(SessionData)]
/// struct Admin {
///     user: Option<String>,
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let keys = KeyRing::generate()?;
/// let strict = Store::from(CookieStore::sealed(keys.clone())).options(|all| all.same_site(SameSite::Strict));
/// let sessions = SessionMiddleware::builder(CookieStore::sealed(keys))
///     .session::<Admin>(|admin| admin.store(strict))
///     .build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Store {
    pub(super) kind: StoreKind,
    /// Without a store of their own.
    pub(super) options: Option<Box<SessionOptions>>,
}

/// Where the data stays decides what travels: the data itself, or a token for it.
#[derive(Clone, Debug)]
pub(super) enum StoreKind {
    ClientSide(CookieStore),
    ServerSide(Arc<dyn SessionStore>),
}

impl Store {
    /// Sets the options that the session types on this store take where their own leave them open.
    pub fn options(mut self, options: impl FnOnce(SessionOptions) -> SessionOptions) -> Self {
        let given = self
            .options
            .take()
            .map_or_else(SessionOptions::new, |given| *given);
        self.options = Some(Box::new(options(given).without_store()));
        self
    }

    pub(super) fn sweep(&self, clock: &Clock, listeners: &Listeners) {
        _ = (clock, listeners, &self.kind);
    }
}

impl From<CookieStore> for Store {
    fn from(store: CookieStore) -> Self {
        Self {
            kind: StoreKind::ClientSide(store),
            options: None,
        }
    }
}

/// Any store that implements the contract, whoever wrote it.
impl<S: SessionStore> From<S> for Store {
    fn from(store: S) -> Self {
        Self {
            kind: StoreKind::ServerSide(Arc::new(store)),
            options: None,
        }
    }
}
