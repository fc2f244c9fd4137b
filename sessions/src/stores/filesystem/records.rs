use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
};

use crate::{
    clock::Timestamp,
    store::{Loaded, StoreKey, Touched},
};

use super::{
    directory::Directory,
    layout::first_byte,
    locks::Stripe,
    record_file::{Head, TOUCHED_AT, Unreadable, head_length},
};

/// What is under a key.
#[derive(Debug)]
pub(super) enum Found {
    Nothing,
    /// Dead or alive.
    Record(Box<Head>),
    /// A file that is no record.
    Unreadable(Unreadable),
}

/// What a reader without a lock may come to.
pub(super) enum Read {
    Done(Option<Loaded>),
    /// A touch was about, or the file is longer than was allowed.
    AgainWithLock,
}

/// Whether the caller holds the lock of the record.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lock {
    Held,
    Free,
}

/// One read takes in the head of any record with labels of the usual length.
const HEAD_BUFFER: usize = 1024;

impl Directory {
    /// Reads everything but the body.
    pub(super) fn peek(&self, key: &StoreKey, lock: Lock) -> io::Result<Found> {
        let found = match File::open(self.layout().record(key)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
            file => read_head(&mut file?)?,
        };
        match found {
            Found::Record(head) if head.torn && lock == Lock::Free => {
                let _held = self.hold([record_stripe(key)])?;
                self.peek(key, Lock::Held)
            }
            found => Ok(found),
        }
    }

    /// Reads a record, if its file is no longer than `max_len`.
    pub(super) fn read(
        &self,
        key: &StoreKey,
        now: Timestamp,
        max_len: u64,
        lock: Lock,
    ) -> io::Result<Read> {
        let mut file = match File::open(self.layout().record(key)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Read::Done(None)),
            file => file?,
        };
        let len = file.metadata()?.len();
        if len > max_len {
            return Ok(Read::AgainWithLock);
        }
        let mut bytes = Vec::with_capacity(usize::try_from(len).map_err(io::Error::other)?);
        file.read_to_end(&mut bytes)?;
        let head = Head::read(&bytes, len).map_err(corrupt)?;
        if head.torn && lock == Lock::Free {
            return Ok(Read::AgainWithLock);
        }
        if !head.is_live(now) {
            return Ok(Read::Done(None));
        }
        let loaded = head.into_loaded(bytes);
        Ok(Read::Done(Some(
            loaded.ok_or_else(|| corrupt(Unreadable::Damaged))?,
        )))
    }

    /// Reads a record of any length.
    pub(super) fn load(&self, key: &StoreKey, now: Timestamp) -> io::Result<Option<Loaded>> {
        if let Read::Done(done) = self.read(key, now, u64::MAX, Lock::Free)? {
            return Ok(done);
        }
        let _held = self.hold([record_stripe(key)])?;
        match self.read(key, now, u64::MAX, Lock::Held)? {
            Read::Done(done) => Ok(done),
            Read::AgainWithLock => Ok(None),
        }
    }

    /// Moves the times of a record, in place: its file is neither replaced nor read beyond its head.
    pub(super) fn touch(
        &self,
        key: &StoreKey,
        deadline: Timestamp,
        now: Timestamp,
    ) -> io::Result<Touched> {
        let _held = self.hold([record_stripe(key)])?;
        let path = self.layout().record(key);
        let mut file = match OpenOptions::new().read(true).write(true).open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Touched::Missing),
            file => file?,
        };
        let head = match read_head(&mut file)? {
            Found::Record(head) => head,
            Found::Nothing => return Ok(Touched::Missing),
            Found::Unreadable(why) => return Err(corrupt(why)),
        };
        if !head.is_live(now) {
            return Ok(Touched::Missing);
        }
        if let Some(touched) = head.touched(deadline, now) {
            file.seek(SeekFrom::Start(TOUCHED_AT))?;
            file.write_all(&touched)?;
            self.sync_file(&file)?;
        }
        Ok(Touched::Applied)
    }

    /// Deletes whatever is under a key.
    pub(super) fn delete(&self, key: &StoreKey) -> io::Result<()> {
        let _held = self.hold([record_stripe(key)])?;
        match self.peek(key, Lock::Held)? {
            Found::Nothing => Ok(()),
            Found::Record(head) => self.remove(key, Some(&head)),
            // The hint of a record that does not say whose it was is found out by whoever follows it.
            Found::Unreadable(_) => self.remove(key, None),
        }
    }

    /// Removes a record whose lock is held, then the hint at it.
    pub(super) fn remove(&self, key: &StoreKey, head: Option<&Head>) -> io::Result<()> {
        match fs::remove_file(self.layout().record(key)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            removed => removed?,
        }
        self.sync_folder(&self.layout().record_folder(first_byte(key)))?;
        if let Some(principal) = head.and_then(Head::principal) {
            self.forget(principal, key);
        }
        Ok(())
    }
}

pub(super) fn record_stripe(key: &StoreKey) -> Stripe {
    Stripe::Record(first_byte(key))
}

/// What an error's reader, who knows no more than the kind, is told.
pub(super) fn corrupt(why: Unreadable) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        match why {
            Unreadable::Damaged => "the file is damaged",
            Unreadable::Newer => "a newer version wrote the file",
        },
    )
}

fn read_head(file: &mut File) -> io::Result<Found> {
    let file_len = file.metadata()?.len();
    let mut bytes = Vec::with_capacity(HEAD_BUFFER);
    let mut read_to = |bytes: &mut Vec<u8>, len: usize| {
        let missing = len.saturating_sub(bytes.len());
        let missing = u64::try_from(missing).map_err(io::Error::other)?;
        file.take(missing).read_to_end(bytes)
    };
    read_to(&mut bytes, HEAD_BUFFER)?;
    if let Some(len) = head_length(&bytes) {
        read_to(&mut bytes, len)?;
    }
    Ok(match Head::read(&bytes, file_len) {
        Ok(head) => Found::Record(Box::new(head)),
        Err(why) => Found::Unreadable(why),
    })
}
