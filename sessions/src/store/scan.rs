use std::fmt;

use super::{Answer, StoreKey};

/// Goes through all the records of a store that can, in steps: for [moving to another](crate::migrate).
pub trait Scan: Send + Sync {
    /// The keys of some records, and where to go on.
    ///
    /// Whoever goes on from `None` until there is no `next` is given the key of every record that lived all that time under one key, at least
    /// once; also keys of records that are dead or gone, that came meanwhile, and some twice. `limit` says how many are wanted at a time: a store may give more
    /// where it finds them together, or fewer, even none, and still say where to go on. Between the calls it holds nothing, so that nobody
    /// waits for a scan, and one that was broken off costs nothing.
    fn step<'a>(&'a self, after: Option<&'a ScanCursor>, limit: usize) -> Answer<'a, Scanned>;
}

/// What one step of a scan found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a store answers with nothing else"
)]
pub struct Scanned {
    /// The keys, in any order.
    pub keys: Vec<StoreKey>,
    /// Where to go on; `None` when that was all.
    pub next: Option<ScanCursor>,
}

/// A place in a scan: a store's own word, which only the store that gave it looks into.
///
/// It is good for as long as the scan takes, and not to be kept.
#[derive(Clone, PartialEq, Eq)]
pub struct ScanCursor(Box<[u8]>);

impl ScanCursor {
    /// Takes bytes of any value.
    #[must_use]
    pub fn from_bytes(bytes: impl Into<Box<[u8]>>) -> Self {
        Self(bytes.into())
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The key it was made from; `None` if it was not.
    #[cfg(any(
        feature = "mysql",
        feature = "postgres",
        feature = "redb",
        feature = "sqlite"
    ))]
    pub(crate) fn key(&self) -> Option<StoreKey> {
        (*self.0).try_into().ok().map(StoreKey::from_bytes)
    }

    /// The number it was made from; `None` if it was not.
    pub(crate) fn number(&self) -> Option<usize> {
        let bytes = (*self.0).try_into().ok()?;
        usize::try_from(u64::from_be_bytes(bytes)).ok()
    }
}

/// For a store that gives keys in their order: the last that it gave.
impl From<StoreKey> for ScanCursor {
    fn from(last: StoreKey) -> Self {
        Self::from_bytes(*last.as_bytes())
    }
}

/// For a store that gives its parts in order: the next.
impl From<usize> for ScanCursor {
    fn from(next: usize) -> Self {
        let next = u64::try_from(next).unwrap_or(u64::MAX);
        Self::from_bytes(next.to_be_bytes())
    }
}

/// Some stores' cursors hold a key.
impl fmt::Debug for ScanCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ScanCursor(..)")
    }
}
