//! Keys that change while the program runs.

use std::{collections::BTreeSet, thread, time::Duration};

use actix_web::{App, HttpResponse, web};
use sessions::{CookieStore, Key, KeyRing, Session, SessionMiddleware};
use sessions_tests::{Browser, Server};

use crate::site::{Cart, NONE, add, line, line_for, lines, sealed_under, serve, shop, still};

async fn show(cart: Session<Cart>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header(("x-worker", format!("{:?}", thread::current().id())))
        .insert_header(("x-origin", format!("{:?}", cart.origin())))
        .body(cart.items().join(","))
}

fn serve_by(store: CookieStore) -> Server {
    let sessions = SessionMiddleware::builder(store).clock(still().clock());
    let sessions = sessions.build().unwrap();
    Server::start_with_workers(2, move || {
        App::new()
            .wrap(sessions.clone())
            .route("/items", web::get().to(show))
            .route("/items/{item}", web::get().to(add))
    })
}

/// What each of eight requests is told; with two workers they take turns.
fn seen_by_all_workers(browser: &Browser) -> BTreeSet<(String, String)> {
    let mut workers = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for _ in 0..8 {
        let reply = browser.clone().get("/items");
        assert_eq!(reply.set_cookies(), NONE);
        workers.insert(reply.header("x-worker").unwrap().to_owned());
        let origin = reply.header("x-origin").unwrap();
        seen.insert((origin.to_owned(), reply.text().to_owned()));
    }
    assert_eq!(workers.len(), 2, "both workers answered");
    seen
}

fn only(origin: &str, items: &str) -> BTreeSet<(String, String)> {
    BTreeSet::from([(origin.to_owned(), items.to_owned())])
}

/// The ID of the key that a cookie in the jar was made under: bytes 1 to 4.
fn key_id(browser: &Browser) -> String {
    let value = &browser.jar.get("__Host-cart").unwrap().value;
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut bits = 0_u64;
    for byte in value.bytes().take(7) {
        let digit = digits.iter().position(|digit| *digit == byte).unwrap();
        bits = bits << 6 | digit as u64;
    }
    // Seven characters are 42 bits: the version, the ID, two of the nonce.
    format!("{:08x}", bits >> 2 & 0xffff_ffff)
}

fn rotate(store: impl Fn(KeyRing) -> CookieStore) {
    let (old, new) = (Key::generate().unwrap(), Key::generate().unwrap());
    let ring = KeyRing::new(old.clone());
    let server = serve_by(store(ring.clone()));
    let mut browser = Browser::new(&server);
    browser.get("/items/tea");
    assert_eq!(key_id(&browser), old.id().to_string());
    let stale = browser.clone();
    assert_eq!(seen_by_all_workers(&browser), only("Loaded", "tea"));

    // Told of the next key: nothing changes yet.
    ring.replace(
        &KeyRing::new(old.clone())
            .pre_published(new.clone())
            .unwrap(),
    );
    browser.get("/items/cup");
    assert_eq!(key_id(&browser), old.id().to_string());

    // The new key seals, the old one opens, and the next write carries the cookie over.
    ring.replace(&KeyRing::new(new.clone()).retired(old.clone()).unwrap());
    assert_eq!(seen_by_all_workers(&browser), only("Loaded", "tea,cup"));
    assert_eq!(key_id(&browser), old.id().to_string());
    assert_eq!(lines(&browser.get("/items/pot")), [line("cart")]);
    assert_eq!(key_id(&browser), new.id().to_string());

    // The old key is gone: what it sealed is a visitor without a cookie.
    ring.replace(&KeyRing::new(new));
    assert_eq!(seen_by_all_workers(&browser), only("Loaded", "tea,cup,pot"));
    assert_eq!(
        seen_by_all_workers(&stale),
        only("Rejected(UnknownKey)", "")
    );
}

#[test]
fn keys_are_rotated_in_all_workers_while_sealed_sessions_live() {
    rotate(CookieStore::sealed);
}

#[test]
fn keys_are_rotated_in_all_workers_while_signed_sessions_live() {
    rotate(CookieStore::signed);
}

#[test]
fn a_machine_that_was_told_of_the_next_key_opens_what_another_sealed_with_it() {
    let (old, new) = (Key::generate().unwrap(), Key::generate().unwrap());
    let ahead = KeyRing::new(new.clone()).retired(old.clone()).unwrap();
    let behind = KeyRing::new(old).pre_published(new).unwrap();
    let ahead = serve_by(CookieStore::sealed(ahead));
    let behind = serve_by(CookieStore::sealed(behind));
    let mut browser = Browser::new(&ahead);
    browser.get("/items/tea");
    let mut moved = Browser::new(&behind);
    moved.jar = browser.jar.clone();
    assert_eq!(moved.get("/items/cup").text(), "tea,cup");
    browser.jar = moved.jar.clone();
    assert_eq!(browser.get("/items").text(), "tea,cup");
}

#[test]
fn a_remembered_session_moves_to_the_new_key_when_it_is_read() {
    const DAY: Duration = Duration::from_hours(24);
    let (old, new) = (Key::generate().unwrap(), Key::generate().unwrap());
    let (ring, clock) = (KeyRing::new(old.clone()), still());
    let server = serve(sealed_under(&ring).clock(clock.clock()), |app| {
        shop(app);
        app.route(
            "/remember",
            web::get().to(|mut cart: Session<Cart>| async move {
                cart.remember(365 * DAY);
                "remembered"
            }),
        );
    });
    let mut browser = Browser::new(&server);
    browser.get("/items/tea");
    browser.get("/remember");
    assert_eq!(browser.get("/items").set_cookies(), NONE);

    ring.replace(&KeyRing::new(new.clone()).retired(old).unwrap());
    clock.advance(DAY);
    assert_eq!(
        lines(&browser.get("/items")),
        [line_for("cart", 364 * 24 * 60 * 60)]
    );
    assert_eq!(key_id(&browser), new.id().to_string());
    assert_eq!(browser.get("/items").set_cookies(), NONE);
    ring.replace(&KeyRing::new(new));
    assert_eq!(browser.get("/items").text(), "tea");
}
