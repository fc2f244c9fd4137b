use std::collections::BTreeMap;

use actix_web::http::Method;
use sessions::{Schema as _, SessionData};

use crate::visitor::Visitor;

#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
struct Item {
    sku: String,
    count: u32,
}

/// Has no `Debug`, and converts from text.
#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Opaque(String);

impl From<&str> for Opaque {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
struct Point {
    x: i16,
    y: i16,
}

#[derive(SessionData)]
struct Cart {
    items: Vec<Item>,
    coupon: Option<String>,
    count: u32,
    limit: Option<u64>,
    #[session(copy)]
    place: Point,
    #[session(default = "EUR".to_owned())]
    currency: String,
    opaque: Opaque,
    #[session(secret)]
    token: String,
    #[session(skip)]
    scratch: String,
    #[session(flash(one = "notice"))]
    notices: Vec<String>,
    #[session(flash)]
    error: Option<u8>,
    map: BTreeMap<u8, Vec<u8>>,
    #[session(accessor = "kind")]
    r#type: char,
}

#[actix_web::test]
async fn every_kind_of_field_survives_the_way_to_the_browser_and_back() {
    let mut visitor = Visitor::new();
    visitor
        .visit::<Cart>(|cart| {
            cart.items_mut().push(Item {
                sku: "a".to_owned(),
                count: 2,
            });
            cart.set_coupon("SUMMER");
            *cart.count_mut() += 300;
            cart.set_limit(7);
            cart.set_place(Point { x: -1, y: 1 });
            cart.set_currency("CHF");
            cart.set_opaque("o");
            cart.set_token("t");
            cart.set_scratch("s");
            assert_eq!(*cart.scratch(), "s");
            cart.map_mut().insert(1, vec![2, 3]);
            cart.set_kind('ß');
        })
        .await;
    let set_again = visitor
        .visit::<Cart>(|cart| {
            assert_eq!(cart.origin(), sessions::Origin::Loaded);
            assert_eq!(cart.items().len(), 1);
            assert_eq!(cart.items()[0].count, 2);
            assert_eq!(cart.coupon().as_deref(), Some("SUMMER"));
            assert_eq!(cart.count(), 300);
            assert_eq!(cart.limit(), Some(7));
            assert_eq!(cart.place(), Point { x: -1, y: 1 });
            assert_eq!(*cart.currency(), "CHF");
            assert_eq!(cart.opaque().0, "o");
            assert_eq!(*cart.token(), "t");
            assert_eq!(*cart.scratch(), "", "a skipped field lives for one request");
            assert_eq!(cart.map()[&1], [2, 3]);
            assert_eq!(cart.kind(), 'ß');
            // Writers that change nothing are no reason to write.
            cart.items_mut().reverse();
            assert_eq!(cart.take_coupon().as_deref(), Some("SUMMER"));
            cart.set_coupon("SUMMER");
            cart.set_scratch("s");
        })
        .await;
    assert!(!set_again);
}

#[actix_web::test]
async fn a_flash_is_read_once() {
    let mut visitor = Visitor::new();
    visitor
        .visit::<Cart>(|cart| {
            cart.push_notice("one");
            cart.push_notice(String::from("two"));
            cart.push_error(1);
            cart.push_error(2);
        })
        .await;
    visitor
        .visit_by::<Cart>(Method::HEAD, |cart| {
            assert!(cart.take_notices().is_empty(), "nobody sees a HEAD");
        })
        .await;
    visitor
        .visit::<Cart>(|cart| {
            assert_eq!(cart.take_notices(), ["one", "two"]);
            assert_eq!(cart.take_error(), Some(2), "the last error stands");
            assert!(cart.take_notices().is_empty());
        })
        .await;
    visitor
        .visit::<Cart>(|cart| {
            assert!(cart.take_notices().is_empty());
            assert_eq!(cart.take_error(), None);
        })
        .await;
}

#[actix_web::test]
async fn debug_shows_what_it_can_and_hides_what_is_secret() {
    Visitor::new()
        .visit::<Cart>(|cart| {
            cart.set_token("hunter2");
            cart.set_opaque("opaque");
            cart.set_coupon("SUMMER");
            let shown = format!("{cart:?}");
            assert!(shown.contains(r#"coupon: Some("SUMMER")"#), "{shown}");
            assert!(shown.contains("token: .."), "{shown}");
            assert!(shown.contains("opaque: .."), "{shown}");
            assert!(!shown.contains("hunter2"), "{shown}");
        })
        .await;
}

#[derive(SessionData)]
struct Login {
    #[session(principal)]
    user: Option<u64>,
    #[session(default = 3)]
    attempts_left: u8,
}

#[actix_web::test]
async fn a_principal_is_set_read_and_taken() {
    let mut visitor = Visitor::new();
    visitor
        .visit::<Login>(|login| {
            assert_eq!(login.user(), None);
            login.set_attempts_left(1);
            login.set_user(7);
        })
        .await;
    visitor
        .visit::<Login>(|login| {
            assert_eq!(login.user(), Some(7));
            assert_eq!(login.read().principal().as_deref(), Some("7"));
            assert_eq!(login.attempts_left(), 1);
            login.set_user(8);
            assert_eq!(login.attempts_left(), 3, "another owner starts afresh");
        })
        .await;
    visitor
        .visit::<Login>(|login| {
            assert_eq!(login.user(), Some(8));
            login.clear();
            assert_eq!(login.user(), Some(8), "emptying does not change the owner");
            assert_eq!(login.take_user(), Some(8));
            assert_eq!(login.user(), None);
        })
        .await;
    assert!(!visitor.has_cookie());
}

#[derive(SessionData)]
struct WithOwnDefault {
    #[session(default = 1)]
    size: u32,
}

impl Default for WithOwnDefault {
    fn default() -> Self {
        Self { size: 2 }
    }
}

#[derive(SessionData)]
struct WithoutDefault {
    #[session(default = 1)]
    size: u32,
    bytes: [u8; 64],
}

#[test]
fn a_new_session_starts_with_the_struct_s_own_default_if_it_has_one() {
    assert_eq!(WithOwnDefault::fresh().size, 2);
    assert_eq!(WithoutDefault::fresh().size, 1);
    assert_eq!(WithoutDefault::fresh().bytes, [0; 64]);
}
