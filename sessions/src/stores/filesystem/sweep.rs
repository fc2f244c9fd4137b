use std::{
    fs::{self, DirEntry},
    io::{self, Write as _},
    path::Path,
    sync::atomic::Ordering,
    time::{Duration, SystemTime},
};

use crate::{clock::Timestamp, store::StoreKey};

use super::{
    directory::Directory,
    layout::{FOLDERS, PrincipalId, first_byte, key_of_name},
    record_file::Unreadable,
    records::{Found, Lock, record_stripe},
    temporary::Temporary,
};

/// After how long a temporary file is nobody's. Writing one takes a moment.
const STALE: Duration = Duration::from_secs(60 * 60);

/// What a sweep of one folder did.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Swept {
    pub(super) deleted: usize,
    /// Files that the operating system would not let it look at; the others are swept all the same.
    pub(super) failures: usize,
}

impl Directory {
    /// Deletes up to `limit` dead records from the folder whose turn it is.
    ///
    /// The turn moves on first, so that a folder which cannot be read does not keep a sweep from the others, and back if there may be more.
    pub(super) fn sweep_next(&self, limit: usize, now: Timestamp) -> io::Result<Swept> {
        let turn = self.sweep_position.fetch_add(1, Ordering::Relaxed) % FOLDERS;
        let folder = u8::try_from(turn).map_err(io::Error::other)?;
        let swept = self.sweep_records(folder, limit, now)?;
        if swept.deleted >= limit {
            self.sweep_position.store(turn, Ordering::Relaxed);
        } else {
            self.sweep_hints(folder)?;
        }
        Ok(swept)
    }

    /// The keys of the records in a folder. What cannot be read of it is an error: nobody may think that it was all.
    pub(super) fn keys_in(&self, folder: u8) -> io::Result<Vec<StoreKey>> {
        let entries = match fs::read_dir(self.layout().record_folder(folder)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut keys = Vec::new();
        for entry in entries {
            let key = entry?.file_name().to_str().and_then(key_of_name);
            keys.extend(key.filter(|key| first_byte(key) == folder));
        }
        Ok(keys)
    }

    fn sweep_records(&self, folder: u8, limit: usize, now: Timestamp) -> io::Result<Swept> {
        let mut swept = Swept::default();
        let mut oldest_temporary = None;
        for entry in entries(&self.layout().record_folder(folder))? {
            if swept.deleted >= limit {
                break;
            }
            let name = entry.file_name();
            let name = name.to_str().unwrap_or_default();
            let outcome = match key_of_name(name) {
                Some(key) if first_byte(&key) == folder => self.sweep_record(&key, now),
                _ if Temporary::is_named(name) => self
                    .sweep_temporary(&entry, &mut oldest_temporary)
                    .map(|()| false),
                // Not ours.
                _ => Ok(false),
            };
            match outcome {
                Ok(deleted) => swept.deleted += usize::from(deleted),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(_) => swept.failures += 1,
            }
        }
        Ok(swept)
    }

    /// Whether it was dead; what never will be a record is.
    fn sweep_record(&self, key: &StoreKey, now: Timestamp) -> io::Result<bool> {
        let is_dead = |found: &Found| match found {
            Found::Record(head) => !head.is_live(now),
            Found::Unreadable(why) => *why == Unreadable::Damaged,
            Found::Nothing => false,
        };
        if !is_dead(&self.peek(key, Lock::Free)?) {
            return Ok(false);
        }
        let _held = self.hold([record_stripe(key)])?;
        let found = self.peek(key, Lock::Held)?;
        if !is_dead(&found) {
            return Ok(false);
        }
        match found {
            Found::Record(head) => self.remove(key, Some(&head))?,
            _ => self.remove(key, None)?,
        }
        Ok(true)
    }

    /// Removes what a process left that died while it wrote.
    fn sweep_temporary(&self, entry: &DirEntry, oldest: &mut Option<SystemTime>) -> io::Result<()> {
        let oldest = match oldest {
            Some(oldest) => *oldest,
            None => *oldest.insert(self.disk_time()? - STALE),
        };
        if entry.metadata()?.modified()? < oldest {
            fs::remove_file(entry.path())?;
        }
        Ok(())
    }

    /// Removes hints at nothing, which a process left that died between a hint and its record, or between a record and its hint.
    fn sweep_hints(&self, folder: u8) -> io::Result<()> {
        for principal in entries(&self.layout().principal_folder(folder))? {
            let name = principal.file_name();
            let Some(id) = name.to_str().and_then(PrincipalId::from_name) else {
                continue;
            };
            let mut in_use = false;
            for hint in entries(&principal.path())? {
                let name = hint.file_name();
                let Some(key) = name.to_str().and_then(key_of_name) else {
                    continue;
                };
                let record = self.layout().record(&key);
                if record.try_exists()? {
                    in_use = true;
                    continue;
                }
                // With the lock held nobody is between the hint and its record.
                let _held = self.hold([id.stripe()])?;
                if !record.try_exists()? {
                    // It may be gone by now.
                    let _ = fs::remove_file(hint.path());
                }
            }
            if !in_use {
                // It stays unless it is empty.
                let _ = fs::remove_dir(principal.path());
            }
        }
        Ok(())
    }

    /// What the disk's own clock says, by which it dates its files; a caller's `now` may be turned, and another machine's.
    fn disk_time(&self) -> io::Result<SystemTime> {
        let mut file = self.open_lock(&self.layout().disk_clock())?;
        file.write_all(b".")?;
        file.metadata()?.modified()
    }
}

/// What is in a folder that may not be there.
fn entries(folder: &Path) -> io::Result<impl Iterator<Item = DirEntry>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        entries => Some(entries?),
    };
    // An entry that cannot be read is left for another time.
    Ok(entries.into_iter().flatten().filter_map(Result::ok))
}
