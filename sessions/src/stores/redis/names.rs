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

    /// What `SCAN` is to look for: every record of ours and of nobody else.
    pub(super) fn pattern(&self) -> Vec<u8> {
        let mut pattern = String::with_capacity(self.prefix.len() + 8);
        for letter in self.prefix.chars() {
            if matches!(letter, '*' | '?' | '[' | ']' | '^' | '\\') {
                pattern.push('\\');
            }
            pattern.push(letter);
        }
        pattern.push_str("record:*");
        pattern.into_bytes()
    }

    /// The store key that a record's name was made from.
    pub(super) fn store_key(&self, name: &[u8]) -> Option<StoreKey> {
        let digits = name
            .strip_prefix(self.prefix.as_bytes())?
            .strip_prefix(b"record:")?;
        let (pairs, []) = digits.as_chunks::<2>() else {
            return None;
        };
        let mut bytes = [0; StoreKey::LEN];
        if pairs.len() != bytes.len() {
            return None;
        }
        for (byte, pair) in bytes.iter_mut().zip(pairs) {
            *byte = u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok()?;
        }
        let key = StoreKey::from_bytes(bytes);
        (self.record(&key) == name).then_some(key)
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

    #[test]
    fn a_key_is_read_back_from_its_name_and_from_no_other() {
        let names = Names::new("a*b:".to_owned());
        let key = StoreKey::from_bytes([0xa7; 32]);
        let name = names.record(&key);
        assert_eq!(names.store_key(&name), Some(key));
        assert_eq!(names.pattern(), b"a\\*b:record:*");
        for other in [
            name.to_ascii_uppercase(),
            [&name[..], b"0"].concat(),
            name[..name.len() - 2].to_vec(),
            Names::new("a_b:".to_owned()).record(&key),
            names.probe(),
            b"a*b:record:+7".repeat(32),
        ] {
            assert_eq!(names.store_key(&other), None);
        }
    }
}
