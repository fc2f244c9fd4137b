//! Whatever a request carries as cookies, the handler runs, and a valid session among it is found.

use std::rc::Rc;

use actix_web::{http::StatusCode, web};
use proptest::{collection, prelude::*, sample};
use sessions::{CookieStore, Session, SessionData};

use super::site::{Drawer, Site, keys, runner};

#[derive(SessionData)]
struct Cart {
    items: Vec<String>,
}

/// A site whose `/` says how many items it found, or `None` for a new session.
fn site(store: CookieStore, drawer: &Drawer<Option<usize>>) -> Site {
    let found = Rc::clone(drawer);
    Site::new(store, |app| {
        app.route(
            "/",
            web::get().to(move |cart: Session<Cart>| {
                found.replace(Some((!cart.is_new()).then(|| cart.items().len())));
                async { "" }
            }),
        )
        .route(
            "/add",
            web::get().to(async |mut cart: Session<Cart>| {
                cart.items_mut().push("milk".to_owned());
                ""
            }),
        );
    })
}

/// Any byte that a header can carry (RFC 9110, section 5.5).
fn byte() -> impl Strategy<Value = u8> {
    prop_oneof![
        4 => any::<u8>().prop_filter("not in a header", |byte| *byte == b'\t' || (*byte >= b' ' && *byte != 0x7f)),
        1 => sample::select(b"=;\" ,\\\t%".to_vec()),
    ]
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    collection::vec(byte(), 0..60)
}

/// Something beside a session's cookie, that may pretend to be it.
fn neighbor() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        bytes(),
        bytes().prop_map(|value| [b"__Host-cart=", &value[..]].concat()),
        bytes().prop_map(|value| [b"__Host-cart=\"", &value[..]].concat()),
        bytes().prop_map(|value| [b"__host-cart=", &value[..]].concat()),
        bytes().prop_map(|rest| [b"__Host-cart", &rest[..]].concat()),
        "[A-Za-z0-9_-]{0,200}".prop_map(|value| format!("__Host-cart={value}").into_bytes()),
    ]
}

#[test]
fn any_bytes_as_a_value_are_a_visitor_without_a_session() {
    for store in [CookieStore::sealed(keys()), CookieStore::signed(keys())] {
        let drawer = Drawer::default();
        let site = site(store, &drawer);
        runner(500)
            .run(&neighbor(), |cookie| {
                let answer = site.get("/", &[&cookie]);
                prop_assert_eq!(answer.status, StatusCode::OK);
                prop_assert!(answer.cookies.is_empty());
                prop_assert_eq!(drawer.take(), Some(None));
                Ok(())
            })
            .unwrap();
    }
}

#[test]
fn no_neighbors_hide_a_valid_cookie_wherever_it_stands() {
    for store in [CookieStore::sealed(keys()), CookieStore::signed(keys())] {
        let drawer = Drawer::default();
        let site = site(store, &drawer);
        let valid = site.get("/add", &[]).cookies[0].clone().into_bytes();
        let headers = collection::vec(collection::vec(neighbor(), 0..4), 1..4);
        let places = any::<(sample::Index, sample::Index)>();
        runner(500)
            .run(&(headers, places), |(mut headers, (header, place))| {
                let header = header.index(headers.len());
                let place = place.index(headers[header].len() + 1);
                headers[header].insert(place, valid.clone());
                let joined: Vec<Vec<u8>> =
                    headers.iter().map(|pairs| pairs.join(&b"; "[..])).collect();
                let joined: Vec<&[u8]> = joined.iter().map(Vec::as_slice).collect();
                let answer = site.get("/", &joined);
                prop_assert_eq!(answer.status, StatusCode::OK);
                prop_assert!(answer.cookies.is_empty());
                prop_assert_eq!(drawer.take(), Some(Some(1)));
                Ok(())
            })
            .unwrap();
    }
}

#[test]
fn no_edit_of_a_valid_cookie_opens() {
    for store in [CookieStore::sealed(keys()), CookieStore::signed(keys())] {
        let drawer = Drawer::default();
        let site = site(store, &drawer);
        let valid = site.get("/add", &[]).cookies[0].clone().into_bytes();
        let name = b"__Host-cart=".len();
        let edits = collection::vec((any::<sample::Index>(), byte(), 0_u8..4), 1..4);
        runner(500)
            .run(&edits, |edits| {
                let mut value = valid[name..].to_vec();
                for (place, byte, edit) in edits {
                    let place = place.index(value.len().max(1));
                    match edit {
                        0 if place < value.len() => value[place] = byte,
                        1 if place < value.len() => drop(value.remove(place)),
                        2 => value.truncate(place),
                        _ => value.insert(place.min(value.len()), byte),
                    }
                }
                let cookie = [&valid[..name], &value].concat();
                let answer = site.get("/", &[&cookie]);
                prop_assert_eq!(answer.status, StatusCode::OK);
                prop_assert!(answer.cookies.is_empty());
                // White space around a value, one pair of quotes, and what stands behind a `;` are not of the value.
                let bare = value
                    .split(|byte| *byte == b';')
                    .next()
                    .unwrap()
                    .trim_ascii();
                let bare = match bare {
                    [b'"', quoted @ .., b'"'] => quoted,
                    bare => bare,
                };
                let expected = (bare == &valid[name..]).then_some(1);
                prop_assert_eq!(drawer.take(), Some(expected));
                Ok(())
            })
            .unwrap();
    }
}
