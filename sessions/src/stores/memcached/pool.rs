use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    runtime::{self, Handle},
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};

use super::{
    connection::Connection,
    error::{MemcachedError, MemcachedErrorKind},
    failure::Failure,
    reply::Reply,
};

/// The connections to one server: made when they are needed, lent to one request at a time, and kept for the next.
///
/// A connection is driven by the runtime that made it, so it is lent there only: otherwise every answer would wake the thread of another worker,
/// and end with it. One that broke, or whose caller gave up waiting, is closed: it may still owe an answer.
#[derive(Debug)]
pub(super) struct Pool {
    /// As it stands in the configuration; its address is looked up whenever a connection is made.
    server: Arc<str>,
    idle: Mutex<Vec<(runtime::Id, Connection)>>,
    permits: Semaphore,
    /// How many there are at most.
    connections: usize,
    timeout: Duration,
}

/// What a value is stored with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    pub(super) key: usize,
    pub(super) value: usize,
}

impl Pool {
    pub(super) fn new(server: Arc<str>, connections: usize, timeout: Duration) -> Self {
        Self {
            server,
            idle: Mutex::default(),
            permits: Semaphore::new(connections),
            connections,
            timeout,
        }
    }

    pub(super) fn server(&self) -> &str {
        &self.server
    }

    /// The answers to commands, which are sent together.
    pub(super) async fn ask(&self, commands: &[u8], count: usize) -> Result<Vec<Reply>, Failure> {
        self.exchange(commands, count, None).await
    }

    /// The answer to a command that stores a value, unless the server would not take it.
    pub(super) async fn store(&self, command: &[u8], size: Size) -> Result<Reply, Failure> {
        let mut replies = self.exchange(command, 1, Some(size)).await?;
        match replies.pop() {
            Some(Reply::TooLarge) => Err(self.not_done(MemcachedErrorKind::TooLarge)),
            Some(Reply::OutOfMemory) => Err(self.not_done(MemcachedErrorKind::Full)),
            Some(Reply::Refused) | None => Err(self.not_done(MemcachedErrorKind::Refused)),
            Some(reply) => Ok(reply),
        }
    }

    /// Sees to it that there is a connection.
    pub(super) async fn connect(&self) -> Result<(), MemcachedError> {
        match self.lend().await {
            Ok(lent) => {
                self.put(lent);
                Ok(())
            }
            Err(Failure::NotDone(error) | Failure::Lost(error)) => Err(error),
        }
    }

    async fn exchange(
        &self,
        commands: &[u8],
        count: usize,
        size: Option<Size>,
    ) -> Result<Vec<Reply>, Failure> {
        let mut lent = self.lend().await?;
        if size.is_some_and(|size| !lent.connection.takes(size.key, size.value)) {
            self.put(lent);
            return Err(self.not_done(MemcachedErrorKind::TooLarge));
        }
        let lost = MemcachedError::new(MemcachedErrorKind::NoAnswer).at(&self.server);
        let answered = timeout(self.timeout, lent.connection.exchange(commands, count)).await;
        match answered {
            Ok(Ok(replies)) => {
                // What follows on a command that was not understood is anybody's guess.
                if !replies.contains(&Reply::Refused) {
                    self.put(lent);
                }
                Ok(replies)
            }
            Ok(Err(error)) => Err(Failure::Lost(lost.because(error))),
            Err(_) => Err(Failure::Lost(lost)),
        }
    }

    /// A connection, if need be a new one.
    async fn lend(&self) -> Result<Lent<'_>, Failure> {
        let unavailable = || self.not_done(MemcachedErrorKind::Unavailable);
        // Without a runtime, every attempt to connect or to wait would panic.
        let Ok(runtime) = Handle::try_current() else {
            return Err(unavailable());
        };
        let runtime = runtime.id();
        let Ok(Ok(permit)) = timeout(self.timeout, self.permits.acquire()).await else {
            return Err(unavailable());
        };
        let connection = match self.take(runtime) {
            Some(connection) => connection,
            None => match timeout(self.timeout, Connection::open(&self.server)).await {
                Ok(Ok(connection)) => connection,
                Ok(Err(error)) => return Err(Failure::NotDone(error.at(&self.server))),
                Err(_) => return Err(unavailable()),
            },
        };
        Ok(Lent {
            connection,
            runtime,
            _permit: permit,
        })
    }

    fn not_done(&self, kind: MemcachedErrorKind) -> Failure {
        Failure::NotDone(MemcachedError::new(kind).at(&self.server))
    }

    /// One that was made here and is alive.
    fn take(&self, runtime: runtime::Id) -> Option<Connection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(last) = idle.iter().rposition(|(made_by, _)| *made_by == runtime) {
            let (_, connection) = idle.remove(last);
            if connection.is_idle() {
                return Some(connection);
            }
        }
        // There will be a new one; those that nobody took for longest are perhaps of a runtime that has ended.
        let in_use = self.connections - self.permits.available_permits();
        let excess = (idle.len() + in_use).saturating_sub(self.connections);
        idle.drain(..excess);
        None
    }

    fn put(&self, lent: Lent<'_>) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.push((lent.runtime, lent.connection));
    }
}

/// A connection that one request has to itself.
struct Lent<'a> {
    connection: Connection,
    runtime: runtime::Id,
    _permit: SemaphorePermit<'a>,
}
