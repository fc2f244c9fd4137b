use sha2::{Digest as _, Sha256};

use crate::{
    clock::Timestamp,
    store::{Admission, Principal, Record, Revision, StoreKey},
};

use super::dialect::Dialect;

/// One of the three verbs that write a record.
#[derive(Clone, Copy)]
pub(super) struct Write<'a> {
    /// The state that is replaced, for an update and a rename.
    pub(super) from: Option<(&'a StoreKey, Revision)>,
    /// Where the record is afterwards.
    pub(super) to: &'a StoreKey,
    pub(super) verb: Verb,
    pub(super) record: &'a Record,
    pub(super) admission: Option<Admission>,
    pub(super) now: Timestamp,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Create,
    Update,
    Rename,
}

impl Write<'_> {
    pub(super) fn principal(&self) -> Option<&Principal> {
        self.record.principal.as_ref()
    }

    /// The principal's other sessions have to be counted.
    pub(super) fn counted(&self) -> Option<(Admission, &Principal)> {
        self.admission.zip(self.principal())
    }

    /// It takes more than one statement, or it must not pass between the statements of another.
    ///
    /// A rename moves a row. Where somebody counts at the same time, and the engine reads an index row by row, the session could be missed at both
    /// places, so it waits for the one who counts.
    pub(super) fn takes_transaction<D: Dialect>(&self) -> bool {
        let moves_unseen = D::HAS_LOCKS && self.verb == Verb::Rename && self.principal().is_some();
        self.counted().is_some() || moves_unseen
    }

    /// The lock that those take who write sessions of one principal. Others may share it, and wait a moment for nothing.
    pub(super) fn stripe(&self) -> u8 {
        let principal = self.principal().map_or(&[][..], Principal::as_bytes);
        let [first, ..] = <[u8; 32]>::from(Sha256::digest(principal));
        first % STRIPES
    }
}

/// As many as the migrations make rows. A row for each principal would have to be swept when its last session ends, without ending a login
/// that has just locked it.
const STRIPES: u8 = 64;

#[cfg(test)]
mod tests {
    use crate::store::{Handle, WriteId};

    use super::*;

    #[test]
    fn the_lock_of_a_principal_is_frozen() {
        let stripe = |principal: &[u8]| {
            let record = Record {
                handle: Handle::from_bytes([0; 16]),
                write_id: WriteId::from_bytes([0; 16]),
                created: Timestamp::from_seconds(0),
                last_seen: Timestamp::from_seconds(0),
                deadline: Timestamp::from_seconds(0),
                principal: Some(Principal::from_bytes(principal)),
                device: None,
                body: Vec::new(),
            };
            let write = Write {
                from: None,
                to: &StoreKey::from_bytes([0; 32]),
                verb: Verb::Create,
                record: &record,
                admission: None,
                now: Timestamp::from_seconds(0),
            };
            write.stripe()
        };
        // Two versions of this program at once must choose the same: SHA-256 of these begins with e3 and ba, as FIPS 180-2 says.
        assert_eq!(stripe(b""), 0xe3 % 64);
        assert_eq!(stripe(b"abc"), 0xba % 64);
    }
}
