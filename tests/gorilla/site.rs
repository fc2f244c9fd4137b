use std::time::{Duration, SystemTime, UNIX_EPOCH};

use actix_web::{
    App,
    web::{self, ServiceConfig},
};
use sessions::{
    CookieStore, Key, KeyRing, Session, SessionData, SessionMiddleware, SessionMiddlewareBuilder,
    test_util::TestClock,
};
use sessions_tests::{Reply, Server, exchange};

/// The session most tests use.
#[derive(SessionData)]
pub(super) struct Cart {
    pub(super) items: Vec<String>,
    pub(super) coupon: Option<String>,
}

/// A second session, of another type.
#[derive(SessionData)]
pub(super) struct Login {
    pub(super) name: String,
}

pub(super) const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// When tests begin.
pub(super) const NOON: u64 = 1_750_000_000;

pub(super) fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

/// A key that is the same in every run, told from others by its number.
pub(super) fn key(number: u8) -> Key {
    Key::from_bytes(std::array::from_fn(|index| {
        number ^ (index as u8).wrapping_mul(37)
    }))
    .unwrap()
}

pub(super) fn ring(number: u8) -> KeyRing {
    KeyRing::new(key(number))
}

/// A middleware that seals under one key.
pub(super) fn sealed(number: u8) -> SessionMiddleware {
    builder(number).build().unwrap()
}

pub(super) fn signed(number: u8) -> SessionMiddleware {
    SessionMiddleware::builder(CookieStore::signed(ring(number)))
        .build()
        .unwrap()
}

pub(super) fn builder(number: u8) -> SessionMiddlewareBuilder {
    SessionMiddleware::builder(CookieStore::sealed(ring(number)))
}

pub(super) fn clock() -> TestClock {
    TestClock::at(at(NOON))
}

/// Serves some routes behind a middleware.
pub(super) fn serve(sessions: &SessionMiddleware, routes: fn(&mut ServiceConfig)) -> Server {
    let sessions = sessions.clone();
    Server::start(move || App::new().wrap(sessions.clone()).configure(routes))
}

/// A site whose `/add?milk` puts something into the cart, and whose `/` says what is in it and where it came from.
pub(super) fn shop(sessions: &SessionMiddleware) -> Server {
    serve(sessions, cart_routes)
}

pub(super) fn cart_routes(app: &mut ServiceConfig) {
    app.route("/", web::get().to(show))
        .route("/add", web::get().to(add));
}

async fn show(cart: Session<Cart>) -> String {
    format!("{:?} {:?}", cart.origin(), cart.items())
}

async fn add(mut cart: Session<Cart>, request: actix_web::HttpRequest) -> &'static str {
    cart.items_mut().push(request.query_string().to_owned());
    "added"
}

/// Gets a page with one raw `Cookie` header, or none if it is empty.
pub(super) fn get(server: &Server, path: &str, cookie: impl AsRef<[u8]>) -> Reply {
    let mut request = format!("GET {path} HTTP/1.1\r\nHost: shop.example\r\n").into_bytes();
    if !cookie.as_ref().is_empty() {
        request.extend_from_slice(b"Cookie: ");
        request.extend_from_slice(cookie.as_ref());
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    exchange(server.address(), &request)
}

/// Name and value of the only cookie a reply sets.
pub(super) fn cookie(reply: &Reply) -> String {
    let lines = reply.set_cookies();
    assert_eq!(lines.len(), 1, "{reply:?}");
    lines[0].split(';').next().unwrap().to_owned()
}

/// The value of the only cookie a reply sets.
pub(super) fn value(reply: &Reply) -> String {
    cookie(reply).split_once('=').unwrap().1.to_owned()
}

/// The cookie of a cart with one thing in it.
pub(super) fn filled(server: &Server, item: &str) -> String {
    cookie(&get(server, &format!("/add?{item}"), ""))
}
