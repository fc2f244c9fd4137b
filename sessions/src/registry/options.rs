use std::{any::TypeId, borrow::Cow, sync::Arc, time::Duration};

use crate::{
    clock::Clock,
    cookie::{Attributes, MaxAge, NamePrefix, SameSite, SessionCookie},
    crypto::Key,
    data::OnConflict,
    error::{BuildError, BuildErrorKind, BuildRule},
    event::Listeners,
    import::{AnyImport, Import},
    manager::{Backend, Desk, DeviceAddress, Gate, ServerSide},
    session::{Lifetime, SessionData},
    store::{Admission, AdmissionPolicy, SessionStore},
    stores::CookieCodec,
    vault::{BodyCodec, Vault},
};

use super::store::{Store, StoreKind};

/// The options of a session type, or of all: store, cookie attributes, lifetime.
///
/// What a type's options leave open is taken from those of the middleware, and what those leave open from the defaults, which are the
/// strictest that work for a site of one host: `__Host-` prefix, `Secure`, `HttpOnly`, `SameSite=Lax`, `Path=/`, seven days idle, thirty in
/// all. Options are plain values: to share some among several types, keep them in a variable and clone it.
///
/// ```
/// use std::time::Duration;
/// use sessions::{CookieStore, KeyRing, SameSite, SessionData, SessionMiddleware};
///
/// #[derive(SessionData)]
/// struct Login {
///     user: Option<String>,
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let sessions = SessionMiddleware::builder(CookieStore::sealed(KeyRing::generate()?))
///     .options(|all| all.idle_timeout(Duration::from_secs(3 * 24 * 60 * 60)))
///     .session::<Login>(|login| login.same_site(SameSite::Strict).idle_timeout(Duration::from_secs(30 * 60)))
///     .build()?;
/// # Ok(())
/// # }
/// ```
///
/// # What is written
///
/// | option | `Set-Cookie` |
/// | --- | --- |
/// | none of them | `__Host-visit=…; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure; Path=/` |
/// | `same_site(SameSite::Strict)` | `__Host-visit=…; Max-Age=2592000; HttpOnly; SameSite=Strict; Secure; Path=/` |
/// | `partitioned(true)` | `__Host-visit=…; Max-Age=2592000; HttpOnly; SameSite=Lax; Partitioned; Secure; Path=/` |
/// | `max_age(MaxAge::BrowserSession)` | `__Host-visit=…; HttpOnly; SameSite=Lax; Secure; Path=/` |
/// | `absolute_timeout(one day)` | `__Host-visit=…; Max-Age=86400; HttpOnly; SameSite=Lax; Secure; Path=/` |
/// | `name_prefix(NamePrefix::Secure).path("/shop")` | `__Secure-visit=…; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure; Path=/shop` |
/// | `name_prefix(NamePrefix::Secure).domain("example.com")` | `__Secure-visit=…; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure; Path=/; Domain=example.com` |
/// | `insecure_http()` | `visit=…; Max-Age=2592000; HttpOnly; SameSite=Lax; Path=/` |
/// | `dangerous_script_access()` | `__Host-visit=…; Max-Age=2592000; SameSite=Lax; Secure; Path=/` |
///
/// ```
/// # use std::time::Duration;
/// use actix_web::{App, test, web};
/// use sessions::{CookieStore, KeyRing, MaxAge, NamePrefix, SameSite, Session, SessionData, SessionMiddleware, SessionOptions};
///
/// #[derive(SessionData)]
/// struct Visit {
///     count: u32,
/// }
///
/// async fn page(mut visit: Session<Visit>) -> &'static str {
///     visit.set_count(1);
///     ""
/// }
///
/// /// The line without the cookie's value.
/// async fn line(options: fn(SessionOptions) -> SessionOptions) -> Result<String, Box<dyn std::error::Error>> {
///     let sessions = SessionMiddleware::builder(CookieStore::sealed(KeyRing::generate()?)).options(options).build()?;
///     let app = test::init_service(App::new().wrap(sessions).route("/", web::get().to(page))).await;
///     let response = test::call_service(&app, test::TestRequest::get().to_request()).await;
///     let line = response.headers().get("set-cookie").unwrap().to_str()?;
///     let (name, rest) = line.split_once('=').unwrap();
///     Ok(format!("{name}=…;{}", rest.split_once(';').unwrap().1))
/// }
///
/// # #[actix_web::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// assert_eq!(line(|all| all).await?, "__Host-visit=…; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure; Path=/");
/// assert_eq!(line(|all| all.insecure_http()).await?, "visit=…; Max-Age=2592000; HttpOnly; SameSite=Lax; Path=/");
/// # assert_eq!(line(|all| all.same_site(SameSite::Strict)).await?, "__Host-visit=…; Max-Age=2592000; HttpOnly; SameSite=Strict; Secure; Path=/");
/// # assert_eq!(line(|all| all.partitioned(true)).await?, "__Host-visit=…; Max-Age=2592000; HttpOnly; SameSite=Lax; Partitioned; Secure; Path=/");
/// # assert_eq!(line(|all| all.max_age(MaxAge::BrowserSession)).await?, "__Host-visit=…; HttpOnly; SameSite=Lax; Secure; Path=/");
/// # assert_eq!(line(|all| all.absolute_timeout(Duration::from_secs(86_400))).await?, "__Host-visit=…; Max-Age=86400; HttpOnly; SameSite=Lax; Secure; Path=/");
/// # assert_eq!(line(|all| all.name_prefix(NamePrefix::Secure).path("/shop")).await?, "__Secure-visit=…; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure; Path=/shop");
/// # assert_eq!(line(|all| all.name_prefix(NamePrefix::Secure).domain("example.com")).await?, "__Secure-visit=…; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure; Path=/; Domain=example.com");
/// # assert_eq!(line(|all| all.dangerous_script_access()).await?, "__Host-visit=…; Max-Age=2592000; SameSite=Lax; Secure; Path=/");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct SessionOptions {
    store: Option<Store>,
    name_prefix: Option<NamePrefix>,
    path: Option<String>,
    domain: Option<String>,
    secure: Option<bool>,
    http_only: Option<bool>,
    same_site: Option<SameSite>,
    partitioned: Option<bool>,
    max_age: Option<MaxAge>,
    idle: Option<Duration>,
    absolute: Option<Duration>,
    touch_interval: Option<Duration>,
    save_on_server_error: Option<bool>,
    flash_on_prefetch: Option<bool>,
    refuse_newer: Option<bool>,
    store_timeout: Option<Duration>,
    max_length: Option<usize>,
    on_conflict: Option<OnConflict>,
    admission: Option<Admission>,
    device: Option<DeviceAddress>,
    at_rest: Option<Arc<Key>>,
    import: Option<AnyImport>,
}

impl SessionOptions {
    /// Nothing chosen yet.
    ///
    /// ```
    /// use std::time::Duration;
    /// use sessions::{CookieStore, KeyRing, SessionData, SessionMiddleware, SessionOptions};
    ///
    /// #[derive(SessionData)]
    /// struct Admin {
    ///     user: Option<String>,
    /// }
    ///
    /// #[derive(SessionData)]
    /// struct Billing {
    ///     account: Option<u64>,
    /// }
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let guarded = SessionOptions::new().idle_timeout(Duration::from_secs(15 * 60));
    /// let sessions = SessionMiddleware::builder(CookieStore::sealed(KeyRing::generate()?))
    ///     .session::<Admin>(|_| guarded.clone())
    ///     .session::<Billing>(|_| guarded.clone())
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps the session in this store. Default: the middleware's.
    ///
    /// Sessions that are in another store already are not moved: their visitors begin anew.
    pub fn store(mut self, store: impl Into<Store>) -> Self {
        self.store = Some(store.into());
        self
    }

    /// The cookie name's prefix, by which a browser vouches for the cookie's attributes. Default: `__Host-`, which no subdomain and no
    /// unencrypted page can set (RFC 6265bis, section 4.1.3). Change it to [`NamePrefix::Secure`] for a cookie with a
    /// [`domain`](Self::domain) or another [`path`](Self::path).
    pub fn name_prefix(mut self, prefix: NamePrefix) -> Self {
        self.name_prefix = Some(prefix);
        self
    }

    /// Sends the cookie to this path and those below it only. Default: `/`. It keeps cookies apart and is no protection: scripts of the same
    /// origin reach every path (RFC 6265bis, section 8.5).
    ///
    /// To a browser a cookie of another path or domain is another cookie, and it sends both: when you change either, give the session
    /// another name too.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Sends the cookie to this domain and all its subdomains. Default: to the one host that set it. Every host below the domain can then
    /// read and replace the session; it needs [`NamePrefix::Secure`] or none.
    pub fn domain(mut self, domain: impl Into<String>) -> Self {
        self.domain = Some(domain.into());
        self
    }

    /// When requests from other sites carry the cookie. Default: `Lax`, on top-level navigation only. `Strict` where arriving from a link
    /// may look logged out; `None` for frames inside other sites, with [`partitioned`](Self::partitioned) where it can be.
    pub fn same_site(mut self, same_site: SameSite) -> Self {
        self.same_site = Some(same_site);
        self
    }

    /// Keeps a cookie jar apart for each site that the page is embedded in (CHIPS). Default: off.
    pub fn partitioned(mut self, partitioned: bool) -> Self {
        self.partitioned = Some(partitioned);
        self
    }

    /// How long the browser keeps the cookie. Default: [`MaxAge::UntilDeadline`]. It is hygiene: the deadlines are enforced by the server
    /// whatever the browser does.
    ///
    /// - On the server, the cookie is sent only when the session begins, is renewed or gets another lifetime: there a `Max-Age` is no idle
    ///   timeout, and with [`MaxAge::AtMost`] the browser forgets a session that is in use.
    /// - In a cookie, each write and each touch sends the cookie again, with a `Max-Age` of its own.
    pub fn max_age(mut self, max_age: MaxAge) -> Self {
        self.max_age = Some(max_age);
        self
    }

    /// How long a session may go unused, in whole seconds. Default: seven days. If only one of the timeouts is set and the other's default
    /// contradicts it, the default gives way.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle = Some(timeout);
        self
    }

    /// How long a session lives at all since it was created or its principal was last set, in whole seconds. Default: thirty days.
    pub fn absolute_timeout(mut self, timeout: Duration) -> Self {
        self.absolute = Some(timeout);
        self
    }

    /// How much the idle deadline must move before a request that only reads moves it. Default: five minutes on the server, an hour in a
    /// cookie, or a sixth of the idle timeout if that is less.
    ///
    /// On the server a move is one small write to the store, and sends nothing; if it fails, there is a warning and the next request does it. In
    /// a cookie each move sends the cookie again, which of two responses may put an older one in a newer one's place.
    ///
    /// ```
    /// use std::time::Duration;
    /// use sessions::{CookieStore, KeyRing, SessionMiddleware};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let refused = SessionMiddleware::builder(CookieStore::sealed(KeyRing::generate()?))
    ///     .options(|all| all.idle_timeout(Duration::from_secs(600)).touch_interval(Duration::from_secs(600)))
    ///     .build()
    ///     .unwrap_err();
    /// assert_eq!(
    ///     refused.to_string(),
    ///     "options of all sessions: a touch interval as long as the idle timeout or the cookie's Max-Age lets sessions in use end; \
    ///      make `touch_interval` a fraction of them",
    /// );
    /// # Ok(())
    /// # }
    /// ```
    pub fn touch_interval(mut self, interval: Duration) -> Self {
        self.touch_interval = Some(interval);
        self
    }

    /// Both timeouts and the touch interval at once, for example [`Lifetime::strict`].
    pub fn lifetime(self, lifetime: Lifetime) -> Self {
        self.idle_timeout(lifetime.idle)
            .absolute_timeout(lifetime.absolute)
            .touch_interval(lifetime.touch_interval)
    }

    /// Saves what a handler wrote even when the response's status is 500 or more. Default: off, so that a request that failed halfway
    /// leaves the session as it was.
    ///
    /// ```
    /// # use actix_web::{App, HttpResponse, test, web};
    /// use sessions::{Session, SessionData};
    ///
    /// #[derive(SessionData)]
    /// struct Visit {
    ///     count: u32,
    /// }
    ///
    /// async fn page(mut visit: Session<Visit>) -> HttpResponse {
    ///     visit.set_count(1);
    ///     HttpResponse::BadGateway().finish()
    /// }
    ///
    /// # #[actix_web::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let store = sessions::CookieStore::sealed(sessions::KeyRing::generate()?);
    /// # let sessions = sessions::SessionMiddleware::builder(store).options(|all| all.save_on_server_error(true)).build()?;
    /// # let app = test::init_service(App::new().wrap(sessions).route("/", web::get().to(page))).await;
    /// let response = test::call_service(&app, test::TestRequest::get().to_request()).await;
    /// assert!(response.headers().contains_key("set-cookie"), "counted all the same");
    /// # Ok(())
    /// # }
    /// ```
    pub fn save_on_server_error(mut self, save: bool) -> Self {
        self.save_on_server_error = Some(save);
        self
    }

    /// Gives flash messages to a prefetching browser too. Default: off, since nobody may ever see that page.
    ///
    /// ```
    /// # use actix_web::{App, test, web};
    /// use sessions::{Session, SessionData};
    ///
    /// #[derive(SessionData)]
    /// struct Notices {
    ///     #[session(flash(one = "notice"))]
    ///     notices: Vec<String>,
    /// }
    ///
    /// async fn page(mut notices: Session<Notices>) -> String {
    ///     notices.push_notice("Saved.");
    ///     format!("{:?}", notices.take_notices())
    /// }
    ///
    /// # #[actix_web::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let store = sessions::CookieStore::sealed(sessions::KeyRing::generate()?);
    /// # let sessions = sessions::SessionMiddleware::builder(store).build()?;
    /// # let app = test::init_service(App::new().wrap(sessions).route("/", web::get().to(page))).await;
    /// let response = test::call_service(&app, test::TestRequest::get().insert_header(("sec-purpose", "prefetch")).to_request()).await;
    /// assert_eq!(test::read_body(response).await, "[]", "nobody may ever see this page");
    /// # Ok(())
    /// # }
    /// ```
    pub fn flash_on_prefetch(mut self, flash: bool) -> Self {
        self.flash_on_prefetch = Some(flash);
        self
    }

    /// Refuses a session of a newer `version` than the code's, instead of beginning it anew. Default: off, so that nobody is shut out: the
    /// handler sees an empty session, [`Rejected`](crate::Origin::Rejected), and what it writes takes the newer one's place for good.
    ///
    /// Turn it on in the release *before* the one that raises a `version`: it is the code that is gone back to that must refuse. Then a request
    /// that a release before the change answers, since the deploy is under way or was taken back, fails with
    /// [`NewerVersion`](crate::SessionErrorKind::NewerVersion), 503, without a `Set-Cookie`; the event is the one of every rejection. So does each
    /// page that opens the session, the one that logs out too, until code that can read it answers again: nothing is lost meanwhile.
    ///
    /// - It holds for a session in a cookie and for one in a store, for the extractor and for [`get`](crate::Registry::get),
    ///   [`named`](crate::Registry::named) and [`load_fresh`](crate::Registry::load_fresh). A handler that takes `Result<Session<T>, SessionError>`
    ///   may answer with a page of its own; with `Option<Session<T>>` it has nobody's.
    /// - A request that was busy with the older data when newer code wrote fails with it too, where it was a
    ///   [`Conflict`](crate::SessionErrorKind::Conflict).
    /// - Of several cookies of the name, one that this code reads is taken, as ever.
    ///
    /// The response has no `Retry-After`: how long a deploy takes, nobody knows here.
    ///
    /// ```
    /// # use actix_web::{App, test, web};
    /// use sessions::{MemoryStore, Session, SessionData, SessionMiddleware, Store};
    ///
    /// #[derive(SessionData)]
    /// #[session(name = "cart")]
    /// struct CartV1 {
    ///     items: String,
    /// }
    ///
    /// #[derive(SessionData)]
    /// #[session(name = "cart", version = 2, previous = CartV1)]
    /// struct Cart {
    ///     items: Vec<String>,
    /// }
    /// # impl From<CartV1> for Cart {
    /// #     fn from(old: CartV1) -> Self {
    /// #         Self { items: old.items.split(',').map(str::to_owned).collect() }
    /// #     }
    /// # }
    ///
    /// async fn old(cart: Session<CartV1>) -> String {
    ///     cart.items().clone()
    /// }
    ///
    /// async fn new(mut cart: Session<Cart>) -> String {
    ///     cart.items_mut().push("tea".to_owned());
    ///     cart.items().join(",")
    /// }
    ///
    /// # #[actix_web::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let store = Store::from(MemoryStore::new());
    /// let sessions = || SessionMiddleware::builder(store.clone()).options(|all| all.refuse_newer(true)).build();
    /// let old = test::init_service(App::new().wrap(sessions()?).route("/", web::get().to(old))).await;
    /// let new = test::init_service(App::new().wrap(sessions()?).route("/", web::get().to(new))).await;
    ///
    /// let response = test::call_service(&new, test::TestRequest::get().to_request()).await;
    /// # let cookie = response.headers().get("set-cookie").unwrap().to_str()?.split(';').next().unwrap().to_owned();
    /// # let request = || test::TestRequest::get().insert_header(("cookie", cookie.clone())).to_request();
    /// assert_eq!(test::call_service(&old, request()).await.status(), 503);
    /// assert_eq!(test::call_and_read_body(&new, request()).await, "tea,tea");
    /// # Ok(())
    /// # }
    /// ```
    pub fn refuse_newer(mut self, refuse: bool) -> Self {
        self.refuse_newer = Some(refuse);
        self
    }

    /// Sends the cookie over https only, under a `__Host-` name: the default. Takes back an [`insecure_http`](Self::insecure_http) that
    /// comes from the store or the middleware.
    pub fn secure(mut self) -> Self {
        self.secure = Some(true);
        self.name_prefix = Some(NamePrefix::Host);
        self
    }

    /// Keeps the cookie from the page's scripts: the default. Takes back a [`dangerous_script_access`](Self::dangerous_script_access) that
    /// comes from the store or the middleware.
    pub fn http_only(mut self) -> Self {
        self.http_only = Some(true);
        self
    }

    /// Sends the cookie over unencrypted connections: drops `Secure` and the name prefix, which browsers refuse without it.
    ///
    /// For development over plain http, or a device on a closed network. Whoever can listen owns the session; `build()` logs a warning.
    pub fn insecure_http(mut self) -> Self {
        self.secure = Some(false);
        self.name_prefix = Some(NamePrefix::None);
        self
    }

    /// Lets the page's scripts read the cookie: drops `HttpOnly`. A single injected script then takes the session away with it
    /// (OWASP ASVS v5, 3.3.4); `build()` logs a warning.
    pub fn dangerous_script_access(mut self) -> Self {
        self.http_only = Some(false);
        self
    }

    /// How long a store's answer is waited for, each time it is asked. Default: five seconds.
    ///
    /// A store that does not answer a question in time is a 503; a write that is not answered in time is looked up first, since it may have
    /// happened. No effect on a cookie store.
    pub fn store_timeout(mut self, timeout: Duration) -> Self {
        self.store_timeout = Some(timeout);
        self
    }

    /// How many bytes a session may take in a store, sealing and dates included; 0 for no limit. Default: 1 MiB.
    ///
    /// More is an error, [`TooLarge`](crate::SessionErrorKind::TooLarge), and what the store holds stays. The store itself may allow less. A
    /// cookie has a limit of its own, 4,096 bytes with its name and attributes.
    pub fn max_length(mut self, bytes: usize) -> Self {
        self.max_length = Some(bytes);
        self
    }

    /// What happens where two requests changed one field at once and no `merge` function decides. Default: the later one wins that field;
    /// what they changed in different fields is joined in any case.
    ///
    /// No effect on a cookie store, where the later response wins the whole session.
    pub fn on_conflict(mut self, rule: OnConflict) -> Self {
        self.on_conflict = Some(rule);
        self
    }

    /// How many sessions a principal may have at once, and what happens to one more. Default: any number.
    ///
    /// It needs a `principal` field, and counts when that is set. It holds also for logins at the same instant. A session that has to make room is
    /// gone at once: its next request finds none. A login that is refused is [`TooManySessions`](crate::SessionErrorKind::TooManySessions) (403), and
    /// whoever knows a password can then lock its owner out. Sessions beyond a limit that came later stay at
    /// least until their principal logs in again. `build()` refuses it on a cookie
    /// store, and on a store that cannot count and write in one step; [`MemoryStore`](crate::MemoryStore) and
    /// [`FilesystemStore`](crate::FilesystemStore) can.
    ///
    /// ```
    /// use sessions::{MemoryStore, SessionData, SessionMiddleware, store::AdmissionPolicy};
    ///
    /// #[derive(SessionData)]
    /// struct Login {
    ///     #[session(principal)]
    ///     user: Option<String>,
    /// }
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let sessions = SessionMiddleware::builder(MemoryStore::new())
    ///     .session::<Login>(|login| login.principal_limit(3, AdmissionPolicy::EvictOldest))
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn principal_limit(mut self, sessions: u32, policy: AdmissionPolicy) -> Self {
        self.admission = Some(Admission::new(sessions, policy));
        self
    }

    /// Keeps each visitor's address and `User-Agent` with the session, as of its last write, for
    /// [`PrincipalSessions::list`](crate::PrincipalSessions::list). Default: neither is kept. `build()` refuses it on a cookie store.
    ///
    /// Both are personal data, and what a visitor says of itself: show them, and decide nothing by them. Take [`DeviceAddress::Forwarded`]
    /// behind a proxy only.
    pub fn device_info(mut self, address: DeviceAddress) -> Self {
        self.device = Some(address);
        self
    }

    /// Seals what the store keeps, so that whoever steals the store can read no session. Default: kept as it is.
    ///
    /// Each record is sealed under a key of its own, made from this one and from the visitor's token, which the store never sees; principals
    /// are kept as keyed hashes. Handle, dates and [device](Self::device_info) stay readable: sweeping and listing need them.
    ///
    /// Take a key of its own, not one of a [`KeyRing`](crate::KeyRing): 32 bytes from `openssl rand -base64 32`, kept outside of the store, the same
    /// for all processes and machines on it. Another key, and switching this on or off, ends all sessions of the store at once: their visitors
    /// begin anew. `build()` refuses it on a cookie store, which has keys of its own.
    ///
    /// ```
    /// use sessions::{Key, MemoryStore, SessionMiddleware};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let key: Key = Key::generate()?; // in production: std::env::var("SESSION_STORE_KEY")?.parse()?
    /// let sessions = SessionMiddleware::builder(MemoryStore::new()).options(|all| all.encrypt_at_rest(key)).build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn encrypt_at_rest(mut self, key: Key) -> Self {
        self.at_rest = Some(Arc::new(key));
        self
    }

    /// Takes over the sessions that visitors have from another application, as this one: nobody is logged out when a site moves here.
    ///
    /// Default: whoever comes without a cookie of this session is new. What is taken over, when, and for how long is said at [`Import`]. It is an
    /// option of one session, so give it in [`session`](crate::SessionMiddlewareBuilder::session) or, for a session under a name of its own, in
    /// [`named`](crate::SessionMiddlewareBuilder::named), which does not take it from its type. `build()` refuses it for all sessions or for a store,
    /// and if it makes sessions of another type, reads a cookie of ours, or removes one that another session imports too.
    pub fn import<T: SessionData>(mut self, import: Import<T>) -> Self {
        self.import = Some(AnyImport::new(import));
        self
    }

    /// Fills what is left open from the store it will be kept in, and then from `shared`.
    pub(crate) fn resolve(self, shared: &Self) -> Self {
        let store = self.store.as_ref().or(shared.store.as_ref());
        match store.and_then(|store| store.options.clone()) {
            Some(of_store) => self.over(&of_store).over(shared),
            None => self.over(shared),
        }
    }

    pub(crate) fn names_store(&self) -> bool {
        self.store.is_some()
    }

    pub(super) fn without_store(self) -> Self {
        Self {
            store: None,
            ..self
        }
    }

    /// Fills what is left open from `base`.
    fn over(self, base: &Self) -> Self {
        Self {
            store: self.store.or_else(|| base.store.clone()),
            name_prefix: self.name_prefix.or(base.name_prefix),
            path: self.path.or_else(|| base.path.clone()),
            domain: self.domain.or_else(|| base.domain.clone()),
            secure: self.secure.or(base.secure),
            http_only: self.http_only.or(base.http_only),
            same_site: self.same_site.or(base.same_site),
            partitioned: self.partitioned.or(base.partitioned),
            max_age: self.max_age.or(base.max_age),
            idle: self.idle.or(base.idle),
            absolute: self.absolute.or(base.absolute),
            touch_interval: self.touch_interval.or(base.touch_interval),
            save_on_server_error: self.save_on_server_error.or(base.save_on_server_error),
            flash_on_prefetch: self.flash_on_prefetch.or(base.flash_on_prefetch),
            refuse_newer: self.refuse_newer.or(base.refuse_newer),
            store_timeout: self.store_timeout.or(base.store_timeout),
            max_length: self.max_length.or(base.max_length),
            on_conflict: self.on_conflict.or(base.on_conflict),
            admission: self.admission.or(base.admission),
            device: self.device.or(base.device),
            at_rest: self.at_rest.or_else(|| base.at_rest.clone()),
            // One visitor's session must not become two.
            import: self.import,
        }
    }

    /// What the options lower that `shared` does not, for the log.
    pub(crate) fn warnings(&self, shared: Option<&Self>) -> impl Iterator<Item = &'static str> {
        let insecure = (self.secure == Some(false)
            && shared.is_none_or(|shared| shared.secure != Some(false)))
        .then_some(
            "`insecure_http`: cookies travel unencrypted; leave it out where the site has https",
        );
        let readable = (self.http_only == Some(false)
            && shared.is_none_or(|shared| shared.http_only != Some(false)))
        .then_some("`dangerous_script_access`: scripts can read the cookie; leave it out unless a script needs it");
        insecure.into_iter().chain(readable)
    }

    pub(super) fn device_address(&self) -> Option<DeviceAddress> {
        self.device
    }

    /// Has the store swept, if it needs it.
    pub(super) fn start_sweeper(&self, clock: &Clock, listeners: &Listeners) {
        if let Some(store) = &self.store {
            store.start_sweeper(clock, listeners);
        }
    }

    /// Sets up a desk for a session of this name.
    pub(crate) fn desk(
        &self,
        name: Cow<'static, str>,
        clock: &Clock,
        listeners: &Listeners,
    ) -> Result<Desk, BuildError> {
        let error = |rule: BuildRule| BuildError::new(&name, rule);
        let attributes = self.attributes();
        let cookie = SessionCookie::new(&name, &attributes).map_err(|rule| error(rule.into()))?;
        let lifetime = self.checked_lifetime().map_err(|kind| error(kind.into()))?;
        let store = self
            .store
            .as_ref()
            .ok_or_else(|| error(BuildErrorKind::NoStore.into()))?;
        let backend = match &store.kind {
            StoreKind::ClientSide(store) => self
                .check_client_side()
                .map(|()| Backend::ClientSide(CookieCodec::new(store, &name))),
            StoreKind::ServerSide(store) => self
                .server_side(store, &name, clock)
                .map(Backend::ServerSide),
        };
        let backend = backend.map_err(|kind| error(kind.into()))?;
        let of_store = store.options.as_ref();
        if of_store.is_some_and(|options| options.imports()) {
            return Err(error(BuildErrorKind::ImportMisplaced.into()));
        }
        Ok(Desk {
            cookie,
            max_age: attributes.max_age,
            backend,
            lifetime,
            save_on_server_error: self.save_on_server_error.unwrap_or(false),
            flash_on_prefetch: self.flash_on_prefetch.unwrap_or(false),
            refuse_newer: self.refuse_newer.unwrap_or(false),
            clock: clock.clone(),
            listeners: listeners.clone(),
            gate: None,
            name,
        })
    }

    pub(crate) fn imports(&self) -> bool {
        self.import.is_some()
    }

    /// The name of the cookie that is imported, and whether it is removed then.
    pub(super) fn imported_cookie(&self) -> Option<(&str, bool)> {
        let import = self.import.as_ref()?;
        Some((import.cookie.name(), import.removes))
    }

    /// Sets up the gate for visitors who hold a session of another application, to a session of this type with this cookie.
    pub(super) fn gate(
        &self,
        type_id: TypeId,
        own_cookie: &str,
    ) -> Result<Option<Gate>, BuildRule> {
        let Some(import) = &self.import else {
            return Ok(None);
        };
        if !import.is_of(type_id) {
            return Err(BuildErrorKind::ImportOfOtherType.into());
        }
        let cookie = import.cookie.compile(&self.attributes())?;
        if import.cookie.name() == own_cookie {
            return Err(BuildErrorKind::ImportOfOwnCookie.into());
        }
        let patience = self.store_timeout.unwrap_or(STORE_TIMEOUT);
        if patience.is_zero() {
            return Err(BuildErrorKind::StoreTimeoutIsZero.into());
        }
        Ok(Some(Gate::new(import.clone(), cookie, patience)))
    }

    /// What only a server can do is not silently left undone.
    fn check_client_side(&self) -> Result<(), BuildErrorKind> {
        if self.admission.is_some() || self.device.is_some() || self.at_rest.is_some() {
            return Err(BuildErrorKind::NeedsServerSide);
        }
        Ok(())
    }

    fn server_side(
        &self,
        store: &Arc<dyn SessionStore>,
        name: &str,
        clock: &Clock,
    ) -> Result<ServerSide, BuildErrorKind> {
        let timeout = self.store_timeout.unwrap_or(STORE_TIMEOUT);
        if timeout.is_zero() {
            return Err(BuildErrorKind::StoreTimeoutIsZero);
        }
        let limits = store
            .abilities()
            .principals
            .is_some_and(|index| index.limits());
        if self.admission.is_some() && !limits {
            return Err(BuildErrorKind::NoPrincipalLimit);
        }
        Ok(ServerSide {
            vault: Vault::new(Arc::clone(store), timeout, clock.clone()),
            codec: BodyCodec::new(name, self.at_rest.as_deref()),
            admission: self.admission,
            on_conflict: self.on_conflict.unwrap_or_default(),
            max_length: match self.max_length {
                None => MAX_LENGTH,
                Some(0) => usize::MAX,
                Some(bytes) => bytes,
            },
            device: self.device,
        })
    }

    fn attributes(&self) -> Attributes {
        let defaults = Attributes::default();
        Attributes {
            prefix: self.name_prefix.unwrap_or(defaults.prefix),
            path: self.path.clone().unwrap_or(defaults.path),
            domain: self.domain.clone(),
            secure: self.secure.unwrap_or(defaults.secure),
            http_only: self.http_only.unwrap_or(defaults.http_only),
            same_site: self.same_site.unwrap_or(defaults.same_site),
            partitioned: self.partitioned.unwrap_or(defaults.partitioned),
            max_age: self.max_age.unwrap_or(defaults.max_age),
        }
    }

    /// Where only one of two was chosen, the other's default gives way.
    fn checked_lifetime(&self) -> Result<Lifetime, BuildErrorKind> {
        let defaults = Lifetime::default();
        let absolute = self
            .absolute
            .unwrap_or_else(|| defaults.absolute.max(self.idle.unwrap_or_default()));
        let idle = self.idle.unwrap_or_else(|| defaults.idle.min(absolute));
        // A cookie that is not sent again in time is forgotten by the browser, whatever the deadline.
        let kept = match self.max_age {
            Some(MaxAge::AtMost(limit)) => idle.min(limit),
            _ => idle,
        };
        let touch_interval = self.touch_interval.unwrap_or_else(|| {
            let usual = match self.store.as_ref().map(|store| &store.kind) {
                Some(StoreKind::ServerSide(_)) => SERVER_TOUCH_INTERVAL,
                Some(StoreKind::ClientSide(_)) | None => defaults.touch_interval,
            };
            usual.min(kept / 6)
        });
        if idle.as_secs() == 0 || absolute.as_secs() == 0 {
            return Err(BuildErrorKind::TimeoutIsZero);
        }
        if idle > absolute {
            return Err(BuildErrorKind::IdleBeyondAbsolute);
        }
        if touch_interval >= kept {
            return Err(BuildErrorKind::TouchTooRare);
        }
        Ok(Lifetime {
            idle,
            absolute,
            touch_interval,
        })
    }
}

const STORE_TIMEOUT: Duration = Duration::from_secs(5);

/// Of a record's body.
const MAX_LENGTH: usize = 1024 * 1024;

/// A touch of a record costs less than a new cookie, and nothing on the way to the visitor.
const SERVER_TOUCH_INTERVAL: Duration = Duration::from_secs(5 * 60);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{crypto::KeyRing, stores::CookieStore};

    const HOUR: Duration = Duration::from_secs(60 * 60);

    fn store() -> CookieStore {
        CookieStore::sealed(KeyRing::generate().unwrap())
    }

    fn removal(options: &SessionOptions) -> String {
        let desk = options
            .desk(
                Cow::Borrowed("cart"),
                &Clock::system(),
                &Listeners::default(),
            )
            .unwrap();
        desk.cookie
            .removal()
            .into_header()
            .to_str()
            .unwrap()
            .to_owned()
    }

    #[test]
    fn a_type_s_options_come_before_its_store_s_and_those_before_the_shared_ones() {
        let shared = SessionOptions::new()
            .store(store())
            .same_site(SameSite::Strict)
            .path("/shared")
            .name_prefix(NamePrefix::Secure);
        let own_store = Store::from(store())
            .options(|all| all.path("/store").domain("store.example").store(store()));
        let options = SessionOptions::new()
            .store(own_store)
            .domain("type.example")
            .resolve(&shared);
        assert_eq!(
            removal(&options),
            "__Secure-cart=; HttpOnly; SameSite=Strict; Secure; Path=/store; Domain=type.example; \
             Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT"
        );
    }

    #[test]
    fn what_all_sessions_refuse_one_of_them_may_take() {
        let shared = SessionOptions::new().store(store()).refuse_newer(true);
        let refuses = |options: SessionOptions| {
            let (clock, listeners) = (Clock::system(), Listeners::default());
            let options = options.resolve(&shared);
            let desk = options.desk(Cow::Borrowed("cart"), &clock, &listeners);
            desk.unwrap().refuse_newer
        };
        assert!(refuses(SessionOptions::new()));
        assert!(!refuses(SessionOptions::new().refuse_newer(false)));
        let own_store = Store::from(store()).options(|all| all.refuse_newer(false));
        assert!(!refuses(SessionOptions::new().store(own_store)));
    }

    #[test]
    fn of_two_timeouts_the_one_that_was_not_chosen_gives_way() {
        let lifetime = |options: SessionOptions| {
            let lifetime = options.checked_lifetime().unwrap();
            (
                lifetime.idle / 3600,
                lifetime.absolute / 3600,
                lifetime.touch_interval / 60,
            )
        };
        let seconds = Duration::from_secs;
        let options = SessionOptions::new;
        assert_eq!(
            lifetime(options()),
            (seconds(168), seconds(720), seconds(60))
        );
        assert_eq!(
            lifetime(options().absolute_timeout(HOUR * 12)),
            (seconds(12), seconds(12), seconds(60))
        );
        assert_eq!(
            lifetime(options().idle_timeout(HOUR * 1000)),
            (seconds(1000), seconds(1000), seconds(60))
        );
        assert_eq!(
            lifetime(options().idle_timeout(HOUR)),
            (seconds(1), seconds(720), seconds(10))
        );
    }

    #[test]
    fn timeouts_that_cannot_work_are_refused() {
        let refused = |options: SessionOptions| {
            let error = options
                .store(store())
                .desk(
                    Cow::Borrowed("cart"),
                    &Clock::system(),
                    &Listeners::default(),
                )
                .unwrap_err();
            error.to_string()
        };
        let options = SessionOptions::new;
        let cases = [
            (
                options().idle_timeout(HOUR * 2).absolute_timeout(HOUR),
                "an idle timeout longer than the absolute timeout",
            ),
            (
                options().idle_timeout(Duration::from_millis(999)),
                "a timeout of less than a second",
            ),
            (
                options().absolute_timeout(Duration::ZERO),
                "a timeout of less than a second",
            ),
            (
                options().idle_timeout(HOUR).touch_interval(HOUR),
                "a touch interval as long as the idle timeout",
            ),
        ];
        for (options, rule) in cases {
            let message = refused(options);
            assert!(
                message.starts_with(&format!("session `cart`: {rule}")),
                "{message}"
            );
        }
    }
}
