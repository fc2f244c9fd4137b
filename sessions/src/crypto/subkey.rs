use std::fmt;

use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::{Zeroize as _, ZeroizeOnDrop};

use crate::crypto::{header::VERSION, key::Key};

/// Holds what is derived from a [`Key`] for one purpose and one session name.
///
/// Two names, or two purposes, never share a subkey: what was sealed for one will not open for the
/// other, and nothing learned of one subkey tells of another or of the key.
pub(super) struct Subkey {
    bytes: Box<[u8; Self::LENGTH]>,
}

impl Subkey {
    const LENGTH: usize = 32;

    /// Derives the subkey by HKDF-SHA-256 ([RFC 5869]), without salt, from the following info.
    ///
    /// ```text
    /// +--------+------------+---------+--------+---------+--------+------+
    /// | length | "sessions" | version | length | purpose | length | name |
    /// +--------+------------+---------+--------+---------+--------+------+
    ///     8          8           1        8        n         8       n      bytes
    /// ```
    ///
    /// Lengths are big-endian. Each text stands behind its own, so that no two triples of version,
    /// purpose and name give the same info, whatever the name is.
    ///
    /// [RFC 5869]: https://www.rfc-editor.org/rfc/rfc5869
    pub(super) fn derive(key: &Key, purpose: Purpose, name: &str) -> Self {
        let (mut pseudorandom_key, hkdf) = Hkdf::<Sha256>::extract(None, key.as_bytes());
        pseudorandom_key.as_mut_slice().zeroize();

        let purpose = purpose.as_str();
        let mut bytes = Box::new([0; Self::LENGTH]);
        #[expect(
            clippy::expect_used,
            reason = "HKDF-SHA-256 gives up to 255 * 32 bytes, and 32 are asked for"
        )]
        hkdf.expand_multi_info(
            &[
                &length_of(LABEL),
                LABEL.as_bytes(),
                &[VERSION],
                &length_of(purpose),
                purpose.as_bytes(),
                &length_of(name),
                name.as_bytes(),
            ],
            bytes.as_mut_slice(),
        )
        .expect("32 bytes are within HKDF's limit");
        Self { bytes }
    }

    pub(super) fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.bytes
    }
}

impl fmt::Debug for Subkey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Subkey(..)")
    }
}

impl Drop for Subkey {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

impl ZeroizeOnDrop for Subkey {}

/// Lists what a subkey is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The key's public name.
    Identify,
    /// XAES-256-GCM.
    Seal,
    /// HMAC-SHA-256.
    Sign,
    /// The keys that records are sealed with where they are kept.
    AtRest,
    /// The names under which principals are looked up there.
    Index,
}

impl Purpose {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Identify => "identify",
            Self::Seal => "seal",
            Self::Sign => "sign",
            Self::AtRest => "at rest",
            Self::Index => "index",
        }
    }
}

const fn length_of(text: &str) -> [u8; 8] {
    // Lossless: no supported target has a `usize` wider than 64 bits.
    (text.len() as u64).to_be_bytes()
}

const LABEL: &str = "sessions";

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 5869, appendix A.1.
    #[test]
    fn hkdf_is_that_of_rfc_5869() {
        let salt: [u8; 13] = std::array::from_fn(|index| index as u8);
        let info: [u8; 10] = std::array::from_fn(|index| 0xf0 + index as u8);
        let (pseudorandom_key, hkdf) = Hkdf::<Sha256>::extract(Some(&salt), &[0x0b; 22]);
        let mut okm = [0; 42];
        hkdf.expand(&info, &mut okm).unwrap();

        assert_eq!(
            hex(&pseudorandom_key),
            "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5"
        );
        assert_eq!(
            hex(&okm),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
        );
    }

    // Computed by another implementation of HKDF; a change here is another format.
    #[test]
    fn a_subkey_is_frozen() {
        let key = Key::of_seed(1);
        assert_eq!(
            hex(Subkey::derive(&key, Purpose::Seal, "cart").as_bytes()),
            "433591beb90a9e4a09823dd48f61ba6a43a12593f4f0851d281d5fb2cf9d20a7"
        );
        assert_eq!(key.id().to_string(), "3a9c9e2d");
    }

    #[test]
    fn no_two_purposes_or_names_share_a_subkey() {
        let key = Key::of_seed(1);
        let mut subkeys = Vec::new();
        for purpose in [Purpose::Identify, Purpose::Seal, Purpose::Sign] {
            for name in ["", "a", "ab", "b", "\0", "sign", "seal"] {
                subkeys.push(*Subkey::derive(&key, purpose, name).as_bytes());
            }
        }
        let count = subkeys.len();
        subkeys.sort_unstable();
        subkeys.dedup();
        assert_eq!(subkeys.len(), count);
    }

    #[test]
    fn debug_shows_no_secret() {
        let subkey = Subkey::derive(&Key::of_seed(1), Purpose::Seal, "cart");
        assert_eq!(format!("{subkey:?}"), "Subkey(..)");
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
