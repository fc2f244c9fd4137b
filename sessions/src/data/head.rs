//! The heads of CBOR items: what kind, how long (RFC 8949, section 3).
//!
//! ```text
//! head = kind 3 bits · length 5 bits      a length below 24
//!      | kind 3 bits · 24..=27 5 bits · length 1, 2, 4 or 8 bytes, big-endian
//! ```

use super::DecodeError;

const UNSIGNED: u8 = 0;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;

/// Reads an unsigned number; gives what follows it.
#[inline]
pub(super) fn read_unsigned(bytes: &[u8]) -> Result<(u64, &[u8]), DecodeError> {
    read(UNSIGNED, bytes)
}

/// Reads the head of an array of known length; gives the number of its elements and what follows.
pub(super) fn read_array(bytes: &[u8]) -> Result<(u64, &[u8]), DecodeError> {
    read(ARRAY, bytes)
}

/// Reads the head of a map of known length; gives the number of its entries and what follows.
pub(super) fn read_map(bytes: &[u8]) -> Result<(u64, &[u8]), DecodeError> {
    read(MAP, bytes)
}

/// Reads a text of known length without looking at its characters; gives what follows.
#[inline]
pub(super) fn read_text(bytes: &[u8]) -> Result<(&[u8], &[u8]), DecodeError> {
    let (length, rest) = read(TEXT, bytes)?;
    let text = usize::try_from(length)
        .ok()
        .and_then(|length| rest.split_at_checked(length));
    // An error that is only made to be dropped costs more than the reading.
    match text {
        Some(text) => Ok(text),
        None => Err(DecodeError::malformed("a text longer than the data")),
    }
}

/// The characters of a text.
#[inline]
pub(super) fn utf8(text: &[u8]) -> Result<&str, DecodeError> {
    str::from_utf8(text).map_err(|_| DecodeError::malformed("a text that is not UTF-8"))
}

/// What follows a text, if the bytes begin with it, written as shortly as we do.
#[inline]
pub(super) fn strip_text<'a>(text: &str, bytes: &'a [u8]) -> Option<&'a [u8]> {
    let rest = match u8::try_from(text.len()).ok()? {
        length @ 0..24 => bytes.strip_prefix(&[TEXT << 5 | length])?,
        length => bytes.strip_prefix(&[TEXT << 5 | 24, length])?,
    };
    rest.strip_prefix(text.as_bytes())
}

pub(super) fn write_unsigned(number: u64, out: &mut Vec<u8>) {
    write(UNSIGNED, number, out);
}

pub(super) fn write_array(elements: usize, out: &mut Vec<u8>) {
    write(ARRAY, elements as u64, out);
}

pub(super) fn write_map(entries: usize, out: &mut Vec<u8>) {
    write(MAP, entries as u64, out);
}

#[inline]
pub(super) fn write_text(text: &str, out: &mut Vec<u8>) {
    write(TEXT, text.len() as u64, out);
    out.extend_from_slice(text.as_bytes());
}

/// Refuses another kind, and a length that is only told at the end: nothing here writes one.
#[inline]
fn read(kind: u8, bytes: &[u8]) -> Result<(u64, &[u8]), DecodeError> {
    let Some((first, rest)) = bytes.split_first() else {
        return Err(DecodeError::malformed("the data ends early"));
    };
    if first >> 5 != kind {
        return Err(DecodeError::malformed("an item of another kind"));
    }
    let length = match first & 0x1f {
        length @ 0..=23 => Some((u64::from(length), rest)),
        24 => rest
            .split_first_chunk::<1>()
            .map(|(bytes, rest)| (u8::from_be_bytes(*bytes).into(), rest)),
        25 => rest
            .split_first_chunk::<2>()
            .map(|(bytes, rest)| (u16::from_be_bytes(*bytes).into(), rest)),
        26 => rest
            .split_first_chunk::<4>()
            .map(|(bytes, rest)| (u32::from_be_bytes(*bytes).into(), rest)),
        27 => rest
            .split_first_chunk::<8>()
            .map(|(bytes, rest)| (u64::from_be_bytes(*bytes), rest)),
        _ => None,
    };
    match length {
        Some(length) => Ok(length),
        None => Err(DecodeError::malformed("an item without a length")),
    }
}

/// Always in the shortest form.
#[inline]
fn write(kind: u8, length: u64, out: &mut Vec<u8>) {
    let kind = kind << 5;
    if let Ok(length) = u8::try_from(length) {
        if length < 24 {
            out.push(kind | length);
        } else {
            out.extend_from_slice(&[kind | 24, length]);
        }
    } else if let Ok(length) = u16::try_from(length) {
        let [a, b] = length.to_be_bytes();
        out.extend_from_slice(&[kind | 25, a, b]);
    } else if let Ok(length) = u32::try_from(length) {
        out.push(kind | 26);
        out.extend_from_slice(&length.to_be_bytes());
    } else {
        out.push(kind | 27);
        out.extend_from_slice(&length.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_what_the_library_writes_and_reads() {
        for number in [
            0,
            1,
            23,
            24,
            255,
            256,
            65_535,
            65_536,
            u64::from(u32::MAX),
            1 << 32,
            u64::MAX,
        ] {
            let mut bytes = Vec::new();
            write_unsigned(number, &mut bytes);
            assert_eq!(bytes, serde_cbor::to_vec(&number).unwrap());
            assert_eq!(read_unsigned(&bytes).unwrap(), (number, &[][..]));
        }
        for length in [0, 23, 24, 300, 70_000] {
            let text = "é".repeat(length);
            let mut bytes = Vec::new();
            write_text(&text, &mut bytes);
            assert_eq!(bytes, serde_cbor::to_vec(&text).unwrap());
            assert_eq!(read_text(&bytes).unwrap().0, text.as_bytes());
        }
    }

    #[test]
    fn a_text_is_stripped_where_it_stands_and_nowhere_else() {
        assert_eq!(strip_text("ab", b"\x62abc"), Some(&b"c"[..]));
        assert_eq!(strip_text("", b"\x60c"), Some(&b"c"[..]));
        for bytes in [
            &b""[..],
            b"\x62",
            b"\x62ax",
            b"\x63abc",
            b"\x42ab",
            b"\x78\x02ab",
        ] {
            assert_eq!(strip_text("ab", bytes), None);
        }
        for (length, is_stripped) in [(23, true), (24, true), (255, true), (256, false)] {
            let text = "a".repeat(length);
            let mut bytes = Vec::new();
            write_text(&text, &mut bytes);
            bytes.push(7);
            assert_eq!(strip_text(&text, &bytes), is_stripped.then_some(&[7][..]));
            assert_eq!(strip_text(&text, &bytes[..length]), None);
        }
    }

    #[test]
    fn what_is_no_head_is_refused() {
        for bytes in [
            &[][..],
            &[0x78],
            &[0x79, 1],
            &[0x7f, 0x61, b'a', 0xff],
            &[0x7c],
            &[0x41, b'a'],
            &[0x62, b'a'],
        ] {
            assert!(read_text(bytes).is_err(), "{bytes:?}");
        }
        assert!(read_text(&[0x7b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]).is_err());
        assert!(read_map(&[0xbf, 0xff]).is_err());
    }
}
