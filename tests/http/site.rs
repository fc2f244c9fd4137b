//! What most tests begin with: sessions at a clock that stands still, a small shop, and `Set-Cookie` lines that can be compared whole.

use std::time::{Duration, UNIX_EPOCH};

use actix_web::{
    App, Route,
    web::{self, ServiceConfig},
};
use sessions::{
    CookieStore, KeyRing, Session, SessionData, SessionMiddleware, SessionMiddlewareBuilder,
    test_util::TestClock,
};
use sessions_tests::{Reply, Server};

/// What a visitor has in the cart: the session of tests that need any.
#[derive(SessionData)]
pub(crate) struct Cart {
    pub(crate) items: Vec<String>,
    pub(crate) coupon: Option<String>,
    pub(crate) count: u32,
}

/// Puts an item into the cart and lists what is in it.
pub(crate) async fn add(mut cart: Session<Cart>, item: web::Path<String>) -> String {
    cart.items_mut().push(item.into_inner());
    cart.items().join(",")
}

/// Lists what is in the cart.
pub(crate) async fn list(cart: Session<Cart>) -> String {
    cart.items().join(",")
}

/// `/items` reads and `/items/tea` writes.
pub(crate) fn shop(app: &mut ServiceConfig) {
    app.route("/items", web::to(list))
        .route("/items/{item}", web::to(add));
}

/// Sessions in sealed cookies under a key of their own, at a clock that stands still.
pub(crate) fn sealed() -> SessionMiddlewareBuilder {
    sealed_under(&KeyRing::generate().unwrap())
}

/// The same under these keys.
pub(crate) fn sealed_under(keys: &KeyRing) -> SessionMiddlewareBuilder {
    SessionMiddleware::builder(CookieStore::sealed(keys.clone())).clock(still().clock())
}

/// A clock that stands still until it is turned.
pub(crate) fn still() -> TestClock {
    TestClock::at(UNIX_EPOCH + Duration::from_secs(1_700_000_000))
}

/// Serves routes that are wrapped in a session middleware and nothing else.
pub(crate) fn serve(
    sessions: SessionMiddlewareBuilder,
    routes: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
) -> Server {
    let sessions = sessions.build().unwrap();
    Server::start(move || App::new().wrap(sessions.clone()).configure(&routes))
}

/// Routes that are programs of their own: releases of one application, with the same keys and clock, at one address.
pub(crate) struct Releases<'a> {
    app: &'a mut ServiceConfig,
    sessions: &'a dyn Fn() -> SessionMiddlewareBuilder,
}

impl Releases<'_> {
    pub(crate) fn route(&mut self, path: &str, route: Route) -> &mut Self {
        let sessions = (self.sessions)().build().unwrap();
        self.app
            .service(web::resource(path).wrap(sessions).route(route));
        self
    }
}

/// Serves releases side by side.
pub(crate) fn serve_releases(
    sessions: impl Fn() -> SessionMiddlewareBuilder + Clone + Send + 'static,
    routes: impl Fn(&mut Releases<'_>) + Clone + Send + 'static,
) -> Server {
    Server::start(move || {
        let sessions = sessions.clone();
        let routes = routes.clone();
        App::new().configure(move |app| {
            routes(&mut Releases {
                app,
                sessions: &sessions,
            })
        })
    })
}

/// The `Set-Cookie` lines, with `*` in place of every value.
pub(crate) fn lines(reply: &Reply) -> Vec<String> {
    let masked = reply.set_cookies().into_iter().map(|line| {
        let (name, rest) = line.split_once('=').unwrap();
        let (value, attributes) = rest.split_once(';').unwrap();
        let value = if value.is_empty() { "" } else { "*" };
        format!("{name}={value};{attributes}")
    });
    masked.collect()
}

/// The line that sets a session's cookie with every option at its default.
pub(crate) fn line(session: &str) -> String {
    line_for(session, 30 * 24 * 60 * 60)
}

/// The same for so many seconds.
pub(crate) fn line_for(session: &str, seconds: u64) -> String {
    format!("__Host-{session}=*; Max-Age={seconds}; HttpOnly; SameSite=Lax; Secure; Path=/")
}

/// The line that removes it.
pub(crate) fn removal(session: &str) -> String {
    format!(
        "__Host-{session}=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT"
    )
}

/// No line at all.
pub(crate) const NONE: [&str; 0] = [];
