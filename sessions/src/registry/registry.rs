use std::{borrow::Cow, fmt, rc::Rc};

use crate::{
    error::{MultiError, SessionError},
    manager::Visit,
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
    visit: Visit<'static>,
}

impl Registry {
    pub(crate) fn new(open: Rc<OpenSessions>, visit: Visit<'static>) -> Self {
        Self { open, visit }
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
    /// Names are part of the cookie's name, and of the keys it is sealed with or found by. Take them from a short list of your own, not from the
    /// request.
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

    /// The data of the session of type `T` as it is stored now, whatever this request has read or written; `None` if the visitor has none.
    ///
    /// After [`Conflict`](crate::SessionErrorKind::Conflict) it is what somebody else wrote. A session in a cookie is what the request brought.
    ///
    /// ```
    /// # use actix_web::{App, test, web};
    /// use sessions::{MemoryStore, Registry, SessionData, SessionError, SessionMiddleware};
    /// # #[cfg(feature = "test-util")]
    /// # use sessions::test_util::Visitor;
    ///
    /// #[derive(SessionData)]
    /// struct Note {
    ///     text: String,
    /// }
    ///
    /// async fn page(sessions: Registry) -> Result<String, SessionError> {
    ///     let mut note = sessions.get::<Note>().await?;
    ///     note.set_text("new");
    ///     let stored = sessions.load_fresh::<Note>().await?;
    ///     Ok(stored.map_or_else(String::new, |stored| format!("{} -> {}", stored.text, note.text())))
    /// }
    ///
    /// # #[cfg(not(feature = "test-util"))]
    /// # fn main() {}
    /// # #[cfg(feature = "test-util")]
    /// # #[actix_web::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sessions = SessionMiddleware::builder(MemoryStore::new()).build()?;
    /// # let app = test::init_service(App::new().wrap(sessions.clone()).route("/", web::get().to(page))).await;
    /// # let mut visitor = Visitor::new(&sessions);
    /// # visitor.seed::<Note>(|note| note.set_text("old")).await?;
    /// # let request = visitor.bring(test::TestRequest::get()).to_request();
    /// assert_eq!(test::call_and_read_body(&app, request).await, "old -> new");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub async fn load_fresh<T: SessionData>(&self) -> Result<Option<T>, SessionError> {
        let entering = self
            .open
            .open_beside::<T>(Cow::Borrowed(T::NAME), &self.visit)?;
        Ok(entering.slot().await?.into_stored())
    }

    /// Saves every open session at once instead of when the response leaves, and reports.
    ///
    /// # Errors
    ///
    /// One [`SessionError`] for each session that could not be saved, as by [`Session::save`]; the others are saved.
    pub async fn save_all(&self) -> Result<(), MultiError> {
        self.open.save_all().await
    }

    async fn open<T: SessionData>(
        &self,
        name: Cow<'static, str>,
    ) -> Result<Session<T>, SessionError> {
        let entering = self.open.open(name, &self.visit);
        entering.slot().await.map(Session::new)
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").finish_non_exhaustive()
    }
}
