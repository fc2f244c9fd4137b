use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use rand::Rng as _;
use sha2::Sha256;
use xaes_256_gcm::{Nonce, Tag, Xaes256Gcm, aead::AeadInOut as _};
use zeroize::Zeroizing;

use crate::crypto::{
    error::{OpenError, SealError},
    key::Key,
    subkey::{Purpose, Subkey},
};

/// Seals what is kept in a store, for one session name under one key.
///
/// ```text
/// record key = HMAC-SHA-256( subkey "at rest", token 32 )
/// message    = nonce 24 · ciphertext · tag 16         XAES-256-GCM under the record key
/// index      = HMAC-SHA-256( subkey "index", principal )
/// ```
///
/// A store sees neither the key nor a token, so that whoever steals it can open nothing; and whoever steals the key alone can open nothing
/// either. The associated data binds a message to its place: it cannot be moved to another.
pub(crate) struct AtRest {
    seal: Subkey,
    index: Subkey,
}

impl AtRest {
    /// How much longer a sealed message is: the nonce before it, the tag behind it.
    pub(crate) const PREFIX_LENGTH: usize = 24;
    pub(crate) const SUFFIX_LENGTH: usize = 16;

    pub(crate) fn new(key: &Key, name: &str) -> Self {
        Self {
            seal: Subkey::derive(key, Purpose::AtRest, name),
            index: Subkey::derive(key, Purpose::Index, name),
        }
    }

    /// Seals what follows the first [`PREFIX_LENGTH`](Self::PREFIX_LENGTH) bytes from `start` on, and appends the tag.
    pub(crate) fn seal(
        &self,
        token: &[u8; 32],
        associated_data: &[u8],
        message: &mut Vec<u8>,
        start: usize,
    ) -> Result<(), SealError> {
        let rest = message.get_mut(start..).ok_or(SealError)?;
        let (nonce, content) = rest
            .split_first_chunk_mut::<{ Self::PREFIX_LENGTH }>()
            .ok_or(SealError)?;
        rand::rng().fill_bytes(nonce);
        let tag = self
            .cipher(token)
            .encrypt_inout_detached((&*nonce).into(), associated_data, content.into())
            .map_err(|_| SealError)?;
        message.extend_from_slice(&tag);
        Ok(())
    }

    /// Opens where it stands what was sealed; the content lies between prefix and suffix.
    pub(crate) fn open(
        &self,
        token: &[u8; 32],
        associated_data: &[u8],
        message: &mut [u8],
    ) -> Result<(), OpenError> {
        let (nonce, rest) = message
            .split_first_chunk_mut::<{ Self::PREFIX_LENGTH }>()
            .ok_or(OpenError::Malformed)?;
        let (content, tag) = rest
            .split_last_chunk_mut::<{ Self::SUFFIX_LENGTH }>()
            .ok_or(OpenError::Malformed)?;
        let nonce: &Nonce = (&*nonce).into();
        let tag: &Tag = (&*tag).into();
        self.cipher(token)
            .decrypt_inout_detached(nonce, associated_data, content.into(), tag)
            .map_err(|_| OpenError::Unauthentic)
    }

    /// The name of a principal in the store's index: the same for the same principal, and nothing to be read from it.
    pub(crate) fn index(&self, principal: &[u8]) -> [u8; 32] {
        mac(&self.index, principal)
    }

    fn cipher(&self, token: &[u8; 32]) -> Xaes256Gcm {
        let key = Zeroizing::new(mac(&self.seal, token));
        Xaes256Gcm::new((&*key).into())
    }
}

fn mac(subkey: &Subkey, message: &[u8]) -> [u8; 32] {
    #[expect(clippy::expect_used, reason = "an HMAC takes a key of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(subkey.as_bytes()).expect("an HMAC takes any key");
    mac.update(message);
    mac.finalize().into_bytes().into()
}

impl fmt::Debug for AtRest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AtRest(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(at_rest: &AtRest, token: u8, place: &[u8]) -> Vec<u8> {
        let mut message = vec![0; AtRest::PREFIX_LENGTH];
        message.extend_from_slice(b"what is kept");
        at_rest.seal(&[token; 32], place, &mut message, 0).unwrap();
        message
    }

    #[test]
    fn only_the_same_key_name_token_and_place_open_it() {
        let key = Key::of_seed(1);
        let at_rest = AtRest::new(&key, "cart");
        let message = sealed(&at_rest, 7, b"here");
        let open = |at_rest: &AtRest, token: u8, place: &[u8]| {
            let mut message = message.clone();
            at_rest.open(&[token; 32], place, &mut message)?;
            Ok(message[24..36].to_vec())
        };
        assert_eq!(open(&at_rest, 7, b"here"), Ok(b"what is kept".to_vec()));
        let others = [
            (&AtRest::new(&Key::of_seed(2), "cart"), 7, &b"here"[..]),
            (&AtRest::new(&key, "login"), 7, b"here"),
            (&at_rest, 8, b"here"),
            (&at_rest, 7, b"there"),
        ];
        for (at_rest, token, place) in others {
            assert_eq!(open(at_rest, token, place), Err(OpenError::Unauthentic));
        }
    }

    #[test]
    fn one_bit_flipped_anywhere_is_not_authentic_and_too_little_is_malformed() {
        let at_rest = AtRest::new(&Key::of_seed(1), "cart");
        let message = sealed(&at_rest, 7, b"here");
        for bit in 0..message.len() * 8 {
            let mut message = message.clone();
            message[bit / 8] ^= 1 << (bit % 8);
            let opened = at_rest.open(&[7; 32], b"here", &mut message);
            assert_eq!(opened, Err(OpenError::Unauthentic), "bit {bit}");
        }
        for len in 0..AtRest::PREFIX_LENGTH + AtRest::SUFFIX_LENGTH {
            let opened = at_rest.open(&[7; 32], b"here", &mut message[..len].to_vec());
            assert_eq!(opened, Err(OpenError::Malformed), "{len} bytes");
        }
    }

    #[test]
    fn a_principal_has_one_name_in_the_index_of_a_key_and_a_session_name() {
        let key = Key::of_seed(1);
        let cart = AtRest::new(&key, "cart");
        assert_eq!(cart.index(b"ada"), AtRest::new(&key, "cart").index(b"ada"));
        assert_ne!(cart.index(b"ada"), cart.index(b"bob"));
        assert_ne!(cart.index(b"ada"), AtRest::new(&key, "login").index(b"ada"));
    }
}
