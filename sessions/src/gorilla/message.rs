use aes::{Aes128, Aes192, Aes256};
use base64::{Engine as _, engine::general_purpose::URL_SAFE};
use ctr::{
    Ctr128BE,
    cipher::{KeyIvInit, StreamCipher as _},
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::KeyPair;

/// What a cookie or a file of gorilla's holds, before any key was tried.
///
/// ```text
/// base64url( date "|" payload "|" MAC 32 )                padded
///     date     decimal seconds since the Unix epoch
///     payload  base64url( serialized values )             padded; of a pair that signs
///              base64url( IV 16 · AES-CTR( … ) )          of a pair that encrypts, too
///     MAC      HMAC-SHA-256( name "|" date "|" payload )
/// ```
///
/// The MAC may contain a bar; date and payload cannot.
pub(super) struct Message {
    decoded: Vec<u8>,
    date_length: usize,
    payload_length: usize,
}

/// What a pair of keys made of it.
pub(super) struct Authentic {
    /// Seconds since the Unix epoch; before it in a cookie of no honest clock.
    pub(super) seconds: i64,
    /// Serialized values, if the pair is the one they were encrypted with.
    pub(super) payload: Vec<u8>,
}

impl Message {
    /// Splits it, if it has the form of one. What gorilla's decoder overlooks is refused, so that each message has one text: line breaks,
    /// and set bits behind the last byte.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let decoded = URL_SAFE.decode(text).ok()?;
        let mut parts = decoded.splitn(3, |byte| *byte == b'|');
        let date_length = parts.next()?.len();
        let payload_length = parts.next()?.len();
        parts.next()?;
        Some(Self {
            decoded,
            date_length,
            payload_length,
        })
    }

    /// Verifies and decrypts it; `None` if it is not of this pair and this name.
    pub(super) fn open(&self, pair: &KeyPair, name: &str) -> Option<Authentic> {
        let (signed, mac) = self.decoded.split_at_checked(self.signed_length())?;
        // Compared in constant time.
        Hmac::<Sha256>::new_from_slice(pair.hash_key())
            .ok()?
            .chain_update(name)
            .chain_update("|")
            .chain_update(signed)
            .verify_slice(mac.strip_prefix(b"|")?)
            .ok()?;

        // From here on it is what somebody with the key wrote.
        let (date, rest) = signed.split_at_checked(self.date_length)?;
        let seconds = std::str::from_utf8(date).ok()?.parse().ok()?;
        let payload = URL_SAFE.decode(rest.strip_prefix(b"|")?).ok()?;
        let payload = match pair.block_key() {
            None => payload,
            Some(key) => decrypt(key, &payload)?,
        };
        Some(Authentic { seconds, payload })
    }

    fn signed_length(&self) -> usize {
        self.date_length + 1 + self.payload_length
    }
}

/// A counter of 128 bits, highest byte first, that begins at the initialization vector (NIST SP 800-38A, section 6.5).
fn decrypt(key: &[u8], message: &[u8]) -> Option<Vec<u8>> {
    let (iv, encrypted) = message.split_first_chunk::<16>()?;
    let mut plain = encrypted.to_vec();
    match key.len() {
        16 => Ctr128BE::<Aes128>::new_from_slices(key, iv)
            .ok()?
            .apply_keystream(&mut plain),
        24 => Ctr128BE::<Aes192>::new_from_slices(key, iv)
            .ok()?
            .apply_keystream(&mut plain),
        32 => Ctr128BE::<Aes256>::new_from_slices(key, iv)
            .ok()?
            .apply_keystream(&mut plain),
        _ => return None,
    }
    Some(plain)
}
