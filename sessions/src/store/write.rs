use crate::clock::Timestamp;

use super::{Admission, Principal, Record, Revision, StoreKey};

/// A record, the key it goes under, and what it takes the place of: the question that [`SessionStore::write`](super::SessionStore::write) answers.
///
/// ```
/// use sessions::{Handle, MemoryStore, Timestamp};
/// use sessions::store::{Record, SessionStore, StoreKey, Write, WriteId, Written};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # actix_web::rt::System::new().block_on(async {
/// # let now = Timestamp::from_seconds(1_700_000_000);
/// # let record = |number| Record {
/// #     handle: Handle::from_bytes([1; 16]),
/// #     write_id: WriteId::from_bytes([number; 16]),
/// #     created: now,
/// #     last_seen: now,
/// #     deadline: Timestamp::from_seconds(1_700_000_600),
/// #     principal: None,
/// #     device: None,
/// #     body: Vec::new(),
/// # };
/// let store = MemoryStore::new();
/// let (first, second, third) = (record(1), record(2), record(3));
/// let (old, new) = (StoreKey::from_bytes([7; 32]), StoreKey::from_bytes([8; 32]));
/// let created = store.write(Write::create(&old, &first, now)).await?;
/// let Written::Applied { revision, .. } = created else { panic!("{created:?}") };
///
/// // Both saw the first: one is applied.
/// let rename = Write::rename(&old, &new, &second, revision, now);
/// assert!(matches!(store.write(rename).await?, Written::Applied { .. }));
/// assert_eq!(store.write(Write::update(&old, &third, revision, now)).await?, Written::Missing);
/// # Ok(())
/// # })
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a store must see to every field: a new one has to be a new version of the contract"
)]
pub struct Write<'a> {
    /// Where the record is afterwards.
    pub key: &'a StoreKey,
    /// What is there afterwards.
    pub record: &'a Record,
    /// What is there no longer.
    pub replaces: Replaces<'a>,
    /// How many sessions the record's principal may have, if that is limited.
    pub admission: Option<Admission>,
    /// What is not dead by this time, lives.
    pub now: Timestamp,
}

/// What a [`Write`] takes the place of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a store has to do every kind of write"
)]
pub enum Replaces<'a> {
    /// Nothing, for a creation: the key holds no record that lives.
    Nothing,
    /// The record under the same key, for an update: it is in this state.
    Same(Revision),
    /// The record under another key, for a rename: it is in this state, and the write's own key holds none that lives. The two keys are never the
    /// same: nobody asks for that.
    Other(&'a StoreKey, Revision),
}

impl<'a> Write<'a> {
    /// Stores a record under a key that holds none that lives.
    #[must_use]
    pub const fn create(key: &'a StoreKey, record: &'a Record, now: Timestamp) -> Self {
        Self {
            key,
            record,
            replaces: Replaces::Nothing,
            admission: None,
            now,
        }
    }

    /// Replaces the record under a key if it is still in the state `expected`.
    #[must_use]
    pub const fn update(
        key: &'a StoreKey,
        record: &'a Record,
        expected: Revision,
        now: Timestamp,
    ) -> Self {
        Self {
            replaces: Replaces::Same(expected),
            ..Self::create(key, record, now)
        }
    }

    /// Replaces the record under `old`, if it is still in the state `expected`, by a record under `new`, which holds none that lives.
    #[must_use]
    pub const fn rename(
        old: &'a StoreKey,
        new: &'a StoreKey,
        record: &'a Record,
        expected: Revision,
        now: Timestamp,
    ) -> Self {
        Self {
            replaces: Replaces::Other(old, expected),
            ..Self::create(new, record, now)
        }
    }

    /// Limits how many sessions the record's principal may have; `None`, as it is unless set, does not.
    #[must_use]
    pub const fn admitted_by(mut self, admission: Option<Admission>) -> Self {
        self.admission = admission;
        self
    }

    /// The key whose record is replaced, and the state it has to be in: of an update, the write's own key. `None` for a creation.
    #[must_use]
    pub const fn old(&self) -> Option<(&'a StoreKey, Revision)> {
        match self.replaces {
            Replaces::Nothing => None,
            Replaces::Same(expected) => Some((self.key, expected)),
            Replaces::Other(old, expected) => Some((old, expected)),
        }
    }

    /// Whether the key must hold no record that lives: for a creation and a rename.
    #[must_use]
    pub const fn needs_free_key(&self) -> bool {
        match self.replaces {
            Replaces::Nothing | Replaces::Other(..) => true,
            Replaces::Same(_) => false,
        }
    }

    /// Whose live sessions have to be counted, and against which limit; `None` without a limit, and for a record that belongs to nobody.
    #[must_use]
    pub fn counted(&self) -> Option<(&'a Principal, Admission)> {
        self.record.principal.as_ref().zip(self.admission)
    }

    /// The same write, of the record as another store or another look names its state.
    pub(crate) const fn expecting(mut self, expected: Revision) -> Self {
        self.replaces = match self.replaces {
            Replaces::Nothing => Replaces::Nothing,
            Replaces::Same(_) => Replaces::Same(expected),
            Replaces::Other(old, _) => Replaces::Other(old, expected),
        };
        self
    }

    /// What it is called where one word has to do: `create`, `update` or `rename`.
    pub(crate) const fn verb(&self) -> &'static str {
        match self.replaces {
            Replaces::Nothing => "create",
            Replaces::Same(_) => "update",
            Replaces::Other(..) => "rename",
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::store::{AdmissionPolicy, Handle, WriteId};

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1);
    const OLD: StoreKey = StoreKey::from_bytes([7; 32]);
    const NEW: StoreKey = StoreKey::from_bytes([8; 32]);
    const SEEN: Revision = Revision::from_bytes([9; 16]);

    fn record(principal: Option<Principal>) -> Record {
        Record {
            handle: Handle::from_bytes([1; 16]),
            write_id: WriteId::from_bytes([1; 16]),
            created: NOW,
            last_seen: NOW,
            deadline: NOW,
            principal,
            device: None,
            body: Vec::new(),
        }
    }

    #[test]
    fn each_kind_of_write_says_what_has_to_be_under_which_key() {
        let record = record(None);
        let kinds = [
            (Write::create(&NEW, &record, NOW), None, true, "create"),
            (
                Write::update(&NEW, &record, SEEN, NOW),
                Some(&NEW),
                false,
                "update",
            ),
            (
                Write::rename(&OLD, &NEW, &record, SEEN, NOW),
                Some(&OLD),
                true,
                "rename",
            ),
        ];
        let other = Revision::from(10);
        for (write, old, needs_free_key, verb) in kinds {
            assert_eq!(write.key, &NEW);
            assert_eq!(write.old(), old.map(|old| (old, SEEN)));
            assert_eq!(write.expecting(other).old(), old.map(|old| (old, other)));
            assert_eq!(write.needs_free_key(), needs_free_key);
            assert_eq!(write.verb(), verb);
        }
    }

    #[test]
    fn who_has_a_limit_and_an_owner_is_counted() {
        let anna = Principal::from_bytes(*b"anna");
        let limit = Admission::new(2, AdmissionPolicy::Refuse);
        for owner in [None, Some(&anna)] {
            for admission in [None, Some(limit)] {
                let record = record(owner.cloned());
                let write = Write::create(&NEW, &record, NOW).admitted_by(admission);
                assert_eq!(write.counted(), owner.zip(admission));
            }
        }
    }
}
