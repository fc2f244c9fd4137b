use std::{any::TypeId, borrow::Cow, sync::Arc};

use crate::{
    clock::Clock,
    error::{BuildError, BuildErrorKind},
    event::{Listeners, SessionEvent},
    registry::{SessionOptions, Setup, Store, Typed},
    session::SessionData,
};

use super::SessionMiddleware;

/// Collects what sessions are configured with; [`build`](Self::build) checks it, once, at start.
///
/// A type's own options go before those of its [`Store`], those before the options of all sessions, and those before the defaults. A name's
/// own options, given with [`named`](Self::named), stand in place of its type's.
///
/// ```
/// use std::time::Duration;
/// use sessions::{CookieStore, KeyRing, Lifetime, SessionData, SessionMiddleware};
///
/// #[derive(SessionData)]
/// struct Cart {
///     items: Vec<String>,
/// }
///
/// #[derive(SessionData)]
/// struct Login {
///     #[session(principal)]
///     user: Option<String>,
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let sessions = SessionMiddleware::builder(CookieStore::sealed(KeyRing::generate()?))
///     .options(|all| all.absolute_timeout(Duration::from_secs(90 * 24 * 60 * 60)))
///     .session::<Login>(|login| login.lifetime(Lifetime::strict()))
///     .named::<Cart>("guest-cart", |cart| cart.absolute_timeout(Duration::from_secs(24 * 60 * 60)))
///     .build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use]
pub struct SessionMiddlewareBuilder {
    /// Where types that name no store go; `None` for a nested middleware.
    default_store: Option<Store>,
    shared: SessionOptions,
    typed: Vec<Typed>,
    clock: Clock,
    listeners: Listeners,
}

impl SessionMiddlewareBuilder {
    pub(super) fn new(default_store: Option<Store>) -> Self {
        Self {
            default_store,
            shared: SessionOptions::new(),
            typed: Vec::new(),
            clock: Clock::system(),
            listeners: Listeners::default(),
        }
    }

    /// Sets the options that every session takes where its own leave them open.
    pub fn options(mut self, options: impl FnOnce(SessionOptions) -> SessionOptions) -> Self {
        self.shared = options(self.shared);
        self
    }

    /// Sets the options of one type, under whatever name it is asked for.
    ///
    /// A type needs to be named only to give it options; any other uses the default store and the shared ones.
    pub fn session<T: SessionData>(
        mut self,
        options: impl FnOnce(SessionOptions) -> SessionOptions,
    ) -> Self {
        self.typed.push(Typed {
            type_id: TypeId::of::<T>(),
            name: Cow::Borrowed(T::NAME),
            any_name: true,
            options: options(SessionOptions::new()),
        });
        self
    }

    /// Sets the options of one type under one name, for [`Registry::named`](crate::Registry::named).
    pub fn named<T: SessionData>(
        mut self,
        name: impl Into<Cow<'static, str>>,
        options: impl FnOnce(SessionOptions) -> SessionOptions,
    ) -> Self {
        self.typed.push(Typed {
            type_id: TypeId::of::<T>(),
            name: name.into(),
            any_name: false,
            options: options(SessionOptions::new()),
        });
        self
    }

    /// Takes the time from another clock: in tests, one that is turned by hand.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Calls a function at every event of a session's life: for an audit log, a counter, an alarm (OWASP ASVS v5, 16.3).
    ///
    /// It is called on the worker thread, between a store's answer and the response: let it be quick, and hand on what takes time. Each
    /// event is also logged by `tracing`, and counted with the feature `metrics`. Neither holds a token.
    ///
    /// ```
    /// use std::sync::{Arc, atomic::{AtomicUsize, Ordering}};
    /// use sessions::{MemoryStore, SessionEventKind, SessionMiddleware};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let evicted = Arc::new(AtomicUsize::new(0));
    /// let counter = Arc::clone(&evicted);
    /// let sessions = SessionMiddleware::builder(MemoryStore::new())
    ///     .on_event(move |event| {
    ///         if event.kind() == SessionEventKind::Evicted {
    ///             counter.fetch_add(event.sessions(), Ordering::Relaxed);
    ///         }
    ///     })
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_event(mut self, hook: impl Fn(&SessionEvent<'_>) + Send + Sync + 'static) -> Self {
        self.listeners.add(hook);
        self
    }

    /// Checks every option and makes the middleware.
    ///
    /// # Errors
    ///
    /// The first combination that is against a rule: a cookie that browsers would refuse or that protects nobody, a timeout that ends every
    /// session, two types under one name, an option that the session's store cannot meet, an import that cannot work. The message names the rule and the remedy. No store is asked:
    /// whether it answers shows at the first request.
    pub fn build(self) -> Result<SessionMiddleware, BuildError> {
        let answers_for_all = self.default_store.is_some();
        if self.shared.imports() {
            let misplaced = BuildError::new("*", BuildErrorKind::ImportMisplaced.into());
            return Err(misplaced.of_all_sessions());
        }
        let shared = match self.default_store {
            Some(store) if !self.shared.names_store() => self.shared.store(store),
            _ => self.shared,
        };
        let (of_types, of_names): (Vec<_>, Vec<_>) =
            self.typed.into_iter().partition(|typed| typed.any_name);
        let mut resolved: Vec<Typed> = Vec::with_capacity(of_types.len() + of_names.len());
        for typed in of_types {
            resolved.push(Typed {
                options: typed.options.resolve(&shared),
                ..typed
            });
        }
        for named in of_names {
            // What is said of a name comes before what is said of its type.
            let of_type = resolved
                .iter()
                .find(|typed| typed.any_name && typed.type_id == named.type_id);
            let options = named
                .options
                .resolve(of_type.map_or(&shared, |typed| &typed.options));
            resolved.push(Typed { options, ..named });
        }
        let shared = SessionOptions::new().resolve(&shared);
        let default = answers_for_all.then_some(shared);
        let setup = Setup::new(default, resolved, self.clock, self.listeners);
        setup.check()?;
        Ok(SessionMiddleware::new(Arc::new(setup)))
    }
}
