use crate::{
    clock::Timestamp,
    store::{
        Admission, AdmissionPolicy, Principal, Record, Revision, StoreKey, Touched, Write, Written,
        packed,
    },
};

use super::{fault::Fault, tables::Tables};

/// A [`Write`] that goes to the thread that writes.
pub(super) struct Change {
    key: StoreKey,
    /// Without its body.
    record: Record,
    /// The record as one string.
    bytes: Vec<u8>,
    /// The record that it is to take the place of, and the state that one has to be in.
    old: Option<(StoreKey, Revision)>,
    admission: Option<Admission>,
    now: Timestamp,
}

impl Change {
    pub(super) fn new(write: &Write<'_>, bytes: Vec<u8>) -> Self {
        Self {
            key: *write.key,
            record: Record {
                body: Vec::new(),
                ..write.record.clone()
            },
            bytes,
            old: write.old().map(|(old, expected)| (*old, expected)),
            admission: write.admission,
            now: write.now,
        }
    }

    /// Looks at everything before it changes anything.
    pub(super) fn apply(&self, tables: &mut Tables<'_>) -> Result<Written, Fault> {
        let former = match self.old {
            None => None,
            Some((key, expected)) => match tables.find(&key)? {
                Some(record) if record.is_alive(self.now) => {
                    if Revision::from(record.write_id) != expected {
                        return Ok(Written::Conflict);
                    }
                    Some((key, record))
                }
                _ => return Ok(Written::Missing),
            },
        };
        let (renamed, before) = match former {
            Some((key, record)) if key == self.key => (None, Some(record)),
            former => match tables.find(&self.key)? {
                Some(record) if record.is_alive(self.now) => return Ok(Written::Conflict),
                dead => (former, dead),
            },
        };
        let Some(others) = self.others(tables)? else {
            return Ok(Written::Refused);
        };

        for (key, record) in others.iter().chain(&renamed) {
            tables.remove(key, record)?;
        }
        tables.put(&self.key, before.as_ref(), &self.record, &self.bytes)?;
        Ok(Written::Applied {
            revision: self.record.write_id.into(),
            evicted: others.iter().map(|(_, record)| record.handle).collect(),
        })
    }

    /// The sessions that have to make room; `None` if they need not.
    fn others(&self, tables: &Tables<'_>) -> Result<Option<Vec<(StoreKey, Record)>>, Fault> {
        let (Some(principal), Some(admission)) = (&self.record.principal, self.admission) else {
            return Ok(Some(Vec::new()));
        };
        let mut others = self.rivals(tables, principal)?;
        let room = usize::try_from(admission.limit.max(1) - 1).unwrap_or(usize::MAX);
        let excess = others.len().saturating_sub(room);
        match admission.policy {
            AdmissionPolicy::Refuse if excess > 0 => Ok(None),
            _ => {
                others.sort_by_key(|(_, record)| record.last_seen);
                others.truncate(excess);
                Ok(Some(others))
            }
        }
    }

    /// The live sessions of the principal but the one that is replaced.
    fn rivals(
        &self,
        tables: &Tables<'_>,
        principal: &Principal,
    ) -> Result<Vec<(StoreKey, Record)>, Fault> {
        let own = [Some(self.key), self.old.map(|(key, _)| key)];
        let mut rivals = tables.of(principal, self.now)?;
        rivals.retain(|(key, _)| !own.contains(&Some(*key)));
        Ok(rivals)
    }
}

/// Moves the times of the record under a key, each if it is later.
pub(super) fn touch(
    tables: &mut Tables<'_>,
    key: &StoreKey,
    deadline: Timestamp,
    now: Timestamp,
) -> Result<Touched, Fault> {
    let before = match tables.find(key)? {
        Some(record) if record.is_alive(now) => record,
        _ => return Ok(Touched::Missing),
    };
    let mut record = before.clone();
    if !record.touch(deadline, now) {
        return Ok(Touched::Applied);
    }
    let mut bytes = tables.bytes(key)?.unwrap_or_default();
    if !packed::write_times(&mut bytes, record.last_seen, record.deadline) {
        return Err(Fault::corrupt());
    }
    tables.put(key, Some(&before), &record, &bytes)?;
    Ok(Touched::Applied)
}

/// Removes the record under a key, and what is under it if that is none.
pub(super) fn delete(tables: &mut Tables<'_>, key: &StoreKey) -> Result<(), Fault> {
    match tables.find(key) {
        Ok(Some(record)) => tables.remove(key, &record),
        Ok(None) => Ok(()),
        Err(Fault::Answer(_)) => tables.remove_bytes(key),
        Err(error) => Err(error),
    }
}
