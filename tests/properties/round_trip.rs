//! Whatever a handler writes, the next one reads.

use std::{
    cell::Cell,
    collections::{BTreeMap, HashMap},
    rc::Rc,
};

use actix_web::{http::StatusCode, web};
use proptest::{collection, option, prelude::*};
use serde::{Deserialize, Serialize};
use sessions::{CookieStore, Session, SessionData, Values};

use super::site::{Drawer, Site, keys, runner};

#[derive(Serialize, Deserialize, Debug, PartialEq, Clone)]
enum Shape {
    Dot,
    Circle(Number),
    Line(i8, u32),
    Group(Vec<Self>),
    Label {
        at: (i16, Option<char>),
        text: String,
    },
}

/// A float that equals itself. CBOR has one way to write what is not a number, so of all those only that it is none survives.
#[derive(Serialize, Deserialize, Debug, Default, Clone, Copy)]
struct Number(f64);

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits() || self.0.is_nan() && other.0.is_nan()
    }
}

// Left out, since serde itself cannot tell them apart in CBOR: `Some(())` and `Some(None)` are written as null, and read as `None`.
#[derive(SessionData, Debug, PartialEq, Clone)]
#[session(name = "anything")]
struct Anything {
    text: String,
    letter: char,
    bytes: Vec<u8>,
    digest: [u8; 5],
    unsigned: (u8, u16, u32, u64),
    signed: (i8, i16, i32, i64),
    number: Number,
    single: f32,
    flag: bool,
    option: Option<Shape>,
    shapes: Vec<Shape>,
    by_text: BTreeMap<String, Option<u8>>,
    by_integer: BTreeMap<i64, String>,
    by_pair: BTreeMap<(u8, String), Vec<bool>>,
    hashed: HashMap<u16, Shape>,
    #[session(flash)]
    notices: Vec<String>,
}

fn shape() -> impl Strategy<Value = Shape> {
    let leaf = prop_oneof![
        Just(Shape::Dot),
        any::<u64>().prop_map(|bits| Shape::Circle(Number(f64::from_bits(bits)))),
        any::<(i8, u32)>().prop_map(|(x, y)| Shape::Line(x, y)),
        (any::<(i16, Option<char>)>(), ".{0,8}").prop_map(|(at, text)| Shape::Label { at, text }),
    ];
    leaf.prop_recursive(4, 16, 4, |inner| {
        collection::vec(inner, 0..4).prop_map(Shape::Group)
    })
}

fn text() -> impl Strategy<Value = String> {
    collection::vec(any::<char>(), 0..24).prop_map(String::from_iter)
}

fn anything() -> impl Strategy<Value = Anything> {
    let plain = (
        text(),
        any::<char>(),
        collection::vec(any::<u8>(), 0..200),
        any::<[u8; 5]>(),
        any::<(u8, u16, u32, u64)>(),
        any::<(i8, i16, i32, i64)>(),
        any::<u64>(),
        any::<f32>(),
        any::<bool>(),
    );
    let nested = (
        option::of(shape()),
        collection::vec(shape(), 0..6),
        collection::btree_map(text(), any::<Option<u8>>(), 0..5),
        collection::btree_map(any::<i64>(), text(), 0..5),
        collection::btree_map(
            (any::<u8>(), text()),
            collection::vec(any::<bool>(), 0..4),
            0..3,
        ),
        collection::hash_map(any::<u16>(), shape(), 0..4),
        collection::vec(text(), 0..3),
    );
    (plain, nested).prop_map(
        |(
            (text, letter, bytes, digest, unsigned, signed, bits, single, flag),
            (option, shapes, by_text, by_integer, by_pair, hashed, notices),
        )| Anything {
            text,
            letter,
            bytes,
            digest,
            unsigned,
            signed,
            number: Number(f64::from_bits(bits)),
            single,
            flag,
            option,
            shapes,
            by_text,
            by_integer,
            by_pair,
            hashed,
            notices,
        },
    )
}

fn site<T: SessionData + Clone>(store: CookieStore, drawer: &Drawer<T>) -> Site {
    let (written, read) = (Rc::clone(drawer), Rc::clone(drawer));
    Site::new(store, |app| {
        app.route(
            "/write",
            web::get().to(move |mut session: Session<T>| {
                *session.write() = written.take().unwrap();
                async { "" }
            }),
        )
        .route(
            "/write-again",
            web::get().to(|mut session: Session<T>| {
                let same = session.read().clone();
                *session.write() = same;
                async { "" }
            }),
        )
        .route(
            "/read",
            web::get().to(move |session: Session<T>| {
                let data = (!session.is_new()).then(|| session.read().clone());
                read.replace(data);
                async { "" }
            }),
        );
    })
}

#[test]
fn any_data_that_fits_comes_back_and_any_other_is_refused() {
    for store in [CookieStore::sealed(keys()), CookieStore::signed(keys())] {
        let drawer = Drawer::default();
        let site = site(store, &drawer);
        let fitted = Cell::new(0);
        let outcome = runner(250).run(&anything(), |data| {
            drawer.replace(Some(data.clone()));
            let written = site.get("/write", &[]);
            if written.status != StatusCode::OK {
                prop_assert_eq!(written.status, StatusCode::INTERNAL_SERVER_ERROR);
                prop_assert!(written.cookies.is_empty());
                return Ok(());
            }
            let [cookie] = &written.cookies[..] else {
                return Err(TestCaseError::fail("one cookie"));
            };
            fitted.set(fitted.get() + 1);
            site.get("/read", &[cookie.as_bytes()]);
            prop_assert_eq!(drawer.take(), Some(data));
            // The same data written over itself is no change, whatever order its maps have now.
            let again = site.get("/write-again", &[cookie.as_bytes()]);
            prop_assert!(again.cookies.is_empty());
            Ok(())
        });
        outcome.unwrap();
        assert!(fitted.get() > 200, "only {} fitted", fitted.get());
    }
}

#[test]
fn any_dynamic_values_come_back() {
    let drawer = Drawer::default();
    let site = site::<Values>(CookieStore::sealed(keys()), &drawer);
    let entries = (
        collection::btree_map(any::<i64>(), shape(), 0..6),
        collection::btree_map(text(), shape(), 0..6),
    );
    runner(250)
        .run(&entries, |(by_integer, by_text)| {
            let mut values = Values::default();
            for (key, shape) in &by_integer {
                values.insert(*key, shape).unwrap();
            }
            for (key, shape) in &by_text {
                values.insert(key.as_str(), shape).unwrap();
            }
            if values.is_empty() {
                return Ok(());
            }
            drawer.replace(Some(values));
            let written = site.get("/write", &[]);
            let [cookie] = &written.cookies[..] else {
                return Err(TestCaseError::fail("one cookie"));
            };
            site.get("/read", &[cookie.as_bytes()]);
            let read = drawer.take().unwrap();
            for (key, shape) in &by_integer {
                prop_assert_eq!(read.get::<Shape>(*key).unwrap(), Some(shape.clone()));
            }
            for (key, shape) in &by_text {
                let read = read.get::<Shape>(key.as_str()).unwrap();
                prop_assert_eq!(read, Some(shape.clone()));
            }
            Ok(())
        })
        .unwrap();
}
