//! What costs nothing and sends nothing: sessions nobody asks for, reading, and writers that change nothing.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::Duration,
};

use actix_web::web;
use serde::{Deserialize, Serialize};
use sessions::{Registry, Session, SessionData, Values};
use sessions_tests::{Browser, Reply};

use crate::{
    journal,
    site::{Cart, NONE, line, lines, sealed, serve, shop},
};

#[derive(SessionData)]
struct Unread {
    count: u32,
}

fn header_names(reply: &Reply) -> Vec<&str> {
    let mut names: Vec<&str> = reply
        .headers
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    names.sort_unstable();
    names
}

#[test]
fn a_handler_without_a_session_is_passed_untouched_and_a_broken_cookie_is_not_looked_at() {
    journal::open();
    let server = serve(sealed(), |app| {
        app.route("/plain", web::get().to(|| async { "plain" }))
            .route("/registry", web::get().to(|_: Registry| async { "none" }))
            .route(
                "/session",
                web::get().to(|unread: Session<Unread>| async move { unread.count().to_string() }),
            );
    });
    let mut browser = Browser::new(&server);
    let broken = &["Cookie: __Host-unread=broken"];
    for path in ["/plain", "/registry"] {
        let reply = browser.send("GET", path, broken, "");
        assert_eq!(
            header_names(&reply),
            ["content-length", "content-type", "date"]
        );
    }
    assert_eq!(journal::about("session=\"unread\""), NONE);

    let reply = browser.send("GET", "/session", broken, "");
    assert_eq!(
        header_names(&reply),
        ["content-length", "content-type", "date", "vary"]
    );
    assert_eq!(
        journal::about("session=\"unread\""),
        ["INFO session rejected session=\"unread\" reason=malformed"]
    );
}

#[test]
fn reading_never_creates() {
    let server = serve(sealed(), shop);
    let mut browser = Browser::new(&server);
    for _ in 0..2 {
        let reply = browser.get("/items");
        assert_eq!(reply.set_cookies(), NONE);
        assert_eq!(reply.header("vary"), Some("Cookie"));
        assert_eq!(reply.header("cache-control"), None);
    }
}

#[test]
fn a_new_session_without_data_is_not_created_by_what_only_concerns_its_life() {
    let server = serve(sealed(), |app| {
        app.route(
            "/",
            web::get().to(|mut cart: Session<Cart>| async move {
                cart.renew();
                cart.remember(Duration::from_hours(1));
                cart.forget_on_close();
                cart.clear();
                cart.save().await.map(|()| "nothing")
            }),
        );
    });
    assert_eq!(Browser::new(&server).get("/").set_cookies(), NONE);
}

#[test]
fn a_writer_that_changes_nothing_writes_nothing() {
    let server = serve(sealed(), |app| {
        shop(app);
        app.route(
            "/idle",
            web::get().to(|mut cart: Session<Cart>| async move {
                drop(cart.items_mut());
                cart.items_mut().push("x".to_owned());
                cart.items_mut().pop();
                let count = cart.count();
                cart.set_count(count);
                *cart.count_mut() += 1;
                cart.write().count -= 1;
                cart.take_coupon();
                drop(cart.try_write());
                "idle"
            }),
        );
    });
    let mut browser = Browser::new(&server);
    assert_eq!(browser.get("/idle").set_cookies(), NONE);
    assert_eq!(lines(&browser.get("/items/tea")), [line("cart")]);
    assert_eq!(browser.get("/idle").set_cookies(), NONE);
    assert_eq!(browser.get("/items").text(), "tea");
}

#[test]
fn a_list_in_another_order_is_a_change() {
    let server = serve(sealed(), |app| {
        shop(app);
        app.route(
            "/turn",
            web::get().to(|mut cart: Session<Cart>| async move {
                cart.items_mut().reverse();
                "turned"
            }),
        );
    });
    let mut browser = Browser::new(&server);
    browser.get("/items/tea");
    browser.get("/items/eat");
    assert_eq!(lines(&browser.get("/turn")), [line("cart")]);
    assert_eq!(browser.get("/items").text(), "eat,tea");
}

/// Entries in an order that means something, written as a map.
mod in_order {
    use std::fmt;

    use serde::{
        Deserializer, Serializer,
        de::{MapAccess, Visitor},
    };

    pub(super) fn serialize<S: Serializer>(
        songs: &[(String, u32)],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_map(songs.iter().map(|(title, seconds)| (title, seconds)))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<(String, u32)>, D::Error> {
        deserializer.deserialize_map(Songs)
    }

    struct Songs;

    impl<'de> Visitor<'de> for Songs {
        type Value = Vec<(String, u32)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("songs and their seconds")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut songs = Vec::new();
            while let Some(song) = map.next_entry()? {
                songs.push(song);
            }
            Ok(songs)
        }
    }
}

#[derive(SessionData)]
struct Playlist {
    #[session(with = in_order)]
    songs: Vec<(String, u32)>,
}

#[test]
fn a_map_that_keeps_its_order_is_changed_by_another_order() {
    let server = serve(sealed(), |app| {
        app.route(
            "/fill",
            web::get().to(|mut playlist: Session<Playlist>| async move {
                playlist.set_songs(vec![("one".to_owned(), 1), ("two".to_owned(), 2)]);
                "filled"
            }),
        )
        .route(
            "/idle",
            web::get().to(|mut playlist: Session<Playlist>| async move {
                drop(playlist.songs_mut());
                format!("{:?}", playlist.songs())
            }),
        )
        .route(
            "/turn",
            web::get().to(|mut playlist: Session<Playlist>| async move {
                playlist.songs_mut().reverse();
                "turned"
            }),
        );
    });
    let mut browser = Browser::new(&server);
    browser.get("/fill");
    assert_eq!(browser.get("/idle").set_cookies(), NONE);
    assert_eq!(lines(&browser.get("/turn")), [line("playlist")]);
    let reply = browser.get("/idle");
    assert_eq!(reply.text(), r#"[("two", 2), ("one", 1)]"#);
    assert_eq!(reply.set_cookies(), NONE);
}

#[derive(Default, Serialize, Deserialize)]
struct Ratings {
    of: HashMap<String, u32>,
    by: HashSet<u32>,
}

/// Fields whose entries come in another order whenever they are read.
#[derive(SessionData)]
struct Unordered {
    map: HashMap<String, u32>,
    set: HashSet<u32>,
    nested: Ratings,
    values: BTreeMap<String, HashMap<u32, bool>>,
}

#[test]
fn the_random_order_of_maps_and_sets_is_no_change() {
    let server = serve(sealed(), |app| {
        app.route(
            "/fill",
            web::get().to(|mut unordered: Session<Unordered>| async move {
                let mut all = unordered.write();
                let names = || (0..20).map(|number| (format!("name {number}"), number));
                all.map = names().collect();
                all.set = (0..20).collect();
                all.nested.of = names().collect();
                all.nested.by = (0..20).collect();
                all.values
                    .insert("a".to_owned(), (0..20).map(|n| (n, n > 9)).collect());
                "filled"
            }),
        )
        .route(
            "/idle",
            web::get().to(|mut unordered: Session<Unordered>| async move {
                drop(unordered.write());
                drop(unordered.map_mut());
                assert_eq!(unordered.map().len(), unordered.set().len());
                unordered.map().len().to_string()
            }),
        )
        .route(
            "/swap",
            web::get().to(|mut unordered: Session<Unordered>| async move {
                // As many bytes of every kind as before.
                let mut map = unordered.map_mut();
                map.insert("name 1".to_owned(), 2);
                map.insert("name 2".to_owned(), 1);
                "swapped"
            }),
        );
    });
    let mut browser = Browser::new(&server);
    assert_eq!(lines(&browser.get("/fill")), [line("unordered")]);
    for _ in 0..5 {
        let reply = browser.get("/idle");
        assert_eq!((reply.text(), reply.set_cookies()), ("20", vec![]));
    }
    assert_eq!(lines(&browser.get("/swap")), [line("unordered")]);
    assert_eq!(browser.get("/swap").set_cookies(), NONE);
}

#[test]
fn dynamic_values_are_written_only_when_they_change() {
    let server = serve(sealed(), |app| {
        app.route(
            "/{theme}",
            web::get().to(
                |mut values: Session<Values>, theme: web::Path<String>| async move {
                    values.insert("theme", &*theme).unwrap();
                    values.insert(7, &[1.5, 0.1]).unwrap();
                    values.remove("absent");
                    "set"
                },
            ),
        );
    });
    let mut browser = Browser::new(&server);
    assert_eq!(lines(&browser.get("/dark")), [line("values")]);
    assert_eq!(browser.get("/dark").set_cookies(), NONE);
    assert_eq!(lines(&browser.get("/light")), [line("values")]);
}
