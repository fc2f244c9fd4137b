use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::crypto::{
    error::{OpenError, SealError},
    header::Header,
    key::Key,
    subkey::{Purpose, Subkey},
};

/// Signs and verifies for one session name under one key: proves the payload's origin, hides nothing.
///
/// ```text
/// 0           1          5                          n - 32                         n
/// +-----------+----------+--------------------------+------------------------------+
/// | version 1 | key id 4 | payload                  | HMAC-SHA-256 32              |
/// +-----------+----------+--------------------------+------------------------------+
/// |<-- what is signed ------------------------------>|
/// ```
pub(super) struct SignKey {
    // Keyed once: a message starts from a copy with both blocks of padding already hashed.
    mac: Hmac<Sha256>,
}

impl SignKey {
    pub(super) const PREFIX_LENGTH: usize = Header::LENGTH;
    pub(super) const SUFFIX_LENGTH: usize = TAG_LENGTH;

    pub(super) fn new(key: &Key, name: &str) -> Self {
        let subkey = Subkey::derive(key, Purpose::Sign, name);
        #[expect(
            clippy::expect_used,
            reason = "HMAC takes a key of any length (RFC 2104, section 2)"
        )]
        let mac = Hmac::new_from_slice(subkey.as_bytes()).expect("HMAC takes any key");
        Self { mac }
    }

    /// Fills the reserved prefix and appends the signature.
    pub(super) fn sign(&self, header: Header, message: &mut Vec<u8>) -> Result<(), SealError> {
        let Some(prefix) = message.first_chunk_mut::<{ Self::PREFIX_LENGTH }>() else {
            return Err(SealError);
        };
        *prefix = header.to_bytes();
        let tag = self.mac.clone().chain_update(&*message).finalize();
        message.extend_from_slice(tag.as_bytes());
        Ok(())
    }

    /// Verifies the signature, comparing in constant time.
    pub(super) fn verify(&self, message: &[u8]) -> Result<(), OpenError> {
        let Some((signed, tag)) = message.split_last_chunk::<TAG_LENGTH>() else {
            return Err(OpenError::Malformed);
        };
        if signed.len() < Self::PREFIX_LENGTH {
            return Err(OpenError::Malformed);
        }
        self.mac
            .clone()
            .chain_update(signed)
            .verify(tag.into())
            .map_err(|_| OpenError::Unauthentic)
    }
}

impl fmt::Debug for SignKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignKey(..)")
    }
}

const TAG_LENGTH: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 4231, sections 4.2 to 4.8, without the truncated one.
    #[test]
    fn the_signature_is_that_of_rfc_4231() {
        let counting: Vec<u8> = (1..=25).collect();
        for (key, data, expected) in [
            (
                &[0x0b; 20][..],
                &b"Hi There"[..],
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
            ),
            (
                b"Jefe",
                b"what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                &[0xaa; 20],
                &[0xdd; 50],
                "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
            ),
            (
                &counting,
                &[0xcd; 50],
                "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
            ),
            (
                &[0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
            (
                &[0xaa; 131],
                b"This is a test using a larger than block-size key and a larger than \
                  block-size data. The key needs to be hashed before being used by the HMAC \
                  algorithm.",
                "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
            ),
        ] {
            let mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
            let tag = mac.chain_update(data).finalize();
            assert_eq!(hex(tag.as_bytes()), expected);
        }
    }

    // Computed by another implementation of HKDF and HMAC; a change here is another format.
    #[test]
    fn the_signed_bytes_are_frozen() {
        let key = Key::of_seed(1);
        let header = Header { key_id: key.id() };
        let sign = SignKey::new(&key, "cart");

        let mut message = vec![0xaa; SignKey::PREFIX_LENGTH];
        message.extend_from_slice(b"two apples");
        sign.sign(header, &mut message).unwrap();
        assert_eq!(
            hex(&message),
            "013a9c9e2d\
             74776f206170706c6573\
             f9452ad543ad160871f1bd0070af44d8e39edfa9992295d749b976437b56c81b"
        );
        sign.verify(&message).unwrap();
    }

    #[test]
    fn debug_shows_no_secret() {
        let sign = SignKey::new(&Key::of_seed(1), "cart");
        assert_eq!(format!("{sign:?}"), "SignKey(..)");
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
