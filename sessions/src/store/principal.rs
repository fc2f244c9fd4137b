use std::fmt;

use crate::clock::Timestamp;

use super::{Answer, Device, Handle, StoreKey};

/// Whom a session belongs to, as a store's index sees it: bytes to compare, not to read.
///
/// Two sessions have the same principal exactly when they have the same name and belong to the same person: the name is part of the bytes, so
/// that a person's sessions `login` and `admin`, which one store may keep, share neither a list nor a limit. The rest may be a keyed hash.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Principal(Box<[u8]>);

impl Principal {
    /// Takes bytes that [`as_bytes`](Self::as_bytes) gave.
    #[must_use]
    pub fn from_bytes(bytes: impl Into<Box<[u8]>>) -> Self {
        Self(bytes.into())
    }

    /// The bytes: up to 512, of any value.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// A principal may be somebody's address.
impl fmt::Debug for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Principal(..)")
    }
}

/// How many live sessions the record's principal may have, this one included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Admission {
    /// At least one.
    pub limit: u32,
    /// What happens to one more.
    pub policy: AdmissionPolicy,
}

impl Admission {
    /// Admits up to `limit` sessions; zero counts as one.
    #[must_use]
    pub const fn new(limit: u32, policy: AdmissionPolicy) -> Self {
        Self {
            limit: if limit == 0 { 1 } else { limit },
            policy,
        }
    }
}

/// What happens to a session beyond the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AdmissionPolicy {
    /// It is admitted, and as many of the others as needed end, those first whose visitor was not seen for longest.
    EvictOldest,
    /// It is refused.
    Refuse,
}

/// An index of live sessions by principal, for a store that has one.
pub trait PrincipalIndex: Send + Sync {
    /// The live sessions of a principal, in any order.
    ///
    /// What was created, changed owner, deleted or expired before the call is answered for; the index and the records never differ for
    /// longer than one call.
    fn list<'a>(&'a self, principal: &'a Principal, now: Timestamp) -> Answer<'a, Vec<Listed>>;

    /// Whether the store can also hold a principal to a limit, and so may be given an [`Admission`].
    ///
    /// It takes an engine that counts and writes in one step. Where records and index lie on several machines, it is `false`.
    fn limits(&self) -> bool;
}

/// One session in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a store makes it from a record's fields of the same names"
)]
pub struct Listed {
    /// To delete it by.
    pub key: StoreKey,
    /// Names the session in public.
    pub handle: Handle,
    /// When it began.
    pub created: Timestamp,
    /// When its visitor was last seen.
    pub last_seen: Timestamp,
    /// Where from.
    pub device: Option<Device>,
}
