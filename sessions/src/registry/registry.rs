use std::{borrow::Cow, fmt, rc::Rc};

use crate::{
    error::{MultiError, SessionError},
    manager::Entering,
    session::{Session, SessionData},
};

use super::OpenSessions;

/// A request's sessions, for a handler that learns only at run time which it needs: extract it like a [`Session`].
///
/// A session that is never asked for costs nothing. Sessions obtained here and by the extractor are the same.
///
/// ```
/// use actix_web::{HttpResponse, Result};
/// use sessions::{Registry, SessionData};
///
/// #[derive(SessionData)]
/// struct Cart {
///     items: Vec<String>,
/// }
///
/// /// Moves what a guest put into the cart to the one of the account.
/// async fn merge(sessions: Registry) -> Result<HttpResponse> {
///     let mut guest = sessions.named::<Cart>("guest-cart").await?;
///     let mut cart = sessions.get::<Cart>().await?;
///     cart.items_mut().append(&mut guest.items_mut());
///     guest.destroy();
///     sessions.save_all().await?;
///     Ok(HttpResponse::Ok().finish())
/// }
/// ```
pub struct Registry {
    open: Rc<OpenSessions>,
}

impl Registry {
    pub(crate) fn new(open: Rc<OpenSessions>) -> Self {
        Self { open }
    }

    /// The session of type `T` under the type's own name.
    ///
    /// # Errors
    ///
    /// As the extractor's: `MiddlewareMissing` when only nested middlewares wrap the route and none names the type, `Misconfigured`,
    /// `NameTaken`, `StoreUnavailable`.
    pub async fn get<T: SessionData>(&self) -> Result<Session<T>, SessionError> {
        self.open(Cow::Borrowed(T::NAME)).await
    }

    /// The session of type `T` under another name: one type, several sessions.
    ///
    /// Names are part of the cookie's name and of the keys it is sealed with. Take them from a short list of your own, not from the request.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get); `Misconfigured` also for a name that is no RFC 6265 token.
    pub async fn named<T: SessionData>(
        &self,
        name: impl Into<Cow<'static, str>>,
    ) -> Result<Session<T>, SessionError> {
        self.open(name.into()).await
    }

    /// Saves every open session at once instead of when the response leaves, and reports.
    ///
    /// # Errors
    ///
    /// One [`SessionError`] for each session that could not be saved; those stay as the visitor has them, the others are saved.
    pub async fn save_all(&self) -> Result<(), MultiError> {
        self.open.save_all().await
    }

    async fn open<T: SessionData>(
        &self,
        name: Cow<'static, str>,
    ) -> Result<Session<T>, SessionError> {
        let slot = match self.open.open(name) {
            Entering::Ready(slot) => slot,
            Entering::Pending(slot) => slot.await,
        };
        slot.map(Session::new)
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").finish_non_exhaustive()
    }
}
