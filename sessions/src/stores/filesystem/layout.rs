use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::store::{Principal, StoreKey};

use super::locks::Stripe;

/// Where in the directory everything is.
#[derive(Clone, Copy)]
pub(super) struct Layout<'a>(pub(super) &'a Path);

/// How many folders the records are spread over, and the principals: one for each first byte.
pub(super) const FOLDERS: usize = 256;

impl Layout<'_> {
    pub(super) fn records(self) -> PathBuf {
        self.0.join("records")
    }

    pub(super) fn principals(self) -> PathBuf {
        self.0.join("principals")
    }

    pub(super) fn locks(self) -> PathBuf {
        self.0.join("locks")
    }

    /// The folder of the records whose keys begin with a byte.
    pub(super) fn record_folder(self, first: u8) -> PathBuf {
        self.below("records", &[&hex(&[first])])
    }

    pub(super) fn record(self, key: &StoreKey) -> PathBuf {
        let name = hex(key.as_bytes());
        self.below("records", &[name.get(..2).unwrap_or_default(), &name])
    }

    /// The folder of the principals whose hashes begin with a byte.
    pub(super) fn principal_folder(self, first: u8) -> PathBuf {
        self.below("principals", &[&hex(&[first])])
    }

    pub(super) fn principal(self, id: &PrincipalId) -> PathBuf {
        let name = hex(&id.0);
        self.below("principals", &[name.get(..2).unwrap_or_default(), &name])
    }

    pub(super) fn lock(self, stripe: Stripe) -> PathBuf {
        let name = match stripe {
            Stripe::Principal(byte) => format!("principal-{byte:02x}"),
            Stripe::Record(byte) => format!("record-{byte:02x}"),
        };
        self.below("locks", &[&name])
    }

    /// A file to be written for the time that the disk gives it.
    pub(super) fn disk_clock(self) -> PathBuf {
        self.below("locks", &["clock"])
    }

    /// Allocates once, with room for the longest.
    fn below(self, room: &str, names: &[&str]) -> PathBuf {
        let mut path = PathBuf::with_capacity(self.0.as_os_str().len() + 160);
        path.push(self.0);
        path.push(room);
        path.extend(names);
        path
    }
}

/// Names a principal's folder: a hash of its bytes, which may be of any value and somebody's address.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct PrincipalId([u8; 32]);

impl PrincipalId {
    pub(super) fn of(principal: &Principal) -> Self {
        Self(Sha256::digest(principal.as_bytes()).into())
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        from_hex(name).map(Self)
    }

    pub(super) fn stripe(&self) -> Stripe {
        let [first, ..] = self.0;
        Stripe::Principal(first)
    }
}

/// The file name of a record, and of a hint at it.
pub(super) fn key_name(key: &StoreKey) -> String {
    hex(key.as_bytes())
}

/// The key that a file is named after.
pub(super) fn key_of_name(name: &str) -> Option<StoreKey> {
    from_hex(name).map(StoreKey::from_bytes)
}

pub(super) fn first_byte(key: &StoreKey) -> u8 {
    let [first, ..] = *key.as_bytes();
    first
}

/// Lower case.
pub(super) fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from(if value < 10 { b'0' } else { b'a' - 10 } + value);
    let mut digits = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        digits.push(digit(byte >> 4));
        digits.push(digit(byte & 15));
    }
    digits
}

/// Exactly what [`hex`] writes: two names are never one key.
fn from_hex(digits: &str) -> Option<[u8; 32]> {
    let value = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let (pairs, []) = digits.as_bytes().as_chunks::<2>() else {
        return None;
    };
    if pairs.len() != 32 {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = value(*high)? << 4 | value(*low)?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_from_its_name_and_from_no_other() {
        let key = StoreKey::from_bytes(std::array::from_fn(|i| u8::try_from(i * 8).unwrap()));
        let name = key_name(&key);
        assert_eq!(name, key.to_string());
        assert_eq!(key_of_name(&name), Some(key));
        assert_eq!(key_of_name(&name.to_uppercase()), None);
        assert_eq!(key_of_name(&name[2..]), None);
        assert_eq!(key_of_name(&format!("{name}0")), None);
        assert_eq!(key_of_name(&name.replace('8', "/")), None);
        assert_eq!(key_of_name("é".repeat(32).as_str()), None);
    }

    #[test]
    fn everything_stays_inside_the_directory() {
        let layout = Layout(Path::new("/srv/sessions"));
        let key = StoreKey::from_bytes([0xab; 32]);
        let name = "ab".repeat(32);
        assert_eq!(
            layout.record(&key),
            PathBuf::from(format!("/srv/sessions/records/ab/{name}"))
        );
        let id = PrincipalId::of(&Principal::from_bytes(*b"../../etc/passwd"));
        let principal = layout.principal(&id);
        assert!(principal.starts_with("/srv/sessions/principals"));
        assert_eq!(principal.components().count(), 6);
    }
}
