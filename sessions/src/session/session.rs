use std::{
    cell::{Ref, RefMut},
    fmt,
    ops::{Deref, DerefMut},
    time::{Duration, SystemTime},
};

use crate::{
    error::SessionError,
    store::{Handle, Origin},
};

use super::{Accessors, SessionData, Slot, lifecycle::NewLifetime};

/// A visitor's session of type `T`: extract it in a handler, read and write its fields, return.
///
/// It dereferences to the accessors that the [derive](macro@crate::SessionData) wrote for `T`. What they changed is saved by itself before
/// the response's head is sent, and nothing is sent where nothing changed. Several handles to one session in a request share its data.
///
/// The extractor fails when no [`SessionMiddleware`](crate::SessionMiddleware) wraps the route or the session's options are against a
/// rule. A cookie that is expired, tampered with or unreadable is no failure: the session is new, and [`origin`](Self::origin) says why.
///
/// ```
/// use actix_web::{HttpResponse, Responder, post};
/// use sessions::{Session, SessionData};
///
/// #[derive(SessionData)]
/// struct Cart {
///     items: Vec<String>,
/// }
///
/// #[post("/items/{sku}")]
/// async fn add(mut cart: Session<Cart>, sku: actix_web::web::Path<String>) -> impl Responder {
///     cart.items_mut().push(sku.into_inner());
///     HttpResponse::Ok().body(format!("{} in your cart", cart.items().len()))
/// }
/// ```
pub struct Session<T: SessionData> {
    accessors: T::Accessors,
}

impl<T: SessionData> Session<T> {
    pub(crate) fn new(slot: Slot<T>) -> Self {
        Self {
            accessors: T::Accessors::new(slot),
        }
    }

    fn slot(&self) -> &Slot<T> {
        Accessors::slot(&self.accessors)
    }

    /// Names the session in public: log it, show it, never mistake it for a secret.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.slot().core().seen().handle
    }

    /// Whether the visitor came without a session, or with one that was not accepted.
    ///
    /// It stays true for the whole request, also after data was written.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.origin() != Origin::Loaded
    }

    /// Where the session came from, and if a presented one was rejected, why.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.slot().core().origin()
    }

    /// When the session began.
    #[must_use]
    pub fn created_at(&self) -> SystemTime {
        self.slot().core().seen().created.into()
    }

    /// When its `principal` field was last set: before something sensitive, ask for the password again if that was long ago
    /// (OWASP ASVS v5, 7.5).
    #[must_use]
    pub fn authenticated_at(&self) -> Option<SystemTime> {
        self.slot().core().seen().authenticated.map(Into::into)
    }

    /// Looks at the whole struct, for methods of your own on it.
    ///
    /// # Panics
    ///
    /// While a `RefMut` from another handle to the same session is alive in the request. [`try_read`](Self::try_read) does not.
    #[must_use]
    #[track_caller]
    pub fn read(&self) -> Ref<'_, T> {
        self.slot().read(|data| data)
    }

    /// Opens the whole struct for writing. A principal changed here is refused when the session is saved: use its setter.
    ///
    /// ```
    /// use sessions::{Session, SessionData};
    ///
    /// #[derive(SessionData)]
    /// struct Cart {
    ///     items: Vec<String>,
    ///     coupon: Option<String>,
    /// }
    ///
    /// impl Cart {
    ///     fn empty(&mut self) {
    ///         self.items.clear();
    ///         self.coupon = None;
    ///     }
    /// }
    ///
    /// async fn check_out(mut cart: Session<Cart>) {
    ///     cart.write().empty();
    /// }
    /// ```
    ///
    /// # Panics
    ///
    /// While a `Ref` or `RefMut` from another handle to the same session is alive in the request. [`try_write`](Self::try_write) does not.
    #[track_caller]
    pub fn write(&mut self) -> RefMut<'_, T> {
        self.slot().write(|data| data)
    }

    /// Looks at the whole struct.
    ///
    /// # Errors
    ///
    /// `GuardAlive` while another handle to the same session is writing.
    pub fn try_read(&self) -> Result<Ref<'_, T>, SessionError> {
        self.slot().try_read()
    }

    /// Opens the whole struct for writing.
    ///
    /// # Errors
    ///
    /// `GuardAlive` while another handle to the same session is reading or writing; `TooLate` when the response's head has left and the
    /// session needs a cookie, as in a streaming body or a WebSocket.
    pub fn try_write(&mut self) -> Result<RefMut<'_, T>, SessionError> {
        self.slot().try_write()
    }

    /// Gives the session a new identity and keeps its data: do it whenever rights change (OWASP ASVS v5, 7.2.4).
    ///
    /// Setting a `principal` field does it by itself. With a cookie store the visitor's cookie is replaced, but a copy of the old one stays
    /// valid until its deadline: nothing is kept on the server that could refuse it.
    pub fn renew(&mut self) {
        self.slot().renew();
    }

    /// Ends the session: its data is gone here and now, and the visitor's cookie is removed, whatever the response's status.
    ///
    /// What is written after it in the same request begins another session. With a cookie store a copy of the cookie stays valid until its
    /// deadline.
    ///
    /// # Panics
    ///
    /// While a `Ref` or `RefMut` from another handle to the same session is alive in the request.
    #[track_caller]
    pub fn destroy(&mut self) {
        self.slot().destroy();
    }

    /// Empties the session and keeps it: every field but the principal as in a new one.
    ///
    /// # Panics
    ///
    /// While a `Ref` or `RefMut` from another handle to the same session is alive in the request.
    #[track_caller]
    pub fn clear(&mut self) {
        self.slot().clear();
    }

    /// Remembers the visitor for `duration` from now, however long they stay away: "keep me logged in".
    ///
    /// The cookie outlives the browser, idleness no longer ends the session, and its absolute deadline is `duration` from now. Kept with
    /// the session, until another call or the next authentication. A new session without data is not created by it.
    ///
    /// Browsers keep a cookie for 400 days at most (RFC 6265bis, section 5.5); what is sent is capped at that.
    pub fn remember(&mut self, duration: Duration) {
        self.slot().set_lifetime(NewLifetime::Remember(duration));
    }

    /// Lets the browser forget the cookie when it closes: a shared computer. The deadlines hold as configured.
    ///
    /// Kept with the session, until another call or the next authentication. A browser that restores its tabs restores such cookies too.
    pub fn forget_on_close(&mut self) {
        self.slot().set_lifetime(NewLifetime::ForgetOnClose);
    }

    /// Saves at once instead of when the response leaves, and reports.
    ///
    /// What it saved keeps its cookie even if the handler fails afterwards. Nothing is sent where nothing changed.
    ///
    /// # Errors
    ///
    /// `TooLarge`, `Unwritable`, `GuardAlive`, `PrincipalChanged`: what the visitor has stays as it was. `TooLate` when the response's head
    /// has left and the session needs a cookie.
    #[expect(
        clippy::unused_async,
        reason = "a cookie is saved without waiting; a store on the other side of a network is not"
    )]
    pub async fn save(&mut self) -> Result<(), SessionError> {
        self.slot().save()
    }
}

/// To the accessors of `T`. `Session` is a smart pointer to the session's data, and its fields are what it is for.
impl<T: SessionData> Deref for Session<T> {
    type Target = T::Accessors;

    fn deref(&self) -> &T::Accessors {
        &self.accessors
    }
}

impl<T: SessionData> DerefMut for Session<T> {
    fn deref_mut(&mut self) -> &mut T::Accessors {
        &mut self.accessors
    }
}

impl<T: SessionData> fmt::Debug for Session<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.accessors.fmt(f)
    }
}
