use std::{
    cell::{Ref, RefMut},
    fmt,
    ops::{Deref, DerefMut},
    time::{Duration, SystemTime},
};

use crate::{
    error::SessionError,
    store::{Handle, Origin},
    vault::PrincipalSessions,
};

use super::{Accessors, SessionData, Slot, lifecycle::NewLifetime};

/// A visitor's session of type `T`: extract it in a handler, read and write its fields, return.
///
/// It dereferences to the accessors that the [derive](macro@crate::SessionData) wrote for `T`. What they changed is saved by itself before
/// the response's head is sent, and nothing is sent where nothing changed. Several handles to one session in a request share its data.
///
/// The extractor fails when no [`SessionMiddleware`](crate::SessionMiddleware) wraps the route (500), when the session's options are against
/// a rule (500), and when its store does not answer (503; a cookie always does). A cookie that is expired, tampered with or unreadable is no
/// failure: the session is new, and [`origin`](Self::origin) says why. Whoever can go on without the session takes a
/// `Result<Session<T>, SessionError>`; an `Option` would take an outage for a visitor without a session.
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
    ///
    /// ```
    /// # use actix_web::{App, test, web};
    /// use sessions::{Session, SessionData};
    ///
    /// #[derive(SessionData)]
    /// struct Visit {
    ///     count: u32,
    /// }
    ///
    /// async fn page(visit: Session<Visit>) -> String {
    ///     format!("your session is {}", visit.handle())
    /// }
    ///
    /// # #[actix_web::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let store = sessions::CookieStore::sealed(sessions::KeyRing::generate()?);
    /// # let sessions = sessions::SessionMiddleware::builder(store).build()?;
    /// # let app = test::init_service(App::new().wrap(sessions).route("/", web::get().to(page))).await;
    /// let response = test::call_service(&app, test::TestRequest::get().to_request()).await;
    /// let page = test::read_body(response).await;
    /// assert_eq!(page.len(), "your session is ".len() + 32);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.slot().core().seen().handle
    }

    /// Whether the visitor came without a session, or with one that was not accepted.
    ///
    /// A session that was [imported](crate::import::Import) is not new in this sense: the visitor had it, if elsewhere.
    /// It stays true for the whole request, also after data was written.
    ///
    /// ```
    /// # use actix_web::{App, test, web};
    /// use sessions::{Session, SessionData};
    ///
    /// #[derive(SessionData)]
    /// struct Visit {
    ///     count: u32,
    /// }
    ///
    /// async fn page(mut visit: Session<Visit>) -> &'static str {
    ///     visit.set_count(1);
    ///     if visit.is_new() { "welcome" } else { "welcome back" }
    /// }
    ///
    /// # #[actix_web::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let store = sessions::CookieStore::sealed(sessions::KeyRing::generate()?);
    /// # let sessions = sessions::SessionMiddleware::builder(store).build()?;
    /// # let app = test::init_service(App::new().wrap(sessions).route("/", web::get().to(page))).await;
    /// let response = test::call_service(&app, test::TestRequest::get().to_request()).await;
    /// assert_eq!(test::read_body(response).await, "welcome");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn is_new(&self) -> bool {
        match self.origin() {
            Origin::Loaded | Origin::Imported => false,
            Origin::New | Origin::Rejected(_) => true,
        }
    }

    /// Where the session came from, and if a presented one was rejected, why.
    ///
    /// It says nothing of a store that failed: then there is no session, but an error.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.slot().core().origin()
    }

    /// When the session began.
    #[must_use]
    pub fn created_at(&self) -> SystemTime {
        self.slot().core().seen().created.into()
    }

    /// When its `principal` field was last set. Before something sensitive, ask [`authenticated_within`](Self::authenticated_within).
    #[must_use]
    pub fn authenticated_at(&self) -> Option<SystemTime> {
        self.slot().core().seen().authenticated.map(Into::into)
    }

    /// Whether the `principal` field was set less than `age` ago: for what else asks for the password again (OWASP ASVS v5, 7.5.1).
    ///
    /// The clock is the middleware's, so that a test can turn it; `authenticated_at().elapsed()` would ask the system's.
    ///
    /// ```
    /// use std::time::Duration;
    /// use sessions::{Session, SessionData};
    ///
    /// #[derive(SessionData)]
    /// struct Login {
    ///     #[session(principal)]
    ///     user: Option<String>,
    /// }
    ///
    /// /// Changing a password needs one that was entered in the last ten minutes.
    /// fn is_fresh(login: &Session<Login>) -> bool {
    ///     login.authenticated_within(Duration::from_mins(10))
    /// }
    ///
    /// # use actix_web::{App, test, web};
    /// async fn page(mut login: Session<Login>) -> String {
    ///     let before = is_fresh(&login);
    ///     login.set_user("ada");
    ///     format!("{before}, {}", is_fresh(&login))
    /// }
    /// # #[actix_web::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let store = sessions::CookieStore::sealed(sessions::KeyRing::generate()?);
    /// # let sessions = sessions::SessionMiddleware::builder(store).build()?;
    /// # let app = test::init_service(App::new().wrap(sessions).route("/", web::get().to(page))).await;
    /// # let response = test::call_service(&app, test::TestRequest::get().to_request()).await;
    /// # assert_eq!(test::read_body(response).await, "false, true");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn authenticated_within(&self, age: Duration) -> bool {
        self.slot().authenticated_within(age)
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

    /// Opens the whole struct for writing, or says why that would be in vain.
    ///
    /// In a streaming body or a WebSocket a session that is on the server already can be written, and saved by [`save`](Self::save). One in a
    /// cookie cannot, nor one that was never begun.
    ///
    /// ```
    /// # use actix_web::{App, test, web};
    /// use sessions::{Session, SessionData};
    ///
    /// #[derive(SessionData)]
    /// struct Visit {
    ///     count: u32,
    /// }
    ///
    /// async fn page(visit: Session<Visit>, mut again: Session<Visit>) -> String {
    ///     let guard = visit.read();
    ///     let refused = again.try_write().map(drop).unwrap_err().kind();
    ///     drop(guard);
    ///     again.write().count += 1;
    ///     format!("{refused:?}, {}", visit.count())
    /// }
    ///
    /// # #[actix_web::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let store = sessions::CookieStore::sealed(sessions::KeyRing::generate()?);
    /// # let sessions = sessions::SessionMiddleware::builder(store).build()?;
    /// # let app = test::init_service(App::new().wrap(sessions).route("/", web::get().to(page))).await;
    /// let response = test::call_service(&app, test::TestRequest::get().to_request()).await;
    /// assert_eq!(test::read_body(response).await, "GuardAlive, 1");
    /// # Ok(())
    /// # }
    /// ```
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
    /// Setting a `principal` field does it by itself. A session that was never stored has no identity to renew. It happens when the response
    /// leaves, or at [`save`](Self::save); not on a status of 500 or more.
    ///
    /// - On the server, the visitor gets a new token, and the old one is dead before the new one is sent. The [`handle`](Self::handle) stays. If
    ///   the store's answer is lost for good, the response is a 503, and the visitor is left with the old token or with none that works.
    /// - In a cookie, the visitor gets a new cookie with a new handle, but a copy of the old one stays valid until its deadline: nothing is kept
    ///   on the server that could refuse it.
    ///
    /// ```
    /// # use actix_web::{App, test, web};
    /// use sessions::{Session, SessionData};
    ///
    /// #[derive(SessionData)]
    /// struct Login {
    ///     #[session(principal)]
    ///     user: Option<String>,
    /// }
    ///
    /// /// Logs in, and at the second visit proves a second factor.
    /// async fn page(mut login: Session<Login>) -> String {
    ///     if login.is_new() {
    ///         login.set_user("ada");
    ///         return String::new();
    ///     }
    ///     let before = login.handle();
    ///     login.renew();
    ///     format!("{} {:?}", login.handle() != before, login.user())
    /// }
    ///
    /// # #[actix_web::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let store = sessions::CookieStore::sealed(sessions::KeyRing::generate()?);
    /// # let sessions = sessions::SessionMiddleware::builder(store).build()?;
    /// # let app = test::init_service(App::new().wrap(sessions).route("/", web::get().to(page))).await;
    /// # let first = test::call_service(&app, test::TestRequest::get().to_request()).await;
    /// # let cookie = first.headers().get("set-cookie").unwrap().to_str()?.split(';').next().unwrap().to_owned();
    /// # let request = test::TestRequest::get().insert_header(("cookie", cookie)).to_request();
    /// let response = test::call_service(&app, request).await;
    /// assert!(response.headers().contains_key("set-cookie"));
    /// assert_eq!(test::read_body(response).await, r#"true Some("ada")"#);
    /// # Ok(())
    /// # }
    /// ```
    pub fn renew(&mut self) {
        self.slot().renew();
    }

    /// Ends the session: its data is gone here and now, and the visitor's cookie is removed, whatever the response's status.
    ///
    /// What is written after it in the same request begins another session.
    ///
    /// - On the server, the record is deleted when the response leaves, or at [`save`](Self::save), and no request that is in flight brings it back.
    ///   If the store does not do it, the response is a 503 and the session may live on.
    /// - In a cookie, a copy of the cookie stays valid until its deadline.
    ///
    /// ```
    /// # use actix_web::{App, test, web};
    /// use sessions::{Session, SessionData};
    ///
    /// #[derive(SessionData)]
    /// struct Login {
    ///     #[session(principal)]
    ///     user: Option<String>,
    /// }
    ///
    /// async fn page(mut login: Session<Login>) -> &'static str {
    ///     login.destroy();
    ///     "goodbye"
    /// }
    ///
    /// # #[actix_web::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let store = sessions::CookieStore::sealed(sessions::KeyRing::generate()?);
    /// # let sessions = sessions::SessionMiddleware::builder(store).build()?;
    /// # let app = test::init_service(App::new().wrap(sessions).route("/", web::get().to(page))).await;
    /// let response = test::call_service(&app, test::TestRequest::get().insert_header(("cookie", "__Host-login=any")).to_request()).await;
    /// assert_eq!(
    ///     response.headers().get("set-cookie").unwrap(),
    ///     "__Host-login=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
    /// );
    /// # Ok(())
    /// # }
    /// ```
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
    /// Fields that this code does not know go too: those that were removed from the struct, whose bytes are kept and written back until then, and
    /// those that a newer release has added.
    ///
    /// ```
    /// # use actix_web::{App, test, web};
    /// use sessions::{Session, SessionData};
    ///
    /// #[derive(SessionData)]
    /// struct Login {
    ///     #[session(principal)]
    ///     user: Option<String>,
    ///     last_search: String,
    /// }
    ///
    /// async fn page(mut login: Session<Login>) -> String {
    ///     login.set_user("ada");
    ///     login.set_last_search("teapots");
    ///     login.clear();
    ///     format!("{:?} {:?}", login.user(), login.last_search())
    /// }
    ///
    /// # #[actix_web::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let store = sessions::CookieStore::sealed(sessions::KeyRing::generate()?);
    /// # let sessions = sessions::SessionMiddleware::builder(store).build()?;
    /// # let app = test::init_service(App::new().wrap(sessions).route("/", web::get().to(page))).await;
    /// let response = test::call_service(&app, test::TestRequest::get().to_request()).await;
    /// assert_eq!(test::read_body(response).await, r#"Some("ada") """#);
    /// # Ok(())
    /// # }
    /// ```
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
    /// the session, in its record or its cookie, until another call or the next authentication: set a `principal` first. A new session without
    /// data is not created by it. The cookie is sent again, with a token that is the same for a session on the server.
    ///
    /// Less than a second counts as one. Browsers keep a cookie for 400 days at most (RFC 6265bis, section 5.5); what is sent is capped at that.
    ///
    /// ```
    /// # use actix_web::{App, test, web};
    /// use sessions::{Session, SessionData};
    ///
    /// #[derive(SessionData)]
    /// struct Login {
    ///     #[session(principal)]
    ///     user: Option<String>,
    /// }
    ///
    /// async fn page(mut login: Session<Login>) -> &'static str {
    ///     login.set_user("ada");
    ///     login.remember(std::time::Duration::from_secs(90 * 24 * 60 * 60));
    ///     "see you"
    /// }
    ///
    /// # #[actix_web::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let store = sessions::CookieStore::sealed(sessions::KeyRing::generate()?);
    /// # let sessions = sessions::SessionMiddleware::builder(store).build()?;
    /// # let app = test::init_service(App::new().wrap(sessions).route("/", web::get().to(page))).await;
    /// let response = test::call_service(&app, test::TestRequest::get().to_request()).await;
    /// let line = response.headers().get("set-cookie").unwrap().to_str()?;
    /// assert!(line.contains("; Max-Age=7776000;"), "ninety days");
    /// # Ok(())
    /// # }
    /// ```
    pub fn remember(&mut self, duration: Duration) {
        self.slot()
            .set_lifetime(NewLifetime::Remember(duration.max(Duration::from_secs(1))));
    }

    /// Lets the browser forget the cookie when it closes: a shared computer. The deadlines hold as configured.
    ///
    /// Kept with the session, in its record or its cookie, until another call or the next authentication. A browser that restores its tabs restores such cookies too.
    ///
    /// ```
    /// # use actix_web::{App, test, web};
    /// use sessions::{Session, SessionData};
    ///
    /// #[derive(SessionData)]
    /// struct Login {
    ///     #[session(principal)]
    ///     user: Option<String>,
    /// }
    ///
    /// async fn page(mut login: Session<Login>) -> &'static str {
    ///     login.set_user("ada");
    ///     login.forget_on_close();
    ///     "see you"
    /// }
    ///
    /// # #[actix_web::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let store = sessions::CookieStore::sealed(sessions::KeyRing::generate()?);
    /// # let sessions = sessions::SessionMiddleware::builder(store).build()?;
    /// # let app = test::init_service(App::new().wrap(sessions).route("/", web::get().to(page))).await;
    /// let response = test::call_service(&app, test::TestRequest::get().to_request()).await;
    /// let line = response.headers().get("set-cookie").unwrap().to_str()?;
    /// assert!(line.ends_with("; HttpOnly; SameSite=Lax; Secure; Path=/") && !line.contains("Max-Age"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn forget_on_close(&mut self) {
        self.slot().set_lifetime(NewLifetime::ForgetOnClose);
    }

    /// Saves at once instead of when the response leaves, and reports.
    ///
    /// What it saved keeps its cookie even if the handler fails afterwards. Nothing is sent where nothing changed. What it could not save is tried
    /// again when the response leaves, unless the handler takes it back or answers with a status of 500 or more.
    ///
    /// - On the server, the store has it when this returns, and other requests see it. A session that was joined with what another request wrote
    ///   at the same time goes on, in this request, with what this one wrote.
    /// - In a cookie, the cookie is made now, and travels with the response.
    ///
    /// ```
    /// # use actix_web::{App, test, web};
    /// use sessions::{Session, SessionData, SessionErrorKind};
    ///
    /// #[derive(SessionData)]
    /// struct Note {
    ///     text: String,
    /// }
    ///
    /// async fn page(mut note: Session<Note>) -> Result<&'static str, sessions::SessionError> {
    ///     note.set_text("x".repeat(5_000));
    ///     match note.save().await {
    ///         Ok(()) => Ok("kept"),
    ///         Err(error) if error.kind() == SessionErrorKind::TooLarge => {
    ///             note.set_text("");
    ///             Ok("that is too long")
    ///         }
    ///         Err(error) => Err(error),
    ///     }
    /// }
    ///
    /// # #[actix_web::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let store = sessions::CookieStore::sealed(sessions::KeyRing::generate()?);
    /// # let sessions = sessions::SessionMiddleware::builder(store).build()?;
    /// # let app = test::init_service(App::new().wrap(sessions).route("/", web::get().to(page))).await;
    /// let response = test::call_service(&app, test::TestRequest::get().to_request()).await;
    /// assert!(!response.headers().contains_key("set-cookie"));
    /// assert_eq!(test::read_body(response).await, "that is too long");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `TooLarge`, `Unwritable`, `GuardAlive`, `PrincipalChanged`; on the server also `Conflict` and `TooManySessions`: what the visitor has
    /// stays as it was. `StoreUnavailable` when the store did not say that it is done: it may be. `Gone` when the session ended meanwhile. `TooLate`
    /// when the response's head has left and the session needs a cookie; one that is on the server already, as it is in a WebSocket, needs none.
    pub async fn save(&mut self) -> Result<(), SessionError> {
        self.slot().save().await
    }

    /// The sessions that belong to the same principal, for the page that lists "your devices".
    ///
    /// None while the session belongs to nobody. On the server, in a store with an index; never in a cookie.
    ///
    /// ```
    /// # use actix_web::{App, test, web};
    /// use sessions::{MemoryStore, Session, SessionData, SessionError, SessionMiddleware};
    ///
    /// #[derive(SessionData)]
    /// struct Login {
    ///     #[session(principal)]
    ///     user: Option<String>,
    /// }
    ///
    /// /// Logs in, and everybody else with that name out (OWASP ASVS v5, 7.4.3).
    /// async fn page(mut login: Session<Login>) -> Result<String, SessionError> {
    ///     login.set_user("ada");
    ///     login.save().await?;
    ///     let devices = login.principal_sessions()?;
    ///     let before = devices.list().await?.len();
    ///     devices.end_others().await?;
    ///     Ok(format!("{before}, {}", devices.list().await?[0].is_current()))
    /// }
    ///
    /// # #[actix_web::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sessions = SessionMiddleware::builder(MemoryStore::new()).build()?;
    /// # let app = test::init_service(App::new().wrap(sessions).route("/", web::get().to(page))).await;
    /// # test::call_service(&app, test::TestRequest::get().to_request()).await;
    /// let response = test::call_service(&app, test::TestRequest::get().to_request()).await;
    /// assert_eq!(test::read_body(response).await, "2, true");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `NoPrincipalIndex` where the session's store has none, as cookies have not. `GuardAlive` while a `RefMut` of the session is alive.
    pub fn principal_sessions(&self) -> Result<PrincipalSessions, SessionError> {
        self.slot().principal_sessions()
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
