use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::store::{Principal, StoreKey};

/// The keys of one application.
///
/// ```text
/// <prefix>record:<store key, 64 hexadecimal digits>
/// <prefix>principal:<SHA-256 of the principal, 64 hexadecimal digits>
/// <prefix>probe            never written
/// ```
///
/// A principal may be an address or have bytes that no terminal likes; of a hash, everybody sees the same and nobody learns anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Names {
    prefix: String,
}

impl Names {
    pub(super) fn new(prefix: String) -> Self {
        Self { prefix }
    }

    pub(super) fn prefix(&self) -> &str {
        &self.prefix
    }

    pub(super) fn record(&self, key: &StoreKey) -> Vec<u8> {
        self.name("record:", key.as_bytes())
    }

    pub(super) fn index(&self, principal: &Principal) -> Vec<u8> {
        self.name("principal:", &Sha256::digest(principal.as_bytes()))
    }

    pub(super) fn probe(&self) -> Vec<u8> {
        self.name("probe", &[])
    }

    fn name(&self, kind: &str, bytes: &[u8]) -> Vec<u8> {
        let mut name = String::with_capacity(self.prefix.len() + kind.len() + 2 * bytes.len());
        name.push_str(&self.prefix);
        name.push_str(kind);
        for byte in bytes {
            // Into a `String` it always succeeds.
            _ = write!(name, "{byte:02x}");
        }
        name.into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_as_they_are_drawn() {
        let names = Names::new("shop:".to_owned());
        let text = |name| String::from_utf8(name).unwrap();
        assert_eq!(
            text(names.record(&StoreKey::from_bytes([0xa7; 32]))),
            format!("shop:record:{}", "a7".repeat(32))
        );
        assert_eq!(
            text(names.index(&Principal::from_bytes(*b"abc"))),
            "shop:principal:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(text(names.probe()), "shop:probe");
    }
}
