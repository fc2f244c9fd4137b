use std::{ops::Bound, path::Path};

use redb::{
    Database, Error, ReadTransaction, ReadableDatabase as _, ReadableTable, Table, TableDefinition,
    TableError, TableHandle as _, WriteTransaction,
};
use sha2::{Digest as _, Sha256};

use crate::{
    clock::Timestamp,
    store::{Listed, Loaded, Principal, Record, StoreKey, packed::Packed},
};

use super::{
    error::{RedbError, RedbErrorKind},
    fault::Fault,
};

/// What of this the file holds.
const FORMAT: TableDefinition<'_, &str, u64> = TableDefinition::new("sessions-format");

/// The records, by key.
const RECORDS: TableDefinition<'_, &[u8; 32], &[u8]> = TableDefinition::new("sessions-records");

/// The keys, by deadline.
const DEADLINES: TableDefinition<'_, &[u8; 40], ()> = TableDefinition::new("sessions-deadlines");

/// The keys, by principal.
const PRINCIPALS: TableDefinition<'_, &[u8; 64], ()> = TableDefinition::new("sessions-principals");

const VERSION: u64 = 1;

/// Makes the tables of a new database, and closes it.
pub(super) fn create(database: Database, path: &Path) -> Result<(), RedbError> {
    let make = || {
        let transaction = database.begin_write()?;
        transaction.open_table(FORMAT)?.insert("format", VERSION)?;
        transaction.open_table(RECORDS)?;
        transaction.open_table(DEADLINES)?;
        transaction.open_table(PRINCIPALS)?;
        transaction.commit()?;
        Ok::<_, Error>(())
    };
    let inaccessible = |error| RedbError::new(RedbErrorKind::Inaccessible, path).because(error);
    make().map_err(inaccessible)?;
    database.close().map_err(|error| inaccessible(error.into()))
}

/// Refuses a database that is not ours, or from later than ours.
pub(super) fn check(database: &Database, path: &Path) -> Result<(), RedbError> {
    let version = || {
        let transaction = database.begin_read()?;
        let table = match transaction.open_table(FORMAT) {
            Err(TableError::TableDoesNotExist(_)) => return Ok(None),
            table => table?,
        };
        let version = table.get("format")?.map(|version| version.value());
        let tables = [RECORDS.name(), DEADLINES.name(), PRINCIPALS.name()];
        let there = transaction
            .list_tables()?
            .filter(|table| tables.contains(&table.name()));
        Ok::<_, Error>(version.filter(|_| there.count() == tables.len()))
    };
    match version() {
        Ok(Some(VERSION)) => Ok(()),
        Ok(Some(version)) if version > VERSION => Err(RedbError::new(RedbErrorKind::Newer, path)),
        Ok(_) => Err(RedbError::new(RedbErrorKind::Foreign, path)),
        Err(error) => Err(RedbError::new(RedbErrorKind::Damaged, path).because(error)),
    }
}

/// The record under a key as of the last commit.
pub(super) fn load(
    transaction: &ReadTransaction,
    key: &StoreKey,
    now: Timestamp,
) -> Result<Option<Loaded>, Fault> {
    let records = transaction.open_table(RECORDS)?;
    let Some(bytes) = records.get(key.as_bytes())? else {
        return Ok(None);
    };
    let packed = Packed::decode(bytes.value()).ok_or_else(Fault::corrupt)?;
    Ok(packed.is_alive(now).then(|| packed.into_loaded()))
}

/// The keys that come after one, as of the last commit.
pub(super) fn keys(
    transaction: &ReadTransaction,
    after: Option<&StoreKey>,
    limit: usize,
) -> Result<Vec<StoreKey>, Fault> {
    let records = transaction.open_table(RECORDS)?;
    let after = after.map_or(Bound::Unbounded, |key| Bound::Excluded(key.as_bytes()));
    let entries = records.range::<&[u8; 32]>((after, Bound::Unbounded))?;
    let mut keys = Vec::new();
    for entry in entries.take(limit) {
        keys.push(StoreKey::from_bytes(*entry?.0.value()));
    }
    Ok(keys)
}

/// The live sessions of a principal as of the last commit.
pub(super) fn list(
    transaction: &ReadTransaction,
    principal: &Principal,
    now: Timestamp,
) -> Result<Vec<Listed>, Fault> {
    let records = transaction.open_table(RECORDS)?;
    let principals = transaction.open_table(PRINCIPALS)?;
    let mut listed = Vec::new();
    each_of(&records, &principals, principal, now, |key, packed| {
        listed.push(packed.into_listed(key));
    })?;
    Ok(listed)
}

/// The tables, open to be written.
pub(super) struct Tables<'t> {
    records: Table<'t, &'static [u8; 32], &'static [u8]>,
    deadlines: Table<'t, &'static [u8; 40], ()>,
    principals: Table<'t, &'static [u8; 64], ()>,
    /// Whether there is anything to commit.
    pub(super) has_changed: bool,
}

impl<'t> Tables<'t> {
    pub(super) fn open(transaction: &'t WriteTransaction) -> Result<Self, TableError> {
        Ok(Self {
            records: transaction.open_table(RECORDS)?,
            deadlines: transaction.open_table(DEADLINES)?,
            principals: transaction.open_table(PRINCIPALS)?,
            has_changed: false,
        })
    }

    /// The record under a key, dead or alive, without its body.
    pub(super) fn find(&self, key: &StoreKey) -> Result<Option<Record>, Fault> {
        match self.records.get(key.as_bytes())? {
            None => Ok(None),
            Some(bytes) => match Packed::decode(bytes.value()) {
                Some(packed) => Ok(Some(packed.record)),
                None => Err(Fault::corrupt()),
            },
        }
    }

    /// The bytes of the record under a key.
    pub(super) fn bytes(&self, key: &StoreKey) -> Result<Option<Vec<u8>>, Fault> {
        let bytes = self.records.get(key.as_bytes())?;
        Ok(bytes.map(|bytes| bytes.value().to_vec()))
    }

    /// The live sessions of a principal, without their bodies.
    pub(super) fn of(
        &self,
        principal: &Principal,
        now: Timestamp,
    ) -> Result<Vec<(StoreKey, Record)>, Fault> {
        let mut found = Vec::new();
        let (records, principals) = (&self.records, &self.principals);
        each_of(records, principals, principal, now, |key, packed| {
            found.push((key, packed.record));
        })?;
        Ok(found)
    }

    /// Up to so many entries of records that are dead.
    pub(super) fn dead(&self, limit: usize, now: Timestamp) -> Result<Vec<Entry>, Fault> {
        let last = Entry::new(now, &StoreKey::from_bytes([0xff; 32]));
        let mut entries = Vec::new();
        for entry in self.deadlines.range::<&[u8; 40]>(..=&last.0)?.take(limit) {
            entries.push(Entry(*entry?.0.value()));
        }
        Ok(entries)
    }

    /// Puts a record, and its bytes, in the place of another or of none.
    pub(super) fn put(
        &mut self,
        key: &StoreKey,
        before: Option<&Record>,
        record: &Record,
        bytes: &[u8],
    ) -> Result<(), Fault> {
        self.has_changed = true;
        let deadline = before.map(|before| before.deadline);
        if deadline != Some(record.deadline) {
            if let Some(deadline) = deadline {
                self.deadlines.remove(&Entry::new(deadline, key).0)?;
            }
            self.deadlines
                .insert(&Entry::new(record.deadline, key).0, ())?;
        }
        let principal = before.and_then(|before| before.principal.as_ref());
        if principal != record.principal.as_ref() {
            if let Some(principal) = principal {
                self.principals.remove(&belonging(principal, key))?;
            }
            if let Some(principal) = &record.principal {
                self.principals.insert(&belonging(principal, key), ())?;
            }
        }
        self.records.insert(key.as_bytes(), bytes)?;
        Ok(())
    }

    /// Removes a record and what leads to it.
    pub(super) fn remove(&mut self, key: &StoreKey, record: &Record) -> Result<(), Fault> {
        self.remove_entry(&Entry::new(record.deadline, key))?;
        if let Some(principal) = &record.principal {
            self.principals.remove(&belonging(principal, key))?;
        }
        self.remove_bytes(key)
    }

    /// Removes what stands under a key, whatever it is.
    pub(super) fn remove_bytes(&mut self, key: &StoreKey) -> Result<(), Fault> {
        let was_there = self.records.remove(key.as_bytes())?.is_some();
        self.has_changed |= was_there;
        Ok(())
    }

    pub(super) fn remove_entry(&mut self, entry: &Entry) -> Result<(), Fault> {
        self.has_changed = true;
        self.deadlines.remove(&entry.0)?;
        Ok(())
    }
}

/// A record's place in the order of deadlines.
///
/// ```text
/// deadline 8 · key 32
/// ```
#[derive(Clone, Copy)]
pub(super) struct Entry([u8; 40]);

impl Entry {
    fn new(deadline: Timestamp, key: &StoreKey) -> Self {
        Self(joined(&deadline.as_seconds().to_be_bytes(), key.as_bytes()))
    }

    pub(super) fn key(&self) -> StoreKey {
        StoreKey::from_bytes(last_32(&self.0))
    }

    /// Whether it is the entry of this record.
    pub(super) fn is_of(&self, record: &Record) -> bool {
        self.0 == Self::new(record.deadline, &self.key()).0
    }
}

/// Calls back for each live session of a principal.
///
/// Whom a record belongs to is asked of the record: what cannot be read belongs to nobody.
fn each_of(
    records: &impl ReadableTable<&'static [u8; 32], &'static [u8]>,
    principals: &impl ReadableTable<&'static [u8; 64], ()>,
    principal: &Principal,
    now: Timestamp,
    mut found: impl FnMut(StoreKey, Packed<'_>),
) -> Result<(), Fault> {
    let [first, last] =
        [0, 0xff].map(|byte| belonging(principal, &StoreKey::from_bytes([byte; 32])));
    for entry in principals.range::<&[u8; 64]>(&first..=&last)? {
        let key = last_32(entry?.0.value());
        let Some(bytes) = records.get(&key)? else {
            continue;
        };
        let packed = Packed::decode(bytes.value());
        if let Some(packed) =
            packed.filter(|packed| packed.is_alive(now) && packed.belongs_to(principal))
        {
            found(StoreKey::from_bytes(key), packed);
        }
    }
    Ok(())
}

/// A record's place among those of its principal, who may be an address, and of any length: a hash says as much.
fn belonging(principal: &Principal, key: &StoreKey) -> [u8; 64] {
    joined(&Sha256::digest(principal.as_bytes()), key.as_bytes())
}

fn joined<const N: usize>(first: &[u8], second: &[u8]) -> [u8; N] {
    let mut bytes = [0; N];
    for (place, byte) in bytes.iter_mut().zip(first.iter().chain(second)) {
        *place = *byte;
    }
    bytes
}

fn last_32<const N: usize>(bytes: &[u8; N]) -> [u8; 32] {
    bytes.last_chunk().copied().unwrap_or([0; 32])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_of_the_tables_are_as_they_are_drawn() {
        let key = StoreKey::from_bytes([0xa7; 32]);
        let entry = Entry::new(Timestamp::from_seconds(0x0102_0304), &key);
        let expected = [&[0, 0, 0, 0, 1, 2, 3, 4], &[0xa7; 32][..]].concat();
        assert_eq!(entry.0.as_slice(), expected);
        assert_eq!(entry.key(), key);
        // SHA-256 of "abc", from FIPS 180-2.
        let digest = [
            0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae,
            0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61,
            0xf2, 0x00, 0x15, 0xad,
        ];
        let place = belonging(&Principal::from_bytes(*b"abc"), &key);
        assert_eq!(place.as_slice(), [digest, [0xa7; 32]].concat());
    }
}
