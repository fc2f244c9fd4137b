use std::sync::Arc;

use crate::{
    clock::Clock,
    event::{Listeners, SessionEvent},
    store::SessionStore,
    stores::CookieStore,
    sweeper::{self, Sweep},
};

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
    /// `None` leaves the dead to somebody else.
    sweep: Option<Sweep>,
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

    /// Sets how often and in what portions dead sessions are deleted. Default: [`Sweep::default`].
    ///
    /// The middleware starts one task for a store and process, which ends with the server. No effect on cookies, and on a store whose engine
    /// forgets by itself.
    ///
    /// ```
    /// use std::time::Duration;
    /// use sessions::{MemoryStore, SessionMiddleware, Store, Sweep};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let store = Store::from(MemoryStore::new()).sweep(Sweep::default().every(Duration::from_secs(600)));
    /// let sessions = SessionMiddleware::builder(store).build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn sweep(mut self, sweep: Sweep) -> Self {
        self.sweep = Some(sweep);
        self
    }

    /// Leaves dead sessions to somebody else, such as a cron job that calls [`delete_all_expired`](crate::delete_all_expired).
    pub fn without_sweeper(mut self) -> Self {
        self.sweep = None;
        self
    }

    /// Begins to sweep, unless that is done already.
    pub(super) fn start_sweeper(&self, clock: &Clock, listeners: &Listeners) {
        let (StoreKind::ServerSide(store), Some(sweep)) = (&self.kind, self.sweep) else {
            return;
        };
        let listeners = listeners.clone();
        sweeper::start(store, sweep, clock.clone(), move |sessions| {
            listeners.tell(&SessionEvent::expired(sessions));
        });
    }
}

impl From<CookieStore> for Store {
    fn from(store: CookieStore) -> Self {
        Self {
            kind: StoreKind::ClientSide(store),
            options: None,
            sweep: Some(Sweep::default()),
        }
    }
}

/// Any store that implements the contract, whoever wrote it.
impl<S: SessionStore> From<S> for Store {
    fn from(store: S) -> Self {
        Self {
            kind: StoreKind::ServerSide(Arc::new(store)),
            options: None,
            sweep: Some(Sweep::default()),
        }
    }
}
