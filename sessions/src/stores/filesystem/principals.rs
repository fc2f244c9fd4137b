use std::{fs, io};

use crate::{
    clock::Timestamp,
    store::{Listed, Principal, StoreKey},
};

use super::{
    directory::Directory,
    layout::{PrincipalId, key_name, key_of_name},
    record_file::Head,
    records::{Found, Lock},
};

/// How often a folder may be removed under the hands of somebody who needs it.
const TRIES: usize = 100;

impl Directory {
    /// Leaves a hint that a principal's record may be under a key.
    ///
    /// The caller holds the principal's lock and the record's, and puts the record there afterwards: whoever dies in between leaves a hint at
    /// nothing, never a record without a hint.
    pub(super) fn hint(&self, principal: &Principal, key: &StoreKey) -> io::Result<()> {
        let folder = self.layout().principal(&PrincipalId::of(principal));
        let path = folder.join(key_name(key));
        for _ in 0..TRIES {
            match self.create_file(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    self.create_folder(&folder)?;
                }
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                _ => return self.sync_folder(&folder),
            }
        }
        Err(io::ErrorKind::NotFound.into())
    }

    /// Takes a hint back. The record is gone by then; a hint that stays for whatever reason costs its next reader a look.
    pub(super) fn forget(&self, principal: &Principal, key: &StoreKey) {
        let folder = self.layout().principal(&PrincipalId::of(principal));
        let _ = fs::remove_file(folder.join(key_name(key)));
        // It stays unless it is empty.
        let _ = fs::remove_dir(folder);
    }

    /// The live records of a principal whose lock is held: nobody gives it another until that is dropped.
    pub(super) fn records_of(
        &self,
        principal: &Principal,
        now: Timestamp,
    ) -> io::Result<Vec<(StoreKey, Head)>> {
        let folder = self.layout().principal(&PrincipalId::of(principal));
        let hints = match fs::read_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            hints => hints?,
        };
        let mut records = Vec::new();
        for hint in hints {
            let Some(key) = hint?.file_name().to_str().and_then(key_of_name) else {
                continue;
            };
            match self.peek(&key, Lock::Free)? {
                Found::Record(head) if head.principal() == Some(principal) => {
                    if head.is_live(now) {
                        records.push((key, *head));
                    }
                }
                // Nobody is about to put the principal's record there: they would need the lock.
                Found::Record(_) | Found::Nothing => self.forget(principal, &key),
                Found::Unreadable(_) => {}
            }
        }
        Ok(records)
    }

    pub(super) fn list(&self, principal: &Principal, now: Timestamp) -> io::Result<Vec<Listed>> {
        let _held = self.hold([PrincipalId::of(principal).stripe()])?;
        let records = self.records_of(principal, now)?;
        Ok(records
            .into_iter()
            .map(|(key, head)| head.into_listed(key))
            .collect())
    }
}
