use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{PoisonError, RwLock, RwLockReadGuard},
};

use redb::{CommitError, Database, ReadTransaction, ReadableDatabase as _};

use crate::store::{StoreError, StoreErrorKind};

use super::{
    error::RedbError,
    fault::{Fault, store_error},
    file::Place,
    queue::Task,
    tables::Tables,
};

/// The database, for readers and the one thread that writes.
///
/// After any failure of the disk, redb refuses everything until the file is opened again; then it is either as before the transaction that
/// failed or as after it. So that is done before anybody is told that it is not known which: who then looks, sees what it is.
pub(super) struct SharedDatabase {
    place: Place,
    /// `None` while it could not be opened again.
    database: RwLock<Option<Database>>,
}

/// What became of a transaction.
pub(super) enum Fate {
    Committed,
    /// Nothing of it was done.
    NotDone(StoreError),
    /// All of it was done, or nothing.
    Unknown,
}

impl SharedDatabase {
    pub(super) fn open(place: Place) -> Result<Self, RedbError> {
        let database = RwLock::new(Some(place.open()?));
        Ok(Self { place, database })
    }

    /// Looks at the last commit.
    pub(super) fn read<T>(
        &self,
        look: impl FnOnce(&ReadTransaction) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let database = self.current();
        let Some(database) = &*database else {
            let error = StoreError::new(StoreErrorKind::Unavailable);
            return Err(Fault::Answer(error));
        };
        look(&database.begin_read()?)
    }

    /// Does several changes in one transaction, and answers when it is on the disk.
    pub(super) fn commit(&self, tasks: &mut [Box<dyn Task>]) -> Fate {
        if self.current().is_none() {
            self.open_again();
        }
        let tried = catch_unwind(AssertUnwindSafe(|| self.try_to_commit(tasks)));
        let fate = match tried {
            Ok(Ok(())) => return Fate::Committed,
            Ok(Err(fate)) => fate,
            // A panic in redb, which has been told that the database is sound and found that it is not.
            Err(_) => Fate::Unknown,
        };
        self.open_again();
        fate
    }

    fn try_to_commit(&self, tasks: &mut [Box<dyn Task>]) -> Result<(), Fate> {
        let not_done = |error: redb::Error| Fate::NotDone(store_error(error));
        let database = self.current();
        let Some(database) = &*database else {
            let error = StoreError::new(StoreErrorKind::Unavailable);
            return Err(Fate::NotDone(error));
        };
        let transaction = database
            .begin_write()
            .map_err(|error| not_done(error.into()))?;
        let mut tables = Tables::open(&transaction).map_err(|error| not_done(error.into()))?;
        for task in tasks {
            task.work(&mut tables).map_err(not_done)?;
        }
        let has_changed = tables.has_changed;
        drop(tables);
        if !has_changed {
            return transaction.abort().map_err(|error| not_done(error.into()));
        }
        match transaction.commit() {
            Ok(()) => Ok(()),
            Err(CommitError::TransactionPoisoned) => {
                Err(not_done(redb::Error::TransactionPoisoned))
            }
            // Redb promises that it is one or the other.
            Err(_) => Err(Fate::Unknown),
        }
    }

    /// Closes the database and opens it again; nobody reads meanwhile.
    fn open_again(&self) {
        let mut database = self
            .database
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        // First, or the file is still in use.
        drop(database.take());
        match catch_unwind(|| self.place.open()) {
            Ok(Ok(opened)) => *database = Some(opened),
            Ok(Err(error)) => {
                // Not the error itself, which names the file: others may read the log.
                let kind = error.kind();
                tracing::error!(
                    ?kind,
                    "the file of sessions failed and cannot be opened again; look after its disk, each write tries to open it"
                );
            }
            Err(_) => tracing::error!(
                "the file of sessions failed and cannot be opened again; look after its disk, each write tries to open it"
            ),
        }
    }

    fn current(&self) -> RwLockReadGuard<'_, Option<Database>> {
        self.database.read().unwrap_or_else(PoisonError::into_inner)
    }
}
