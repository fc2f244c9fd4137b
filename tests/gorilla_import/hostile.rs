use std::time::{Duration, Instant};

use proptest::prelude::*;
use sessions::gorilla::{DecodeErrorKind, Value, Values};

use crate::{gob_writer::Gob, mutations::count};

const INT: i64 = 2;
const BOOL: i64 = 1;
const STRING: i64 = 6;
const INTERFACE: i64 = 8;
const SESSION: i64 = 65;

/// The definition that every session begins with: a map of interfaces.
fn session() -> Gob {
    Gob::new().map(SESSION, INTERFACE, INTERFACE)
}

/// A session of one value under "k", of the type of this ID, whose definitions stand before.
fn session_of(definitions: Gob, id: i64, value: &Gob) -> Vec<u8> {
    let content = Gob::new().signed(SESSION).raw(b"\x00\x01");
    let key = Gob::new().raw(b"\x00").text("k");
    let content = content.text("string").signed(STRING).message(&key);
    let content = content.text("t").signed(id).message(value);
    definitions.message(&content).0
}

fn refusal(gob: &[u8]) -> DecodeErrorKind {
    Values::from_gob(gob).unwrap_err().kind()
}

fn nested(depth: usize) -> Vec<u8> {
    let list = Gob::new().raw(b"\x00").raw(&vec![1; depth]).raw(b"\x00");
    session_of(session().slice(66, 66), 66, &list)
}

#[test]
fn what_the_writer_of_these_tests_writes_is_gob() {
    let point = session().structure(66, "Point", &[("X", INT), ("Y", INT)]);
    let gob = session_of(point, 66, &Gob::new().raw(b"\x02").signed(-5).raw(b"\x00"));
    let values = Values::from_gob(&gob).unwrap();
    let point = values.value("k").unwrap();
    assert_eq!(point.get::<i8>("X").unwrap(), 0);
    assert_eq!(point.get::<i8>("Y").unwrap(), -5);
    assert!(Values::from_gob(&nested(10)).is_ok());
}

#[test]
fn no_depth_of_lists_exhausts_the_stack() {
    assert!(Values::from_gob(&nested(100)).is_ok());
    for depth in [200, 10_000, 1 << 20] {
        assert_eq!(refusal(&nested(depth)), DecodeErrorKind::TooDeep);
    }
}

#[test]
fn no_depth_of_types_that_hold_themselves_exhausts_the_stack() {
    // The zero stands before whatever is no struct.
    for (definitions, zero, turn) in [
        (session().map(66, 66, INT), &b"\x00"[..], &b"\x01"[..]),
        (session().map(66, INT, 66), b"\x00", b"\x01\x00"),
        (session().array(66, 66, 1), b"\x00", b"\x01"),
        (session().slice(66, 67).slice(67, 66), b"\x00", b"\x01"),
        (
            session().structure(66, "Node", &[("Next", 66)]),
            b"",
            b"\x01",
        ),
    ] {
        let value = Gob::new().raw(zero).raw(&turn.repeat(100_000)).raw(b"\x00");
        assert_eq!(
            refusal(&session_of(definitions, 66, &value)),
            DecodeErrorKind::TooDeep
        );
    }
}

#[test]
fn no_depth_of_interfaces_exhausts_the_stack() {
    let mut value = Gob::new().raw(b"\x00").signed(7);
    let mut id = INT;
    for _ in 0..2_000 {
        let inner = Gob::new().raw(b"\x00").text("i").signed(id).message(&value);
        (value, id) = (inner, INTERFACE);
    }
    assert_eq!(
        refusal(&session_of(session(), INTERFACE, &value)),
        DecodeErrorKind::TooDeep
    );
}

#[test]
fn a_length_beyond_what_is_there_is_refused_and_reserves_nothing() {
    for length in [4, 1 << 20, 1 << 40, i64::MAX as u64, u64::MAX] {
        for value in [
            Gob::new().raw(b"\x00").unsigned(length),
            Gob::new().raw(b"\x00").unsigned(length).raw(b"abc"),
        ] {
            for id in [5, STRING, 66, 67, 68, 69] {
                let definitions = session().slice(66, BOOL).map(67, STRING, INT);
                let definitions = definitions.encoder(68, "Big");
                let definitions =
                    definitions.array(69, BOOL, i64::try_from(length).unwrap_or(i64::MAX));
                assert_eq!(
                    refusal(&session_of(definitions, id, &value)),
                    DecodeErrorKind::Truncated,
                    "{id} {length}"
                );
            }
        }
        // Of the message itself, of a name, of the fields of a struct.
        let message = session().unsigned(length).signed(SESSION);
        assert_eq!(refusal(&message.0), DecodeErrorKind::Truncated);
        let fields = Gob::new().signed(-66).raw(b"\x03\x02").unsigned(length);
        assert_eq!(
            refusal(&session().message(&fields).0),
            DecodeErrorKind::Truncated
        );
        let name = Gob::new().signed(SESSION).raw(b"\x00\x01").unsigned(length);
        assert_eq!(
            refusal(&session().message(&name).0),
            DecodeErrorKind::Truncated
        );
    }
}

#[test]
fn lists_that_each_claim_all_that_is_left_cost_no_more_than_what_is_there() {
    // 100 lists in each other, of which each says that it has half a million elements.
    let mut value = Gob::new().raw(b"\x00");
    for _ in 0..100 {
        value = value.unsigned(500_000);
    }
    let value = value.raw(&vec![0; 500_000]);
    let before = Instant::now();
    let _ = Values::from_gob(&session_of(session().slice(66, 66), 66, &value));
    assert!(before.elapsed() < Duration::from_secs(10));
}

#[test]
fn the_costliest_values_take_time_and_memory_in_proportion_to_their_length() {
    let length = 1 << 18;
    let name = "n".repeat(length / 2);
    let fields: Vec<(&str, i64)> = vec![("", INT); length / 8];
    for (definitions, id, element) in [
        (session().slice(66, BOOL), 66, &b"\x01"[..]),
        (session().slice(66, 66), 66, b"\x00"),
        (session().slice(66, 67).encoder(67, &name), 66, b"\x00"),
        (
            session().slice(66, 67).structure(67, &name, &[]),
            66,
            b"\x00",
        ),
        (
            session().slice(66, 67).structure(67, "S", &fields),
            66,
            b"\x00",
        ),
        (session().slice(66, INTERFACE), 66, b"\x00"),
        (session().slice(66, STRING), 66, b"\x01x"),
    ] {
        let elements = (length - definitions.0.len()) / element.len() - 100;
        let value = Gob::new().raw(b"\x00").unsigned(elements as u64);
        let gob = session_of(definitions, id, &value.raw(&element.repeat(elements)));
        let before = Instant::now();
        let values = Values::from_gob(&gob).unwrap();
        assert!(count(&values) <= gob.len());
        assert_eq!(values.get::<Vec<&Value>>("k").unwrap().len(), elements);
        // A fraction of a second; anything quadratic would take hours, and more memory than there is.
        let copy = values.clone();
        assert!(copy == values);
        drop((copy, values));
        assert!(before.elapsed() < Duration::from_secs(20));
    }
}

#[test]
fn streams_that_go_would_not_write_are_refused() {
    let int = |value: &[u8]| session_of(session(), INT, &Gob::new().raw(value));
    assert!(Values::from_gob(&int(b"\x00\x02")).is_ok());
    for (gob, kind) in [
        (Vec::new(), DecodeErrorKind::Truncated),
        (b"\x00".to_vec(), DecodeErrorKind::Truncated),
        // Definitions without a value; a value without its definition.
        (session().0, DecodeErrorKind::Truncated),
        (
            Gob::new()
                .message(&Gob::new().signed(SESSION).raw(b"\x00\x00"))
                .0,
            DecodeErrorKind::Malformed,
        ),
        // A value of another type than a map.
        (
            Gob::new()
                .message(&Gob::new().signed(INT).raw(b"\x00\x02"))
                .0,
            DecodeErrorKind::OtherContent,
        ),
        // One type twice; a type of gob's own; the lowest number.
        (
            session().map(SESSION, INT, INT).0,
            DecodeErrorKind::Malformed,
        ),
        (Gob::new().slice(INT, BOOL).0, DecodeErrorKind::Malformed),
        (Gob::new().slice(63, BOOL).0, DecodeErrorKind::Malformed),
        (
            Gob::new()
                .message(&Gob::new().signed(i64::MIN).raw(b"\x02\x00\x00"))
                .0,
            DecodeErrorKind::Malformed,
        ),
        // More behind the value; a message longer than its value.
        (
            [int(b"\x00\x02"), vec![0]].concat(),
            DecodeErrorKind::Malformed,
        ),
        (int(b"\x00\x02\x00"), DecodeErrorKind::Malformed),
        // No zero before a value that is no struct.
        (int(b"\x01\x02"), DecodeErrorKind::Malformed),
        // A value shorter than its length.
        (int(b"\x00"), DecodeErrorKind::Truncated),
        // A type that nobody defined, and one that gob reserves.
        (
            session_of(session(), 99, &Gob::new().raw(b"\x00\x00")),
            DecodeErrorKind::Malformed,
        ),
        (
            session_of(session(), 16, &Gob::new().raw(b"\x00\x00")),
            DecodeErrorKind::Malformed,
        ),
        (
            session_of(session(), 0, &Gob::new().raw(b"\x00\x00")),
            DecodeErrorKind::Malformed,
        ),
        // A boolean of two; an array of another length; a field that the struct has not.
        (
            session_of(session(), BOOL, &Gob::new().raw(b"\x00\x02")),
            DecodeErrorKind::Malformed,
        ),
        (
            session_of(
                session().array(66, INT, 3),
                66,
                &Gob::new().raw(b"\x00\x02\x00\x00"),
            ),
            DecodeErrorKind::Malformed,
        ),
        (
            session_of(
                session().structure(66, "S", &[("A", INT)]),
                66,
                &Gob::new().raw(b"\x02\x00\x00"),
            ),
            DecodeErrorKind::Malformed,
        ),
        (
            session_of(
                session().structure(66, "S", &[("A", INT)]),
                66,
                &Gob::new()
                    .raw(b"\x01\x00")
                    .unsigned(u64::MAX)
                    .raw(b"\x00\x00"),
            ),
            DecodeErrorKind::Malformed,
        ),
        // A name that is no text; an array of a negative length.
        (
            session()
                .message(
                    &Gob::new()
                        .signed(SESSION)
                        .raw(b"\x00\x01\x01\xff\x04\x02\x00\x00"),
                )
                .0,
            DecodeErrorKind::Malformed,
        ),
        (session().array(66, INT, -1).0, DecodeErrorKind::Malformed),
    ] {
        assert_eq!(refusal(&gob), kind, "{gob:?}");
    }
}

#[test]
fn a_definition_is_a_struct_of_known_layout() {
    for definition in [
        &b""[..],
        b"\x00",
        // Of no kind, of an unknown one, of two.
        b"\x08\x00\x00",
        b"\x02\x01\x02\x84\x00\x01\x04\x00\x01\x00\x00",
        // Fields that no definition has.
        b"\x02\x03\x00\x00\x00",
        b"\x04\x04\x02\x00\x00",
        b"\x05\x02\x02\x00\x00",
        b"\x01\x04\x02\x00\x00",
        b"\x02\x01\x03\x02\x00\x00\x00",
        b"\x03\x02\x01\x03\x02\x00\x00\x00",
        // A step beyond the last number there is.
        b"\x02\x01\x02\x84\x00\xf8\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00",
    ] {
        let message = Gob::new().signed(-66).raw(definition);
        let gob = session()
            .message(&message)
            .message(&Gob::new().signed(SESSION).raw(b"\x00\x00"));
        assert!(Values::from_gob(&gob.0).is_err(), "{definition:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), id in -70_i64..70) {
        let value = Gob::new().raw(&bytes);
        let definitions = session().slice(66, 67).map(67, INTERFACE, 68).structure(68, "S", &[("A", 66), ("B", 5), ("C", 69), ("D", 7)]).encoder(69, "Time");
        for gob in [
            bytes.clone(),
            session().raw(&bytes).0,
            session().message(&Gob::new().signed(SESSION).raw(b"\x00").raw(&bytes)).0,
            session_of(definitions.clone(), 66 + id.rem_euclid(4), &value),
            session_of(definitions, id, &Gob::new().raw(b"\x00").raw(&bytes)),
            session().message(&Gob::new().signed(-66).raw(&bytes)).0,
        ] {
            if let Ok(values) = Values::from_gob(&gob) {
                prop_assert!(count(&values) <= gob.len());
                let shown = format!("{values:?}");
                prop_assert!(shown.starts_with("Values "));
            }
        }
        let _ = Values::from_json(&bytes);
    }
}
