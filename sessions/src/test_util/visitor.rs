use std::{borrow::Cow, fmt, rc::Rc};

use actix_web::{
    body::MessageBody,
    dev::ServiceResponse,
    http::header::{COOKIE, HeaderMap, HeaderValue, SET_COOKIE},
    test::TestRequest,
};

use crate::{
    cookie::RequestCookies,
    error::MultiError,
    manager::{Audience, Visit},
    registry::{Layer, OpenSessions},
    session::{Session, SessionData},
    web::SessionMiddleware,
};

/// Visits an application under test: brings sessions along and takes them home.
///
/// A session is seeded as a handler would write it, in the application's own stores and under its own options. Cookies are kept by name;
/// paths, domains and deadlines are a browser's affair, and sessions are what the application makes of them.
///
/// ```
/// use actix_web::{App, test, web};
/// use sessions::{MemoryStore, Session, SessionData, SessionMiddleware, test_util::Visitor};
///
/// #[derive(SessionData)]
/// struct Cart {
///     items: Vec<String>,
/// }
///
/// async fn add(mut cart: Session<Cart>) -> String {
///     cart.items_mut().push("cup".to_owned());
///     cart.items().join(", ")
/// }
///
/// # #[actix_web::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let sessions = SessionMiddleware::builder(MemoryStore::new()).build()?;
/// let app = test::init_service(App::new().wrap(sessions.clone()).route("/", web::get().to(add))).await;
///
/// let mut visitor = Visitor::new(&sessions);
/// visitor.seed::<Cart>(|cart| cart.items_mut().push("tea".to_owned())).await?;
///
/// let request = visitor.bring(test::TestRequest::get()).to_request();
/// let response = test::call_service(&app, request).await;
/// visitor.take(&response);
/// assert_eq!(test::read_body(response).await, "tea, cup");
///
/// assert_eq!(visitor.session::<Cart>().await?.items().len(), 2);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Visitor {
    sessions: SessionMiddleware,
    /// Names and values, in the order they were first set.
    cookies: Vec<(String, String)>,
}

impl Visitor {
    /// A visitor without any session.
    #[must_use]
    pub fn new(sessions: &SessionMiddleware) -> Self {
        Self {
            sessions: sessions.clone(),
            cookies: Vec::new(),
        }
    }

    /// Changes the visitor's session of type `T` as a handler would, and saves it.
    ///
    /// # Errors
    ///
    /// What a request would fail with: the session could not be opened, or not saved.
    pub async fn seed<T: SessionData>(
        &mut self,
        change: impl FnOnce(&mut Session<T>),
    ) -> Result<(), MultiError> {
        let open = self.open_sessions();
        let mut session = self.open_session::<T>(&open).await?;
        change(&mut session);
        let departures = open.leave(false).run().await;
        for cookie in departures.cookies {
            self.keep(&cookie.into_header());
        }
        departures.result
    }

    /// The visitor's session of type `T` as the next request would find it; changes to it are not saved.
    ///
    /// # Errors
    ///
    /// What the extractor would fail with.
    pub async fn session<T: SessionData>(&self) -> Result<Session<T>, MultiError> {
        self.open_session(&self.open_sessions()).await
    }

    /// Adds the visitor's cookies to a request.
    pub fn bring(&self, request: TestRequest) -> TestRequest {
        match self.header() {
            Some(cookies) => request.insert_header((COOKIE, cookies)),
            None => request,
        }
    }

    /// Keeps the cookies of a response, and forgets those it removes.
    pub fn take<B: MessageBody>(&mut self, response: &ServiceResponse<B>) {
        for line in response.headers().get_all(SET_COOKIE) {
            self.keep(line);
        }
    }

    fn open_sessions(&self) -> OpenSessions {
        OpenSessions::new(Rc::new(Layer::new(self.sessions.to_setup())))
    }

    async fn open_session<T: SessionData>(
        &self,
        open: &OpenSessions,
    ) -> Result<Session<T>, MultiError> {
        let mut headers = HeaderMap::new();
        if let Some(cookies) = self.header() {
            headers.insert(COOKIE, cookies);
        }
        let visit = Visit {
            cookies: RequestCookies::from_headers(&headers),
            audience: Audience::Somebody,
            devices: Vec::new(),
        };
        let entering = open.open::<T>(Cow::Borrowed(T::NAME), &visit);
        let slot = entering.slot().await;
        slot.map(Session::new).map_err(MultiError::from)
    }

    /// `None` without a cookie, or with one that no header can carry, which no response held.
    fn header(&self) -> Option<HeaderValue> {
        let pairs: Vec<_> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let header = HeaderValue::from_str(&pairs.join("; ")).ok()?;
        (!pairs.is_empty()).then_some(header)
    }

    fn keep(&mut self, line: &HeaderValue) {
        let Some((pair, attributes)) = line.to_str().ok().map(split_pair) else {
            return;
        };
        let Some((name, value)) = pair.split_once('=') else {
            return;
        };
        let removed = attributes.contains("; Max-Age=0");
        match self.cookies.iter().position(|(kept, _)| kept == name) {
            Some(at) if removed => {
                self.cookies.remove(at);
            }
            Some(at) => {
                if let Some((_, kept)) = self.cookies.get_mut(at) {
                    value.clone_into(kept);
                }
            }
            None if removed => {}
            None => self.cookies.push((name.to_owned(), value.to_owned())),
        }
    }
}

/// The pair of a `Set-Cookie` line, and the attributes with the semicolon before them.
fn split_pair(line: &str) -> (&str, &str) {
    line.split_at(line.find(';').unwrap_or(line.len()))
}

/// Names only: the values are tokens.
impl fmt::Debug for Visitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.cookies.iter().map(|(name, _)| name).collect();
        f.debug_struct("Visitor")
            .field("cookies", &names)
            .finish_non_exhaustive()
    }
}
