//! What most tests begin with: sessions at a clock that stands still, a small shop, and `Set-Cookie` lines that can be compared whole.

use std::time::{Duration, UNIX_EPOCH};

use actix_web::{
    App,
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

/// A release of the code: the path it is under, and its routes.
#[derive(Clone, Copy)]
pub(crate) struct Release(pub(crate) &'static str, pub(crate) fn(&mut ServiceConfig));

/// Serves releases of one code side by side, each under its path and behind a middleware of its own, in which a name is one type's.
pub(crate) fn serve_releases<const N: usize>(
    sessions: impl Fn() -> SessionMiddlewareBuilder,
    releases: [Release; N],
) -> Server {
    let releases = releases.map(|release| (release, sessions().build().unwrap()));
    Server::start(move || {
        let mut app = App::new();
        for (Release(path, routes), sessions) in &releases {
            let release = web::scope(path).configure(routes);
            app = app.service(release.wrap(sessions.clone()));
        }
        app
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
