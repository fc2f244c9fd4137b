use std::cmp::Ordering;

use super::{
    DecodeError, EncodeError, FieldWriter, Fields, Schema, Unknown, error::DecodeErrorKind, head,
};

/// A type's data as it was read.
pub(crate) struct Decoded<T> {
    pub(crate) data: T,
    pub(crate) unknown: Unknown,
    /// Whether [`encode`] would write the very same bytes, unordered fields aside.
    pub(crate) exact: bool,
}

/// Appends the payload of `data` to `out`.
pub(crate) fn encode<T: Schema>(
    data: &T,
    unknown: &Unknown,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    head::write_unsigned(T::VERSION.into(), out);
    head::write_map(data.field_count() + unknown.len(), out);
    data.encode_fields(&mut FieldWriter::new(out))?;
    unknown.write(out);
    Ok(())
}

/// Reads a payload as `T`, through the chain of its `previous` types where the version is older.
pub(crate) fn decode<T: Schema>(payload: &[u8]) -> Result<Decoded<T>, DecodeError> {
    let (version, fields) = head::read_unsigned(payload)?;
    Stored { version, fields }.read()
}

/// The fields of stored data and the version they were written by.
#[derive(Debug)]
pub struct Stored<'a> {
    version: u64,
    fields: &'a [u8],
}

impl Stored<'_> {
    /// Reads the fields as `P`, or as whatever came before it.
    ///
    /// # Errors
    ///
    /// A version that is newer than `P` or that nothing in the chain reads; bytes that are not those of the type.
    pub fn decode<P: Schema>(&self) -> Result<P, DecodeError> {
        // The unknown fields of an older version mean nothing to a newer one: its conversion decides what goes on.
        self.read().map(|decoded| decoded.data)
    }

    pub(super) fn unknown_version(&self) -> DecodeError {
        DecodeErrorKind::UnknownVersion.into()
    }

    fn read<T: Schema>(&self) -> Result<Decoded<T>, DecodeError> {
        let mut unknown = Unknown::default();
        match self.version.cmp(&T::VERSION.into()) {
            Ordering::Greater => Err(DecodeErrorKind::NewerVersion.into()),
            Ordering::Less => {
                let data = T::from_previous(self)?;
                Ok(Decoded {
                    data,
                    unknown,
                    exact: false,
                })
            }
            Ordering::Equal => {
                let mut fields = Fields::new(self.fields, T::KEYS, &mut unknown)?;
                let data = T::decode_fields(&mut fields)?;
                let exact = fields.finish()?;
                Ok(Decoded {
                    data,
                    unknown,
                    exact,
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashMap};

    use proptest::prelude::*;
    use serde::{Deserialize, Serialize};
    use sessions_derive::SessionData;

    use crate::clock::{Clock, Timestamp};

    use super::*;

    #[derive(Serialize, Deserialize, Debug, PartialEq, Clone)]
    enum Shape {
        Dot,
        Circle(f64),
        Line(i8, i8),
        Text { at: (u8, u8), text: String },
    }

    /// Every kind of CBOR that Rust types are written as.
    #[derive(SessionData, Debug, PartialEq, Clone)]
    #[session(crate = crate, name = "kinds", version = 300)]
    struct Kinds {
        unsigned: Vec<u64>,
        signed: Vec<i64>,
        half: f64,
        single: f32,
        double: f64,
        flags: (bool, bool),
        nothing: Option<u8>,
        something: Option<u8>,
        letter: char,
        text: String,
        bytes: Vec<u8>,
        digest: [u8; 4],
        shapes: Vec<Shape>,
        by_text: BTreeMap<String, i8>,
        by_number: BTreeMap<u32, bool>,
        by_signed: BTreeMap<i64, bool>,
        #[session(key = "s")]
        short: u8,
        #[session(skip)]
        skipped: u8,
        #[session(flash)]
        flashes: Vec<String>,
    }

    fn kinds() -> Kinds {
        Kinds {
            unsigned: vec![0, 23, 24, 255, 256, 65_535, 65_536, 1 << 32, u64::MAX],
            signed: vec![-1, -24, -25, -256, -257, i64::MIN],
            half: 1.5,
            single: 100_000.0,
            double: 1.1,
            flags: (false, true),
            nothing: None,
            something: Some(7),
            letter: '\u{fc}',
            text: "\u{6c34}\u{1f3e0}".to_owned(),
            bytes: vec![0, 255],
            digest: [1, 2, 3, 4],
            shapes: vec![
                Shape::Dot,
                Shape::Circle(0.5),
                Shape::Line(1, -1),
                Shape::Text {
                    at: (0, 24),
                    text: "a".to_owned(),
                },
            ],
            by_text: [("b".to_owned(), 1), ("a".to_owned(), -1)].into(),
            by_number: [(7, true), (1_000_000, false)].into(),
            by_signed: [(-7, true), (27, false)].into(),
            short: 9,
            skipped: 0,
            flashes: vec!["once".to_owned()],
        }
    }

    fn encoded<T: Schema>(data: &T, unknown: &Unknown) -> Vec<u8> {
        let mut payload = Vec::new();
        encode(data, unknown, &mut payload).unwrap();
        payload
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    // Read by hand against RFC 8949, appendix A and section 3. A change here is another format.
    #[test]
    fn the_payload_s_bytes_are_frozen() {
        let expected = concat!(
            "19012c",
            "b2",
            "68756e7369676e6564",
            "8900171818",
            "18ff19010019ffff1a000100001b00000001000000001bffffffffffffffff",
            "667369676e6564",
            "862037381838ff3901003b7fffffffffffffff",
            "6468616c66",
            "f93e00",
            "6673696e676c65",
            "fa47c35000",
            "66646f75626c65",
            "fb3ff199999999999a",
            "65666c616773",
            "82f4f5",
            "676e6f7468696e67",
            "f6",
            "69736f6d657468696e67",
            "07",
            "666c6574746572",
            "62c3bc",
            "6474657874",
            "67e6b0b4f09f8fa0",
            "656279746573",
            "4200ff",
            "66646967657374",
            "4401020304",
            "66736861706573",
            "84",
            "63446f74",
            "a166436972636c65f93800",
            "a1644c696e65820120",
            "a16454657874a2626174820018186474657874",
            "6161",
            "6762795f74657874",
            "a2616120616201",
            "6962795f6e756d626572",
            "a207f51a000f4240f4",
            "6962795f7369676e6564",
            "a226f5181bf4",
            "6173",
            "09",
            "67666c6173686573",
            "81646f6e6365",
        );
        assert_eq!(hex(&encoded(&kinds(), &Unknown::default())), expected);

        let decoded = decode::<Kinds>(&encoded(&kinds(), &Unknown::default())).unwrap();
        assert_eq!(decoded.data, kinds());
        assert!(decoded.exact);
        assert_eq!(decoded.unknown.len(), 0);
    }

    #[derive(SessionData, Debug, PartialEq, Default)]
    #[session(crate = crate, name = "small")]
    struct Small {
        a: u8,
        b: Vec<u64>,
        c: HashMap<String, Vec<String>>,
    }

    /// A payload of version 1 from hexadecimal fields, blanks aside.
    fn payload(fields: &str) -> Vec<u8> {
        let digits: Vec<u32> = fields
            .chars()
            .filter(|digit| !digit.is_whitespace())
            .map(|digit| digit.to_digit(16).unwrap())
            .collect();
        let mut payload = vec![1];
        payload.extend(digits.chunks(2).map(|pair| (pair[0] * 16 + pair[1]) as u8));
        payload
    }

    /// Fields that are read and written without the library.
    #[derive(SessionData, Serialize, Deserialize, Debug, PartialEq, Clone, Default)]
    #[session(crate = crate, name = "plain")]
    struct Plain {
        text: String,
        number: u64,
    }

    proptest! {
        #[test]
        fn texts_and_numbers_are_what_the_library_makes_of_them(text in any::<String>(), repeat in 0..9_usize, bits in 0..65_u32) {
            let plain = Plain {
                text: text.repeat(1 << repeat),
                number: u64::MAX.checked_shr(bits).unwrap_or(0),
            };
            let payload = encoded(&plain, &Unknown::default());
            let fields = serde_cbor::to_vec(&plain).unwrap();
            assert_eq!(payload, [&[1], fields.as_slice()].concat());
            let decoded = decode::<Plain>(&payload).unwrap();
            assert_eq!(decoded.data, plain);
            assert!(decoded.exact);
        }
    }

    #[test]
    fn a_text_or_a_number_that_is_none_is_refused() {
        let text = |value: &str| payload(&format!("a1 6474657874 {value}"));
        let number = |value: &str| payload(&format!("a1 666e756d626572 {value}"));
        assert_eq!(decode::<Plain>(&text("6161")).unwrap().data.text, "a");
        // Not UTF-8, longer than the data, ended by a mark, a number, bytes, null, nothing.
        for value in [
            "61ff",
            "62c3",
            "6261",
            "7bffffffffffffffff61",
            "7f6161ff",
            "01",
            "4161",
            "f6",
            "",
        ] {
            assert!(decode::<Plain>(&text(value)).is_err(), "{value}");
        }
        assert_eq!(
            decode::<Plain>(&number("1bffffffffffffffff"))
                .unwrap()
                .data
                .number,
            u64::MAX
        );
        // Negative, larger than any, cut, fractional, a text, without a length.
        for value in [
            "20",
            "c249010000000000000000",
            "19ff",
            "f93c00",
            "6131",
            "1f",
            "",
        ] {
            assert!(decode::<Plain>(&number(value)).is_err(), "{value}");
        }
    }

    #[test]
    fn fields_may_come_in_any_order_and_unknown_ones_are_written_back() {
        // z: {[1]: {2: h'ff'}, -1: 1.5}, b: [5], y: -2^64, a: 7
        let received =
            payload("a4 617a a2 8101a10241ff 20f93e00 6162 8105 6179 3bffffffffffffffff 6161 07");
        let decoded = decode::<Small>(&received).unwrap();
        assert_eq!((decoded.data.a, decoded.data.b.as_slice()), (7, &[5][..]));
        assert!(!decoded.exact);
        assert_eq!(
            hex(&encoded(&decoded.data, &decoded.unknown)),
            "01a5616107616281056163a061793bffffffffffffffff617aa28101a10241ff20f93e00"
        );
    }

    #[test]
    fn payloads_that_nobody_of_ours_wrote_are_refused() {
        let malformed = [
            ("no fields", ""),
            ("an array of values", "83 07 80 a0"),
            ("a number", "07"),
            ("null", "f6"),
            ("break", "ff"),
            ("keys of bytes", "a1 4161 07"),
            ("keys that are positions", "a1 00 07"),
            ("keys that are arrays", "a1 80 07"),
            ("a key that is not UTF-8", "a1 61ff 07"),
            ("a text that is not UTF-8", "a1 6163 a1 61ff 80"),
            ("an unknown text that is not UTF-8", "a1 617a 62c328"),
            ("a known field twice", "a2 6161 07 6161 07"),
            ("an unknown field twice", "a2 617a 07 617a 07"),
            ("a byte behind the end", "a1 6161 07 00"),
            ("less than announced", "a2 6161 07"),
            ("more than announced", "a0 6161 07"),
            ("a number that does not fit", "a1 6161 190100"),
            ("a negative number", "a1 6161 20"),
            ("a text for a number", "a1 6161 6137"),
            ("2^62 entries", "bb4000000000000000 6161 07"),
            ("2^64 - 1 entries", "bbffffffffffffffff 6161 07"),
            ("an array of 2^62", "a1 6162 9b4000000000000000 00"),
            ("a map of 2^62", "a1 6163 bb4000000000000000 6161 80"),
            ("a text of 2^62", "a1 7b4000000000000000 61"),
            ("an unknown array of 2^62", "a1 617a 9b4000000000000000 00"),
            ("an unknown map of 2^62", "a1 617a bb4000000000000000 00 00"),
            ("unknown bytes of 2^62", "a1 617a 5b4000000000000000 00"),
            ("unknown bytes of 2^64 - 1", "a1 617a 5bffffffffffffffff 00"),
            ("an unknown text of 2^31", "a1 617a 7a80000000 61"),
            ("endless fields", "bf 6161 07"),
            ("endless elements", "a1 6162 9f 00 00"),
            ("endless bytes", "a1 617a 5f 4100"),
            ("endless text", "a1 617a 7f 6161"),
            ("reserved bits", "a1 617a 1c"),
            ("a break among the fields", "a1 ff ff"),
        ];
        for (what, fields) in malformed {
            let kind = decode::<Small>(&payload(fields))
                .err()
                .map(|error| error.kind());
            assert_eq!(kind, Some(DecodeErrorKind::Malformed), "{what}");
        }
    }

    #[test]
    fn versions_that_are_none_are_refused() {
        for (version, expected) in [
            (&[][..], DecodeErrorKind::Malformed),
            (b"\x20", DecodeErrorKind::Malformed),
            (b"\x61\x31", DecodeErrorKind::Malformed),
            (
                b"\x1b\x00\x00\x00\x01\x00\x00\x00\x01",
                DecodeErrorKind::NewerVersion,
            ),
            (
                b"\x1b\xff\xff\xff\xff\xff\xff\xff\xff",
                DecodeErrorKind::NewerVersion,
            ),
            (b"\x1a\xff\xff\xff\xff", DecodeErrorKind::NewerVersion),
            (b"\x02", DecodeErrorKind::NewerVersion),
            (b"\x00", DecodeErrorKind::UnknownVersion),
        ] {
            let payload = [version, b"\xa0"].concat();
            let kind = decode::<Small>(&payload).err().map(|error| error.kind());
            assert_eq!(kind, Some(expected), "{version:?}");
        }
    }

    #[test]
    fn depth_ends_in_an_error_and_not_in_the_stack() {
        for opening in [
            &b"\x81"[..],
            b"\x9f",
            b"\xa1\x00",
            b"\xbf\x00",
            b"\xa1",
            b"\xc0",
            b"\xd9\xd9\xf7",
        ] {
            for known in ["a1 617a", "a1 6163 a1 6161"] {
                let mut nested = payload(known);
                nested.extend(opening.repeat(10_000));
                nested.push(0);
                assert!(decode::<Small>(&nested).is_err(), "{opening:?}");
            }
        }
    }

    /// A map's head for so many entries.
    fn map_of(entries: u32) -> Vec<u8> {
        [&[1, 0xba][..], &entries.to_be_bytes()].concat()
    }

    /// Asks the clock whether work that takes a fraction of a second took seconds, as anything of quadratic time would.
    fn in_bounded_time(work: impl FnOnce()) {
        let clock = Clock::system();
        let before: Timestamp = clock.now();
        work();
        let seconds = clock.now().seconds_since(before);
        assert!(seconds < 10, "{seconds} seconds");
    }

    #[test]
    fn a_mebibyte_of_unknown_fields_is_read_in_bounded_time() {
        let mut fields = map_of(131_072);
        for number in 0..131_072_u32 {
            fields.push(0x66);
            fields.extend(format!("{number:06x}").bytes());
            fields.push(0);
        }
        assert!(fields.len() >= 1 << 20);
        in_bounded_time(|| {
            let decoded = decode::<Small>(&fields).unwrap();
            assert_eq!(decoded.unknown.len(), 131_072);
            assert_eq!(
                encoded(&decoded.data, &decoded.unknown).len(),
                fields.len() + 9
            );
        });
    }

    #[test]
    fn a_mebibyte_of_maps_with_costly_keys_is_read_and_compared_in_bounded_time() {
        // {"z": {[[0, 0, ..]]: 0, [0]: 0, [1]: 0, ..}}: to sort these, the first key would be written once for each of the others.
        let (elements, keys) = (524_288_u32, 104_857_u32);
        let mut fields = payload("a1 617a");
        fields.push(0xba);
        fields.extend((keys + 1).to_be_bytes());
        fields.extend(b"\x81\x9a");
        fields.extend(elements.to_be_bytes());
        fields.extend(vec![0; elements as usize]);
        fields.push(0);
        for number in 0..keys {
            fields.extend(b"\x81\x1a");
            fields.extend(number.to_be_bytes());
            fields.push(0);
        }
        assert!(fields.len() >= 1 << 20);
        in_bounded_time(|| {
            assert_eq!(decode::<Small>(&fields).unwrap().unknown.len(), 1);
        });
    }

    /// Bytes that look like CBOR more often than chance has it.
    fn cbor_like() -> impl Strategy<Value = Vec<u8>> {
        let head = prop_oneof![
            3 => any::<u8>(),
            1 => prop::sample::select(vec![0x61_u8, 0x62, 0x80, 0x81, 0x9f, 0xa0, 0xa1, 0xa2, 0xbf, 0xff, 0x5b, 0x7b, 0x9b, 0xbb]),
        ];
        prop::collection::vec(head, 0..200)
    }

    /// What decodes at all is written in a form that decodes to the same.
    fn check<T: Schema>(payload: &[u8]) -> Result<(), TestCaseError> {
        if let Ok(decoded) = decode::<T>(payload) {
            let written = encoded(&decoded.data, &decoded.unknown);
            let again = decode::<T>(&written);
            prop_assert!(again.is_ok());
            if let Ok(again) = again {
                let rewritten = encoded(&again.data, &again.unknown);
                // A `HashMap` is written in any order, and in as many bytes.
                prop_assert_eq!(written.len(), rewritten.len());
                prop_assert!(!T::ORDERED || written == rewritten);
            }
        }
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn arbitrary_bytes_never_panic(mut bytes in cbor_like(), begin in 0_u8..4) {
            check::<Small>(&bytes)?;
            // Past the door: of the right version, and a map.
            let mut inside = match begin {
                0 => vec![1, 0xa2],
                1 => vec![1, 0xa1, 0x61, b'c'],
                2 => vec![1, 0xa1, 0x61, b'z'],
                _ => vec![0x19, 1, 0x2c, 0xa3],
            };
            inside.append(&mut bytes);
            check::<Small>(&inside)?;
            check::<Kinds>(&inside)?;
        }

        #[test]
        fn mutated_data_never_panics(edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0_u8..4), 1..6)) {
            let mut payload = encoded(&kinds(), &Unknown::default());
            for (place, byte, edit) in edits {
                let place = place.index(payload.len());
                match edit {
                    0 => payload[place] = byte,
                    1 => payload.insert(place, byte),
                    2 if payload.len() > 1 => drop(payload.remove(place)),
                    _ => payload.truncate(place.max(1)),
                }
            }
            check::<Kinds>(&payload)?;
            payload.splice(..3.min(payload.len()), [1]);
            check::<Small>(&payload)?;
        }
    }
}
