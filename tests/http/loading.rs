//! Loaded once per request and name, whoever asks.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

use actix_web::{HttpResponse, Result, web};
use sessions::{KeyRing, Registry, SameSite, Session, SessionData, SessionError, SessionErrorKind};
use sessions_tests::Browser;

use crate::{
    journal,
    site::{Cart, NONE, line, lines, removal, sealed, sealed_under, serve, shop},
};

/// Another type under the cart's name.
#[derive(SessionData)]
#[session(name = "cart")]
struct Trolley {
    wheels: u32,
}

#[derive(SessionData)]
struct LoadedOnce {
    count: u32,
}

type Count = Session<LoadedOnce>;

async fn share(
    mut first: Count,
    (second, (third, _)): (Count, (Count, Option<Count>)),
    registry: Registry,
    result: Result<Count, SessionError>,
) -> Result<String> {
    let next = first.count() + 1;
    first.set_count(next);
    let fourth = registry.get::<LoadedOnce>().await?;
    let fifth = registry.named::<LoadedOnce>("loaded-once").await?;
    let all = [&first, &second, &third, &fourth, &fifth, &result?].map(|each| each.count());
    Ok(format!("{all:?} {}", first.handle() == fifth.handle()))
}

#[test]
fn everybody_who_asks_for_a_session_shares_it() {
    journal::open();
    let server = serve(sealed(), |app| {
        app.route("/", web::get().to(share));
    });
    let mut browser = Browser::new(&server);
    let broken = &["Cookie: __Host-loaded-once=AAAA"];
    let reply = browser.send("GET", "/", broken, "");
    assert_eq!(reply.text(), "[1, 1, 1, 1, 1, 1] true");
    assert_eq!(lines(&reply), [line("loaded-once")]);
    let rejected = journal::about("rejected session=\"loaded-once\"");
    assert_eq!(rejected.len(), 1, "{rejected:?}");
    assert_eq!(browser.get("/").text(), "[2, 2, 2, 2, 2, 2] true");
}

#[test]
fn one_type_under_several_names_is_several_sessions() {
    let server = serve(sealed(), |app| {
        app.route(
            "/merge",
            web::get().to(|registry: Registry| async move {
                let mut cart = registry.get::<Cart>().await?;
                let mut guest = registry.named::<Cart>("guest-cart").await?;
                cart.items_mut().append(&mut guest.items_mut());
                guest.destroy();
                Ok::<_, SessionError>(cart.items().join(","))
            }),
        )
        .route(
            "/guest",
            web::get().to(|registry: Registry| async move {
                let mut guest = registry.named::<Cart>("guest-cart").await?;
                guest.items_mut().push("sencha".to_owned());
                Ok::<_, SessionError>("added")
            }),
        );
        shop(app);
    });
    let mut browser = Browser::new(&server);
    assert_eq!(lines(&browser.get("/items/assam")), [line("cart")]);
    assert_eq!(lines(&browser.get("/guest")), [line("guest-cart")]);
    assert_eq!(browser.get("/items").text(), "assam");
    let reply = browser.get("/merge");
    assert_eq!(reply.text(), "assam,sencha");
    assert_eq!(lines(&reply), [line("cart"), removal("guest-cart")]);
    assert_eq!(browser.get("/items").text(), "assam,sencha");
}

#[test]
fn one_name_as_two_types_is_refused() {
    let server = serve(sealed(), |app| {
        shop(app);
        app.route(
            "/both",
            web::get().to(|_: Session<Cart>, _: Session<Trolley>| async { "both" }),
        )
        .route(
            "/kind",
            web::get().to(
                |mut cart: Session<Cart>, trolley: Result<Session<Trolley>, SessionError>| async move {
                    cart.set_count(1);
                    let error = trolley.unwrap_err();
                    assert_eq!(error.kind(), SessionErrorKind::NameTaken);
                    assert_eq!(error.session(), "cart");
                    error.to_string()
                },
            ),
        );
    });
    let mut browser = Browser::new(&server);
    let reply = browser.get("/both");
    assert_eq!((reply.status, reply.text()), (500, ""));
    assert_eq!(reply.set_cookies(), NONE);

    let reply = browser.get("/kind");
    assert_eq!(
        reply.text(),
        "session `cart` was asked for as two different types; give one of them another `#[session(name = \"..\")]`"
    );
    assert_eq!(lines(&reply), [line("cart")]);
}

#[test]
fn a_name_that_no_cookie_can_have_is_refused_at_its_first_use() {
    journal::open();
    let server = serve(sealed(), |app| {
        app.route(
            "/{name}",
            web::get().to(|registry: Registry, name: web::Path<String>| async move {
                let opened = registry.named::<Cart>(name.into_inner()).await;
                opened.map(drop).inspect_err(|error| {
                    assert_eq!(error.kind(), SessionErrorKind::Misconfigured);
                })?;
                Ok::<_, SessionError>(HttpResponse::Ok().finish())
            }),
        );
    });
    let mut browser = Browser::new(&server);
    for name in ["two%20words", "a=b", "a;b", "%C3%A9", &"x".repeat(5_000)] {
        let reply = browser.get(&format!("/{name}"));
        assert_eq!((reply.status, reply.text()), (500, ""), "{name}");
    }
    assert_eq!(browser.get("/cart").status, 200);
}

#[test]
fn of_several_cookies_of_one_name_the_first_that_opens_is_taken() {
    let server = serve(sealed(), shop);
    let mut browser = Browser::new(&server);
    browser.get("/items/tea");
    let good = browser.jar.header("shop.example", "/").unwrap();
    let mut other = Browser::new(&server);
    for cookies in [
        format!("Cookie: __Host-cart=broken; {good}"),
        format!("Cookie: {good}; __Host-cart=broken"),
        format!("Cookie: __Host-cart=\r\nCookie: a=b; {good}"),
        format!("Cookie: caf\u{e9}=1; __Host-cart; {good}"),
    ] {
        assert_eq!(
            other.send("GET", "/items", &[&cookies], "").text(),
            "tea",
            "{cookies}"
        );
    }
    let encoded = good.replacen("__Host-cart", "__%48ost-cart", 1);
    let reply = other.send("GET", "/items", &[&format!("Cookie: {encoded}")], "");
    assert_eq!(reply.text(), "");
}

#[test]
fn requests_on_one_connection_have_sessions_of_their_own() {
    let server = serve(sealed(), shop);
    let mut ada = Browser::new(&server);
    ada.get("/items/tea");
    let cookies = ada.jar.header("shop.example", "/").unwrap();
    let request = |cookies: &str, connection: &str| {
        format!(
            "GET /items HTTP/1.1\r\nHost: shop.example\r\n{cookies}Connection: {connection}\r\n\r\n"
        )
    };
    let mut stream = TcpStream::connect(server.address()).unwrap();
    let both = request(&format!("Cookie: {cookies}\r\n"), "keep-alive") + &request("", "close");
    stream.write_all(both.as_bytes()).unwrap();
    let mut replies = String::new();
    stream.read_to_string(&mut replies).unwrap();
    let bodies: Vec<&str> = replies
        .split("HTTP/1.1 200 OK")
        .skip(1)
        .map(|reply| reply.split_once("\r\n\r\n").unwrap().1)
        .collect();
    assert_eq!(bodies, ["tea", ""]);
}

#[test]
fn a_cookie_that_opens_is_found_behind_any_number_that_do_not() {
    let server = serve(sealed(), shop);
    let mut browser = Browser::new(&server);
    browser.get("/items/tea");
    let good = browser.jar.header("shop.example", "/").unwrap();
    let forged = format!("{}****", &good[..good.len() - 4]);
    for one in [
        forged.as_str(),
        &format!("{}AAAA", &good[..good.len() - 4]),
        "__Host-cart=",
        "__Host-cart          ",
        "__Host-cart__Host-cart",
    ] {
        // As much as a server takes.
        let many = vec![one; 24 * 1024 / (one.len() + 2)].join("; ");
        let header = format!("Cookie: {many}");
        let reply = Browser::new(&server).send("GET", "/items", &[&header], "");
        assert_eq!((reply.status, reply.text()), (200, ""), "{one}");
        let header = format!("Cookie: {many}; {good}");
        let reply = Browser::new(&server).send("GET", "/items", &[&header], "");
        assert_eq!((reply.status, reply.text()), (200, "tea"), "{one}");
    }
}

#[test]
fn a_cookie_that_filled_its_line_opens_under_longer_attributes() {
    let keys = KeyRing::generate().unwrap();
    let routes = |app: &mut web::ServiceConfig| {
        app.route(
            "/fill/{length}",
            web::get().to(
                |mut cart: Session<Cart>, length: web::Path<usize>| async move {
                    cart.set_coupon("x".repeat(*length));
                    "filled"
                },
            ),
        )
        .route(
            "/origin",
            web::get().to(|cart: Session<Cart>| async move { format!("{:?}", cart.origin()) }),
        );
    };
    let before = serve(sealed_under(&keys), routes);
    let mut browser = Browser::new(&before);
    let longest = (2_900..2_930).rfind(|length| {
        let reply = browser.get(&format!("/fill/{length}"));
        reply.status == 200
    });
    let after =
        sealed_under(&keys).options(|all| all.partitioned(true).same_site(SameSite::Strict));
    let after = serve(after, routes);
    let mut moved = Browser::new(&after);
    assert_eq!(
        moved.get(&format!("/fill/{}", longest.unwrap())).status,
        500
    );
    moved.jar = browser.jar;
    assert_eq!(moved.get("/origin").text(), "Loaded");
}
