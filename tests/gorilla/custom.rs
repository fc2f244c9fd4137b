//! Data of types of one's own.

use std::collections::{BTreeMap, HashMap};

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize, Serializer};
use sessions::{Session, SessionData, SessionErrorKind, Values};
use sessions_tests::Browser;

use super::site::{cookie, get, sealed, serve, signed};

#[derive(Serialize, Deserialize, Debug, PartialEq, Clone, Default)]
struct Address {
    street: String,
    lines: Vec<Line>,
}

#[derive(Serialize, Deserialize, Debug, PartialEq, Clone)]
struct Line(u8, Option<String>);

#[derive(Serialize, Deserialize, Debug, PartialEq, Clone, Default)]
enum Payment {
    #[default]
    Open,
    Card(u64),
    Split(f64, f64),
    Invoice {
        to: Address,
        days: Option<u16>,
    },
}

#[derive(SessionData, Debug, PartialEq, Clone, Default)]
#[session(name = "order")]
struct Order {
    address: Address,
    payments: Vec<Payment>,
    by_name: BTreeMap<String, Payment>,
    by_number: BTreeMap<u32, Address>,
    by_signed: HashMap<i64, String>,
    by_pair: BTreeMap<(u8, bool), String>,
    blob: Vec<u8>,
    digest: [u8; 32],
    single: f32,
    double: f64,
    unsigned: u64,
    signed: i64,
    letter: char,
    text: String,
    pair: (bool, Option<i16>),
}

fn order() -> Order {
    let address = Address {
        street: "Rue de l'Été 5 \u{1f3e0}".to_owned(),
        lines: vec![Line(1, None), Line(255, Some("back".to_owned()))],
    };
    let payments = vec![
        Payment::Open,
        Payment::Card(u64::MAX),
        Payment::Split(0.1, -0.0),
        Payment::Invoice {
            to: address.clone(),
            days: Some(30),
        },
    ];
    Order {
        by_name: [("first".to_owned(), payments[3].clone())].into(),
        by_number: [(0, Address::default()), (4_000_000_000, address.clone())].into(),
        by_signed: [(i64::MIN, "low".to_owned()), (23, "high".to_owned())].into(),
        by_pair: [((1, true), "yes".to_owned())].into(),
        blob: (0..=255).collect(),
        digest: std::array::from_fn(|index| index as u8 * 8),
        single: f32::MIN_POSITIVE,
        double: f64::MAX,
        unsigned: u64::MAX,
        signed: i64::MIN,
        letter: '\u{10ffff}',
        text: "nul \0, quote \", semicolon ;, newline \n".to_owned(),
        pair: (true, Some(i16::MIN)),
        address,
        payments,
    }
}

#[test]
fn nested_structs_enums_maps_bytes_floats_and_large_integers_come_back() {
    for sessions in [sealed(1), signed(1)] {
        let site = serve(&sessions, |app| {
            app.route(
                "/put",
                web::get().to(async |mut session: Session<Order>| {
                    *session.write() = order();
                    ""
                }),
            )
            .route(
                "/",
                web::get().to(async |session: Session<Order>| {
                    let same = *session.read() == order();
                    let zero = session.payments().iter().any(|payment| {
                        matches!(payment, Payment::Split(_, zero) if zero.is_sign_negative())
                    });
                    format!("{:?} {same} {zero}", session.origin())
                }),
            );
        });
        let held = cookie(&get(&site, "/put", ""));
        assert_eq!(get(&site, "/", held).text(), "Loaded true true");
    }
}

#[test]
fn maps_of_floats_and_infinities_come_back_in_dynamic_values() {
    let site = serve(&sealed(1), |app| {
        app.route(
            "/put",
            web::get().to(async |mut values: Session<Values>| {
                let mixed: BTreeMap<&str, f64> =
                    [("infinite", f64::INFINITY), ("tiny", 5e-324)].into();
                values.insert("floats", &mixed).unwrap();
                values.insert("payment", &Payment::Card(u64::MAX)).unwrap();
                let numbered: BTreeMap<u8, &str> = [(7, "seven")].into();
                values.insert("numbered", &numbered).unwrap();
                ""
            }),
        )
        .route(
            "/",
            web::get().to(async |values: Session<Values>| {
                let floats = values.get::<BTreeMap<String, f64>>("floats").unwrap();
                let payment = values.get::<Payment>("payment").unwrap();
                let numbered = values.get::<BTreeMap<u8, String>>("numbered").unwrap();
                format!("{floats:?} {payment:?} {numbered:?}")
            }),
        );
    });
    let held = cookie(&get(&site, "/put", ""));
    assert_eq!(
        get(&site, "/", held).text(),
        r#"Some({"infinite": inf, "tiny": 5e-324}) Some(Card(18446744073709551615)) Some({7: "seven"})"#
    );
}

#[test]
fn a_dynamic_value_of_another_type_is_an_error_and_stays() {
    let site = serve(&sealed(1), |app| {
        app.route(
            "/put",
            web::get().to(async |mut values: Session<Values>| {
                values.insert("theme", "dark").unwrap();
                ""
            }),
        )
        .route(
            "/",
            web::get().to(async |values: Session<Values>| {
                let error = values.get::<u32>("theme").unwrap_err();
                format!(
                    "{error}, {:?}",
                    values.get::<String>("theme").unwrap_or_default()
                )
            }),
        );
    });
    let mut browser = Browser::new(&site);
    browser.get("/put");
    assert_eq!(
        browser.get("/").text(),
        "the value under `theme` is not of the type asked for; ask for the type that was inserted, Some(\"dark\")"
    );
}

/// A value that cannot be written once it is set.
#[derive(Deserialize, Default)]
struct Stubborn(bool);

impl Serialize for Stubborn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 {
            return Err(serde::ser::Error::custom("not today"));
        }
        serializer.serialize_bool(false)
    }
}

#[derive(SessionData)]
struct Refusal {
    before: u32,
    stubborn: Stubborn,
}

#[test]
fn a_value_that_cannot_be_encoded_is_an_error_and_the_old_session_stays() {
    let site = serve(&sealed(1), |app| {
        app.route(
            "/put",
            web::get().to(async |mut session: Session<Refusal>| {
                session.set_before(7);
                ""
            }),
        )
        .route(
            "/break",
            web::get().to(async |mut session: Session<Refusal>| {
                session.set_before(8);
                session.stubborn_mut().0 = true;
                ""
            }),
        )
        .route(
            "/save",
            web::get().to(async |mut session: Session<Refusal>| {
                session.stubborn_mut().0 = true;
                let error = session.save().await.unwrap_err();
                assert_eq!(error.kind(), SessionErrorKind::Unwritable);
                session.stubborn_mut().0 = false;
                HttpResponse::Ok().body(error.to_string())
            }),
        )
        .route(
            "/",
            web::get().to(async |session: Session<Refusal>| session.before().to_string()),
        );
    });
    let mut browser = Browser::new(&site);
    browser.get("/put");
    let broken = browser.get("/break");
    assert_eq!(
        (broken.status, broken.text(), broken.set_cookies()),
        (500, "", vec![])
    );
    assert_eq!(
        browser.get("/save").text(),
        "session `refusal` could not be encoded; look at the `Serialize` of its fields"
    );
    assert_eq!(browser.get("/").text(), "7");
}

#[test]
fn an_unencodable_dynamic_value_is_refused_at_the_call() {
    let mut values = Values::default();
    values.insert("stubborn", "before").unwrap();
    assert!(values.insert("stubborn", &Stubborn(true)).is_err());
    assert!(values.insert("wide", &u128::MAX).is_err());
    let stays = values.get::<String>("stubborn").unwrap();
    assert_eq!(stays.as_deref(), Some("before"));
    assert_eq!(values.len(), 1);
}
