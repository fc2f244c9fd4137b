//! Where a session came from: every cookie that is not ours, or not any more, is a visitor without one.

use std::time::Duration;

use actix_web::web::{self, ServiceConfig};
use sessions::{
    CookieStore, KeyRing, Registry, Session, SessionData, SessionError, SessionMiddleware,
    SessionMiddlewareBuilder, Values,
};
use sessions_tests::Browser;

use crate::site::{
    Cart, NONE, Release, line, lines, sealed_under, serve, serve_releases, shop, still,
};

mod newer {
    #[derive(sessions::SessionData)]
    #[session(name = "cart", version = 2)]
    pub(super) struct Cart {
        pub(super) count: u32,
    }
}

mod newest {
    #[derive(sessions::SessionData)]
    #[session(name = "cart", version = 3, previous = super::newer::Cart)]
    pub(super) struct Cart {
        pub(super) count: u32,
    }

    impl From<super::newer::Cart> for Cart {
        fn from(old: super::newer::Cart) -> Self {
            Self { count: old.count }
        }
    }
}

/// The cart's name, another content.
#[derive(SessionData)]
#[session(name = "cart")]
struct Misfit {
    items: u32,
}

/// `/origin` reads the cart and `/origin-write` writes it; the others write another type under its name.
fn routes(app: &mut ServiceConfig) {
    shop(app);
    app.route(
        "/origin",
        web::get().to(|cart: Session<Cart>| async move {
            assert_eq!(cart.is_new(), cart.origin() != sessions::Origin::Loaded);
            format!("{:?} {}", cart.origin(), cart.items().join(","))
        }),
    )
    .route("/write/newer", web::get().to(write_newer))
    .route(
        "/write/misfit",
        web::get().to(|mut cart: Session<Misfit>| async move {
            cart.set_items(7);
            "written"
        }),
    )
    .route(
        "/write/values",
        web::get().to(|registry: Registry| async move {
            let mut values = registry.named::<Values>("cart").await?;
            values.insert(7, "seven").unwrap();
            Ok::<_, SessionError>("written")
        }),
    )
    .route(
        "/write/guest",
        web::get().to(|registry: Registry| async move {
            registry.named::<Cart>("guest").await?.set_count(7);
            Ok::<_, SessionError>("written")
        }),
    );
}

async fn write_newer(mut cart: Session<newer::Cart>) -> &'static str {
    cart.set_count(7);
    "written"
}

/// The cookie that a server of these sessions gives at a path.
fn cookie_from(sessions: SessionMiddlewareBuilder, path: &str, name: &str) -> String {
    let server = serve(sessions, routes);
    let mut browser = Browser::new(&server);
    assert_eq!(browser.get(path).status, 200);
    browser.jar.get(name).unwrap().value.clone()
}

fn with_flipped_character(value: &str, index: usize) -> String {
    let (before, rest) = value.split_at(index);
    let flipped = if rest.starts_with('A') { 'B' } else { 'A' };
    format!("{before}{flipped}{}", &rest[1..])
}

#[test]
fn every_bad_cookie_has_its_reason_and_is_never_answered_with_a_cookie_until_data_is_written() {
    let keys = KeyRing::generate().unwrap();
    let sealed = || sealed_under(&keys);
    let signed =
        || SessionMiddleware::builder(CookieStore::signed(keys.clone())).clock(still().clock());
    let good = cookie_from(sealed(), "/items/tea", "__Host-cart");
    let strange = KeyRing::generate().unwrap();
    let (late, early) = (still(), still());
    late.set(late.now() - Duration::from_hours(24 * 30));
    early.advance(Duration::from_secs(60 * 60 + 1));
    let cases = [
        ("empty", String::new(), "Malformed"),
        ("not base64", "***".to_owned(), "Malformed"),
        ("short", "AQ".to_owned(), "Malformed"),
        ("cut", good[..good.len() - 4].to_owned(), "Unauthentic"),
        ("cut to the key", good[..8].to_owned(), "Malformed"),
        ("too long", "A".repeat(5_000), "Malformed"),
        ("padded", format!("{good}="), "Malformed"),
        (
            "of another format",
            with_flipped_character(&good, 0),
            "Malformed",
        ),
        (
            "of another key ID",
            with_flipped_character(&good, 3),
            "UnknownKey",
        ),
        (
            "with another nonce",
            with_flipped_character(&good, 20),
            "Unauthentic",
        ),
        (
            "with other data",
            with_flipped_character(&good, good.len() / 2),
            "Unauthentic",
        ),
        (
            "with another tag",
            with_flipped_character(&good, good.len() - 8),
            "Unauthentic",
        ),
        (
            "under a key from elsewhere",
            cookie_from(sealed_under(&strange), "/items/tea", "__Host-cart"),
            "UnknownKey",
        ),
        (
            "another session's",
            cookie_from(sealed(), "/write/guest", "__Host-guest"),
            "Unauthentic",
        ),
        (
            "signed",
            cookie_from(signed(), "/items/tea", "__Host-cart"),
            "Unauthentic",
        ),
        (
            "expired",
            cookie_from(sealed().clock(late.clock()), "/items/tea", "__Host-cart"),
            "Expired",
        ),
        (
            "from the future",
            cookie_from(sealed().clock(early.clock()), "/items/tea", "__Host-cart"),
            "TooNew",
        ),
        (
            "of a newer version",
            cookie_from(sealed(), "/write/newer", "__Host-cart"),
            "NewerVersion",
        ),
        (
            "of another type",
            cookie_from(sealed(), "/write/misfit", "__Host-cart"),
            "Undecodable",
        ),
        (
            "with numbers for keys",
            cookie_from(sealed(), "/write/values", "__Host-cart"),
            "Undecodable",
        ),
    ];
    let server = serve(sealed(), routes);
    for (case, value, reason) in cases {
        let mut browser = Browser::new(&server);
        let header = format!("Cookie: __Host-cart={value}");
        let reply = browser.send("GET", "/origin", &[&header], "");
        assert_eq!(reply.text(), format!("Rejected({reason}) "), "{case}");
        assert_eq!(reply.set_cookies(), NONE, "{case}");
        assert_eq!(reply.header("vary"), Some("Cookie"), "{case}");

        let reply = browser.send("GET", "/items/new", &[&header], "");
        assert_eq!(
            (reply.text(), lines(&reply)),
            ("new", vec![line("cart")]),
            "{case}"
        );
        assert_eq!(browser.get("/origin").text(), "Loaded new", "{case}");
    }
    let mut browser = Browser::new(&server);
    assert_eq!(browser.get("/origin").text(), "New ");
    let header = format!("Cookie: __Host-cart={good}");
    let reply = browser.send("GET", "/origin", &[&header], "");
    assert_eq!(reply.text(), "Loaded tea");
}

#[test]
fn a_sealed_cookie_does_not_open_where_they_are_signed() {
    let keys = KeyRing::generate().unwrap();
    let good = cookie_from(sealed_under(&keys), "/items/tea", "__Host-cart");
    let signed = SessionMiddleware::builder(CookieStore::signed(keys)).clock(still().clock());
    let server = serve(signed, routes);
    let header = format!("Cookie: __Host-cart={good}");
    let reply = Browser::new(&server).send("GET", "/origin", &[&header], "");
    assert_eq!(reply.text(), "Rejected(Unauthentic) ");
}

#[test]
fn of_a_version_before_the_first_that_is_known_it_is_rejected() {
    fn newer(app: &mut ServiceConfig) {
        app.route("", web::get().to(write_newer));
    }
    fn newest(app: &mut ServiceConfig) {
        app.route(
            "",
            web::get().to(|cart: Session<newest::Cart>| async move {
                format!("{:?} {}", cart.origin(), cart.count())
            }),
        );
    }
    let keys = KeyRing::generate().unwrap();
    let server = serve_releases(
        || sealed_under(&keys),
        [
            Release("/first", shop),
            Release("/newer", newer),
            Release("/newest", newest),
        ],
    );
    let mut browser = Browser::new(&server);
    browser.get("/first/items/tea");
    assert_eq!(browser.get("/newest").text(), "Rejected(UnknownVersion) 0");
    browser.get("/newer");
    assert_eq!(browser.get("/newest").text(), "Loaded 7");
}

#[test]
fn every_character_of_a_cookie_counts() {
    let keys = KeyRing::generate().unwrap();
    for store in [CookieStore::sealed(keys.clone()), CookieStore::signed(keys)] {
        let server = serve(
            SessionMiddleware::builder(store).clock(still().clock()),
            routes,
        );
        let mut browser = Browser::new(&server);
        browser.get("/items/tea");
        let good = browser.jar.get("__Host-cart").unwrap().value.clone();
        for index in 0..good.len() {
            let header = format!(
                "Cookie: __Host-cart={}",
                with_flipped_character(&good, index)
            );
            let reply = Browser::new(&server).send("GET", "/origin", &[&header], "");
            assert!(
                reply.text().starts_with("Rejected("),
                "{index} {}",
                reply.text()
            );
        }
    }
}
