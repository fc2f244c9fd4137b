use crate::clock::Timestamp;

use super::{change::delete, fault::Fault, tables::Tables};

/// So many records are deleted in one transaction: the writes that wait for it wait for some tens of milliseconds.
pub(super) const SLICE: usize = 256;

/// Deletes up to so many dead records and says how many; reads none that lives.
pub(super) fn sweep(tables: &mut Tables<'_>, limit: usize, now: Timestamp) -> Result<usize, Fault> {
    let mut deleted = 0;
    for entry in tables.dead(limit, now)? {
        let key = entry.key();
        let is_dead = match tables.find(&key) {
            Ok(record) => record.is_some_and(|record| entry.is_of(&record)),
            // Nobody will ever read it.
            Err(Fault::Answer(_)) => true,
            Err(error) => return Err(error),
        };
        if is_dead {
            delete(tables, &key)?;
            deleted += 1;
        }
        tables.remove_entry(&entry)?;
    }
    Ok(deleted)
}
