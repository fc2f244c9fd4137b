use std::{
    io,
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use tokio::sync::oneshot;

use crate::store::{StoreError, StoreErrorKind};

use super::{
    database::{Fate, SharedDatabase},
    fault::Fault,
    tables::Tables,
};

/// What waits to be written, and the thread that writes it.
///
/// Dropped, it lets the thread finish what is in it, and waits for that: then the file is closed.
pub(super) struct Queue {
    /// `None` once it is dropped.
    tasks: Option<SyncSender<Box<dyn Task>>>,
    thread: Option<JoinHandle<()>>,
}

/// A disk that does not answer makes no more than so many wait.
const LENGTH: usize = 1024;

/// So many are committed together at most, so that the first does not wait for long.
const BATCH: usize = 256;

/// How long nothing is written after a failure. On a disk that stays full, each attempt to write makes readers wait until the file is open again.
const PAUSE: Duration = Duration::from_secs(1);

/// A change that somebody waits for.
pub(super) trait Task: Send {
    /// Whether somebody still does.
    fn is_wanted(&self) -> bool;

    /// Does it, unless the answer is that it cannot be done; then nothing is changed.
    fn work(&mut self, tables: &mut Tables<'_>) -> Result<(), redb::Error>;

    /// Tells whoever waits, once it is known what became of the transaction.
    fn answer(self: Box<Self>, fate: &Fate);
}

impl Queue {
    pub(super) fn start(database: Arc<SharedDatabase>) -> io::Result<Self> {
        let (sender, tasks) = sync_channel(LENGTH);
        let thread = thread::Builder::new()
            .name("sessions-redb".to_owned())
            .spawn(move || write(&database, &tasks))?;
        Ok(Self {
            tasks: Some(sender),
            thread: Some(thread),
        })
    }

    /// Waits until something is done and on the disk.
    ///
    /// `unknown` is the answer if it may or may not have been done.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Tables<'_>) -> Result<T, Fault> + Send + 'static,
        unknown: fn() -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let task = Errand {
            work: Some(work),
            done: None,
            unknown,
            reply,
        };
        if !self.send(Box::new(task)) {
            return Err(StoreError::new(StoreErrorKind::Unavailable));
        }
        // Without an answer the thread has ended in the middle of something.
        answer.await.unwrap_or_else(|_| unknown())
    }

    /// Has the thread look whether the database is to be opened again; somebody else's message may do.
    pub(super) fn mend(&self) {
        self.send(Box::new(Mend));
    }

    /// `false` if it was not taken.
    fn send(&self, task: Box<dyn Task>) -> bool {
        self.tasks
            .as_ref()
            .is_some_and(|tasks| tasks.try_send(task).is_ok())
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        self.tasks = None;
        if let Some(thread) = self.thread.take() {
            // It ends in a panic only if an answer did.
            _ = thread.join();
        }
    }
}

/// Commits what has come up, again and again, until nobody is left to ask.
fn write(database: &SharedDatabase, tasks: &Receiver<Box<dyn Task>>) {
    while let Ok(first) = tasks.recv() {
        let mut batch = vec![first];
        batch.extend(tasks.try_iter().take(BATCH - 1));
        batch.retain(|task| task.is_wanted());
        if batch.is_empty() {
            continue;
        }
        let fate = database.commit(&mut batch);
        for task in batch {
            task.answer(&fate);
        }
        if !matches!(fate, Fate::Committed) {
            thread::sleep(PAUSE);
        }
    }
}

/// A change, and where to send the answer.
struct Errand<T, W> {
    /// `None` once it is done.
    work: Option<W>,
    /// What is to be answered if the transaction is committed.
    done: Option<Result<T, StoreError>>,
    unknown: fn() -> Result<T, StoreError>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, W> Task for Errand<T, W>
where
    T: Send,
    W: FnOnce(&mut Tables<'_>) -> Result<T, Fault> + Send,
{
    fn is_wanted(&self) -> bool {
        !self.reply.is_closed()
    }

    fn work(&mut self, tables: &mut Tables<'_>) -> Result<(), redb::Error> {
        let Some(work) = self.work.take() else {
            return Ok(());
        };
        self.done = Some(match work(tables) {
            Ok(done) => Ok(done),
            Err(Fault::Answer(error)) => Err(error),
            Err(Fault::Database(error)) => return Err(error),
        });
        Ok(())
    }

    fn answer(self: Box<Self>, fate: &Fate) {
        let answer = match (fate, self.done) {
            (Fate::Committed, Some(done)) => done,
            (Fate::NotDone(error), _) => Err(error.clone()),
            (Fate::Committed | Fate::Unknown, _) => (self.unknown)(),
        };
        // Who has given up needs no answer.
        _ = self.reply.send(answer);
    }
}

/// Nothing to change: a look at the database, which is opened again if it failed.
struct Mend;

impl Task for Mend {
    fn is_wanted(&self) -> bool {
        true
    }

    fn work(&mut self, _: &mut Tables<'_>) -> Result<(), redb::Error> {
        Ok(())
    }

    fn answer(self: Box<Self>, _: &Fate) {}
}
