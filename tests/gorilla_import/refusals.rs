use std::{error::Error as _, time::Duration};

use sessions::{
    Timestamp,
    gorilla::{DecodeError, KeyPair, OpenErrorKind, Payload, Reader},
};

use crate::{
    mint::mint,
    shown::shown,
    vectors::{Vector, keys, values, vectors},
};

fn refusal(vector: &Vector, reader: &Reader, name: &str, value: &[u8]) -> OpenErrorKind {
    let now = vector.written();
    match vector.kind() {
        "fs_id" => reader.open_id(name, value, now).unwrap_err().kind(),
        _ => reader.open(name, value, now).unwrap_err().kind(),
    }
}

#[test]
fn another_name_opens_nothing() {
    for vector in vectors().iter().chain(&values()) {
        for name in ["", "other", "Session", "sessio", "sessionx", "session|"] {
            assert_eq!(
                refusal(vector, &vector.reader(), name, vector.value()),
                OpenErrorKind::Unauthentic,
                "{}",
                vector.case
            );
        }
    }
}

#[test]
fn a_changed_character_is_noticed_wherever_it_stands() {
    for vector in vectors() {
        let reader = vector.reader();
        for place in 0..vector.value().len() {
            let mut value = vector.value().to_vec();
            value[place] = match value[place] {
                b'z' => b'A',
                b'Z' => b'0',
                b'9' => b'-',
                b'-' => b'_',
                b'_' | b'=' => b'a',
                other => other + 1,
            };
            assert_eq!(
                refusal(&vector, &reader, &vector.cookie_name, &value),
                OpenErrorKind::Unauthentic,
                "{} at {place}",
                vector.case
            );
        }
    }
}

#[test]
fn what_is_cut_or_added_is_noticed() {
    let vector = &vectors()[0];
    let reader = vector.reader();
    for length in 0..vector.value().len() {
        assert_eq!(
            refusal(vector, &reader, "session", &vector.value()[..length]),
            OpenErrorKind::Unauthentic
        );
    }
    for added in [
        "=", "A", "AAAA", "\n", "\r\n", " ", "\0", "|", "\u{e9}", "%3D",
    ] {
        for value in [
            [vector.value(), added.as_bytes()].concat(),
            [added.as_bytes(), vector.value()].concat(),
            [
                &vector.value()[..20],
                added.as_bytes(),
                &vector.value()[20..],
            ]
            .concat(),
        ] {
            assert_eq!(
                refusal(vector, &reader, "session", &value),
                OpenErrorKind::Unauthentic,
                "{added:?}"
            );
        }
    }
}

#[test]
fn another_key_opens_nothing() {
    for vector in vectors().iter().chain(&values()) {
        let mut hash = vector.hash_key_hex.clone();
        hash.replace_range(0..1, if hash.starts_with('0') { "1" } else { "0" });
        let reader = Reader::new(keys(&hash, &vector.block_key_hex))
            .payload(vector.payload())
            .max_length(0);
        assert_eq!(
            refusal(vector, &reader, &vector.cookie_name, vector.value()),
            OpenErrorKind::Unauthentic,
            "{}",
            vector.case
        );
    }
}

#[test]
fn another_block_key_or_none_opens_nothing() {
    for vector in vectors().iter().chain(&values()) {
        if vector.block_key_hex.is_empty() {
            continue;
        }
        let mut block = vector.block_key_hex.clone();
        block.replace_range(0..1, "0");
        for block in ["", &block, &block[..32], &block.repeat(2)[..64]] {
            let reader = Reader::new(keys(&vector.hash_key_hex, block))
                .payload(vector.payload())
                .max_length(0);
            assert_eq!(
                refusal(vector, &reader, &vector.cookie_name, vector.value()),
                OpenErrorKind::Undecodable,
                "{}",
                vector.case
            );
        }
    }
}

#[test]
fn a_cookie_opens_to_the_last_second_of_its_age() {
    for vector in vectors() {
        if vector.kind() == "fs_id" {
            continue;
        }
        let written = vector.timestamp;
        let kind = |reader: &Reader, seconds: u64| {
            let now = Timestamp::from_seconds(seconds);
            let opened = reader.open(&vector.cookie_name, vector.value(), now);
            opened.map(drop).map_err(|error| error.kind())
        };
        let month = 30 * 24 * 3600;
        assert_eq!(kind(&vector.reader(), written + month), Ok(()));
        assert_eq!(
            kind(&vector.reader(), written + month + 1),
            Err(OpenErrorKind::Expired)
        );
        assert_eq!(kind(&vector.reader().max_age(None), u64::MAX), Ok(()));
        assert_eq!(kind(&vector.reader(), 0), Ok(()));

        let aged = vector.reader().min_age(Duration::from_secs(60));
        assert_eq!(kind(&aged, written + 60), Ok(()));
        assert_eq!(kind(&aged, written + 59), Err(OpenErrorKind::TooNew));
    }
}

#[test]
fn the_length_is_that_of_a_cookie_unless_said_otherwise() {
    let reader = || Reader::new(KeyPair::signed("k").unwrap()).payload(Payload::Json);
    let now = Timestamp::from_seconds(7);
    // The longest that fits, and one byte more.
    for (length, opens) in [(2277, true), (2278, false)] {
        let json = format!("{{\"a\":\"{}\"}}", "x".repeat(length - 8));
        let cookie = mint("k", "session", "7", json.as_bytes());
        assert_eq!(cookie.len() <= 4096, opens, "{}", cookie.len());
        assert_eq!(reader().open("session", &cookie, now).is_ok(), opens);
        assert!(reader().max_length(0).open("session", &cookie, now).is_ok());
        let short = reader().max_length(cookie.len() - 1);
        assert!(short.open("session", &cookie, now).is_err());
        let exact = reader().max_length(cookie.len());
        assert!(exact.open("session", &cookie, now).is_ok());
    }
}

#[test]
fn the_pair_that_made_it_opens_it_wherever_it_stands() {
    let others = ["old", "older", "oldest"].map(|key| KeyPair::signed(key).unwrap());
    for vector in values() {
        if vector.kind() != "small" {
            continue;
        }
        for place in 0..=others.len() {
            let mut pairs = others.to_vec();
            // The same hash key under another block key, too, as somebody has it who rotated only one.
            let other = KeyPair::encrypted(
                crate::vectors::bytes(&vector.hash_key_hex),
                "another block key of 32 bytes...",
            );
            pairs.insert(place, vector.keys());
            pairs.insert(0, other.unwrap());
            let mut pairs = pairs.into_iter();
            let first = Reader::new(pairs.next().unwrap());
            let reader = pairs.fold(first, Reader::key_pair);
            let opened = reader.open("session", vector.value(), vector.written());
            assert_eq!(shown(&opened.unwrap().values), vector.expect);
        }
    }
}

#[test]
fn every_failure_to_authenticate_is_one_answer() {
    let reader = Reader::new(KeyPair::signed("k").unwrap());
    let now = Timestamp::from_seconds(7);
    let good = mint("k", "session", "7", b"\x07\xff\x82\x00");
    for value in [
        b"".to_vec(),
        b"%".to_vec(),
        b"AAAA".to_vec(),
        mint("other", "session", "7", b"\x07\xff\x82\x00"),
        mint("k", "other", "7", b"\x07\xff\x82\x00"),
        good[1..].to_vec(),
        vec![b'A'; 5000],
    ] {
        let error = reader.open("session", &value, now).unwrap_err();
        assert_eq!(
            format!("{error:?}"),
            "OpenError { kind: Unauthentic, source: None }"
        );
    }
    let error = reader.open("session", &good, now).unwrap_err();
    assert_eq!(error.kind(), OpenErrorKind::Undecodable);
    assert!(error.source().unwrap().is::<DecodeError>());
}

#[test]
fn a_date_that_is_none_is_refused_though_it_is_signed() {
    let reader = Reader::new(KeyPair::signed("k").unwrap())
        .payload(Payload::Json)
        .max_age(None);
    let now = Timestamp::from_seconds(7);
    let open = |date: &str| reader.open("session", &mint("k", "session", date, b"{}"), now);
    for date in ["", "x", "1x", " 1", "0x1", "1.5", "9223372036854775808"] {
        assert_eq!(
            open(date).unwrap_err().kind(),
            OpenErrorKind::Unauthentic,
            "{date}"
        );
    }
    assert_eq!(open("-1").unwrap().timestamp, Timestamp::from_seconds(0));
    let end = i64::MAX;
    assert_eq!(
        open(&end.to_string()).unwrap().timestamp.as_seconds(),
        end as u64
    );
}
