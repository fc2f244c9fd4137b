use crate::{
    clock::Timestamp,
    store::{
        Admission, AdmissionPolicy, Principal, Record, Revision, StoreKey, Touched, Written, packed,
    },
};

use super::{fault::Fault, tables::Tables};

/// A record to be put under a key: the three verbs that do so differ in what it takes the place of.
pub(super) struct Change {
    /// The record that it is to take the place of, and the state that one has to be in.
    pub(super) from: Option<(StoreKey, Revision)>,
    pub(super) to: StoreKey,
    pub(super) record: Record,
    /// The same as one string.
    pub(super) bytes: Vec<u8>,
    pub(super) admission: Option<Admission>,
    pub(super) now: Timestamp,
}

impl Change {
    /// Looks at everything before it changes anything.
    pub(super) fn apply(&self, tables: &mut Tables<'_>) -> Result<Written, Fault> {
        let former = match self.from {
            None => None,
            Some((key, expected)) => match tables.find(&key)? {
                Some(record) if record.deadline > self.now => {
                    if Revision::from(record.write_id) != expected {
                        return Ok(Written::Conflict);
                    }
                    Some((key, record))
                }
                _ => return Ok(Written::Missing),
            },
        };
        let (renamed, before) = match former {
            Some((key, record)) if key == self.to => (None, Some(record)),
            former => match tables.find(&self.to)? {
                Some(record) if record.deadline > self.now => return Ok(Written::Conflict),
                dead => (former, dead),
            },
        };
        let Some(others) = self.others(tables)? else {
            return Ok(Written::Refused);
        };

        for (key, record) in others.iter().chain(&renamed) {
            tables.remove(key, record)?;
        }
        tables.put(&self.to, before.as_ref(), &self.record, &self.bytes)?;
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
        let own = [Some(self.to), self.from.map(|(key, _)| key)];
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
        Some(record) if record.deadline > now => record,
        _ => return Ok(Touched::Missing),
    };
    if deadline <= before.deadline && now <= before.last_seen {
        return Ok(Touched::Applied);
    }
    let record = Record {
        deadline: deadline.max(before.deadline),
        last_seen: now.max(before.last_seen),
        ..before.clone()
    };
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
