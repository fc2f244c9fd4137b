use std::collections::{BTreeMap, HashMap, HashSet};

use sessions::{__private::FieldWriter, Schema, SessionData};

use crate::visitor::Visitor;

/// Writes the fields as the crate does, and nothing around them.
fn fields_of<T: Schema>(data: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    data.encode_fields(&mut FieldWriter::new(&mut bytes))
        .unwrap();
    bytes
}

mod hex {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(value: &u32, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("{value:x}"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
        let text = String::deserialize(deserializer)?;
        u32::from_str_radix(&text, 16).map_err(D::Error::custom)
    }
}

#[derive(SessionData, Default)]
struct Wire {
    second: bool,
    #[session(key = "f")]
    first: u8,
    #[session(skip)]
    nowhere: u8,
    r#type: Vec<u8>,
    array: [u8; 2],
    #[session(with = hex)]
    hex: u32,
    #[session(with = "hex")]
    quoted: u32,
}

#[test]
fn entries_stand_in_declaration_order_under_their_keys() {
    let wire = Wire {
        second: true,
        first: 1,
        nowhere: 2,
        r#type: vec![3, 4],
        array: [5, 6],
        hex: 255,
        quoted: 16,
    };
    let expected = [
        &b"\x66second\xf5"[..],
        b"\x61f\x01",
        b"\x64type\x42\x03\x04",
        b"\x65array\x42\x05\x06",
        b"\x63hex\x62ff",
        b"\x66quoted\x6210",
    ];
    assert_eq!(fields_of(&wire), expected.concat());
}

#[actix_web::test]
async fn bytes_and_fields_with_a_module_come_back() {
    let mut visitor = Visitor::new();
    visitor
        .visit::<Wire>(|wire| {
            wire.set_type([1, 2]);
            wire.set_array([3, 4]);
            wire.set_hex(255);
            wire.set_quoted(16);
        })
        .await;
    visitor
        .visit::<Wire>(|wire| {
            assert_eq!(*wire.r#type(), [1, 2]);
            assert_eq!(*wire.array(), [3, 4]);
            assert_eq!(wire.hex(), 255);
            assert_eq!(wire.quoted(), 16);
            assert_eq!(wire.nowhere(), 0);
        })
        .await;
}

#[derive(SessionData)]
struct Ordered {
    map: BTreeMap<u8, u8>,
    #[session(skip)]
    cache: HashSet<u8>,
}

#[derive(SessionData)]
struct Unordered {
    deep: Vec<(u8, Option<HashMap<u8, u8>>)>,
}

#[test]
fn a_type_that_is_written_in_any_order_says_so() {
    const {
        assert!(Ordered::ORDERED);
        assert!(!Unordered::ORDERED);
    }
    assert!(Ordered::fresh().map.is_empty() && Ordered::fresh().cache.is_empty());
    assert!(Unordered::fresh().deep.is_empty());
}

#[derive(SessionData)]
struct Numbered {
    counts: BTreeMap<u64, u8>,
    nested: HashMap<i16, BTreeMap<u8, String>>,
}

#[actix_web::test]
async fn maps_with_number_keys_come_back() {
    let mut visitor = Visitor::new();
    visitor
        .visit::<Numbered>(|numbered| {
            numbered.counts_mut().insert(7, 1);
            let mut inner = BTreeMap::new();
            inner.insert(0, "a".to_owned());
            numbered.nested_mut().insert(-3, inner);
        })
        .await;
    visitor
        .visit::<Numbered>(|numbered| {
            assert_eq!(numbered.counts()[&7], 1);
            assert_eq!(numbered.nested()[&-3][&0], "a");
        })
        .await;
}
