use std::{
    future::Future,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering},
    },
    thread_local,
    time::Duration,
};

use redis::{Cmd, Pipeline, RedisResult, Value};
use tokio::{runtime::Handle, sync, task, time::timeout};

use super::{
    error::{RedisError, RedisErrorKind},
    failure::Failure,
    link::Link,
    primary::Primary,
};

/// The connections to one server: each thread that asks has one of its own, made when it first asks and again when it broke.
///
/// A connection is driven by the runtime that made it. With one for all, every request of every worker would wake the same thread, there and
/// back, and all would end with it.
pub(super) struct Lanes {
    lanes: Box<[Arc<Lane>]>,
}

/// How long connecting may take: finding the server, greeting it, and all that again for every sentinel.
pub(super) const CONNECT_LIMIT: Duration = Duration::from_secs(4);

/// More threads than this share.
const LANES: usize = 64;

/// So many callers in a row that gave up waiting, and no answer between them, are a connection that is dead and does not say so.
const PATIENCE: u32 = 8;

impl Lanes {
    pub(super) fn new(primary: Primary) -> Self {
        let primary = Arc::new(primary);
        Self {
            lanes: (0..LANES)
                .map(|_| {
                    Arc::new(Lane {
                        primary: Arc::clone(&primary),
                        link: Mutex::default(),
                        last_error: sync::Mutex::default(),
                        attempts: AtomicU64::new(0),
                        given_up: AtomicU32::new(0),
                    })
                })
                .collect(),
        }
    }

    /// Sees to it that this thread has a connection.
    pub(super) async fn connect(&self) -> Result<(), RedisError> {
        self.open().await.map(drop)
    }

    /// What the server answers to a command, within the limit.
    pub(super) async fn run(&self, command: &Cmd, limit: Duration) -> Result<Value, Failure> {
        let (lane, link) = self.open().await.map_err(Failure::NotDone)?;
        let mut connection = link.connection();
        let asked = connection.send_packed_command(command);
        extracted(lane.answer(&link, limit, asked).await?)
    }

    /// What the server answers to several commands, each, within the limit.
    pub(super) async fn run_all(
        &self,
        commands: &Pipeline,
        limit: Duration,
    ) -> Result<Vec<Result<Value, Failure>>, Failure> {
        let (lane, link) = self.open().await.map_err(Failure::NotDone)?;
        let mut connection = link.connection();
        let asked = connection.send_packed_commands(commands, 0, commands.len());
        let answers = lane.answer(&link, limit, asked).await?;
        Ok(answers.into_iter().map(extracted).collect())
    }

    async fn open(&self) -> Result<(&Arc<Lane>, Link), RedisError> {
        let lane = self.lane()?;
        Ok((lane, lane.link().await?))
    }

    /// Has the next request connect anew: this server takes no writes anymore.
    pub(super) fn retire(&self) {
        if let Ok(lane) = self.lane() {
            *lane.current() = None;
        }
    }

    fn lane(&self) -> Result<&Arc<Lane>, RedisError> {
        thread_local! {
            static NUMBER: usize = NEXT.fetch_add(1, Ordering::Relaxed);
        }
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        // Without one, every attempt to connect or to wait would panic.
        if Handle::try_current().is_err() {
            return Err(RedisError::new(RedisErrorKind::Unavailable));
        }
        let number = NUMBER.with(|number| *number);
        self.lanes
            .get(number % LANES)
            .ok_or_else(|| RedisError::new(RedisErrorKind::Unavailable))
    }
}

/// One connection, or the place for one.
struct Lane {
    primary: Arc<Primary>,
    link: Mutex<Option<Link>>,
    /// Why connecting failed the last time. Locked while somebody connects.
    last_error: sync::Mutex<Option<RedisError>>,
    /// How often somebody has tried to connect.
    attempts: AtomicU64,
    /// How many callers in a row gave up waiting for an answer.
    given_up: AtomicU32,
}

impl Lane {
    fn current(&self) -> MutexGuard<'_, Option<Link>> {
        self.link.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection that is alive, if need be a new one.
    async fn link(self: &Arc<Self>) -> Result<Link, RedisError> {
        let current = self.current().clone();
        if let Some(link) = current.filter(Link::is_alive) {
            return Ok(link);
        }
        let seen = self.attempts.load(Ordering::Relaxed);
        let lane = Arc::clone(self);
        // A task of its own: a caller who gives up must not take the connection from all who wait with him.
        let connecting = task::spawn(async move { lane.connect(seen).await });
        connecting
            .await
            .unwrap_or_else(|_| Err(RedisError::new(RedisErrorKind::Unavailable)))
    }

    /// Connects, unless somebody else did so since `seen` attempts: then what came of that is the answer.
    async fn connect(&self, seen: u64) -> Result<Link, RedisError> {
        let mut last_error = self.last_error.lock().await;
        let current = self.current().clone();
        if let Some(link) = current.filter(Link::is_alive) {
            return Ok(link);
        }
        if self.attempts.load(Ordering::Relaxed) != seen
            && let Some(error) = &*last_error
        {
            return Err(error.clone());
        }
        let opened = timeout(CONNECT_LIMIT, self.primary.open()).await;
        self.attempts.fetch_add(1, Ordering::Relaxed);
        match opened {
            Ok(Ok(link)) => {
                self.given_up.store(0, Ordering::Relaxed);
                *self.current() = Some(link.clone());
                *last_error = None;
                Ok(link)
            }
            failed => {
                let error = failed.ok().and_then(Result::err).unwrap_or_else(|| {
                    RedisError::new(RedisErrorKind::Unavailable).at(&self.primary.name().into())
                });
                *last_error = Some(error.clone());
                Err(error)
            }
        }
    }

    /// Waits for an answer, and draws the conclusions if there is none.
    async fn answer<T>(
        &self,
        link: &Link,
        limit: Duration,
        asked: impl Future<Output = RedisResult<T>>,
    ) -> Result<T, Failure> {
        let mut waiting = Waiting {
            lane: self,
            link,
            is_over: false,
        };
        let answer = timeout(limit, asked).await;
        waiting.is_over = true;
        match answer {
            Ok(Ok(answer)) => {
                self.given_up.store(0, Ordering::Relaxed);
                Ok(answer)
            }
            Ok(Err(error)) => {
                let failure = Failure::of_sent(&error);
                if matches!(failure, Failure::Lost(_)) {
                    self.replace(link);
                }
                Err(failure)
            }
            Err(_) => {
                self.replace(link);
                let error = RedisError::new(RedisErrorKind::NoAnswer);
                Err(Failure::Late(error.at(&self.primary.name().into())))
            }
        }
    }

    /// Has the next request connect anew. Who still waits on the old connection may still be answered.
    fn replace(&self, link: &Link) {
        let mut current = self.current();
        if current.as_ref().is_some_and(|current| current.is(link)) {
            *current = None;
        }
    }
}

/// Notices that somebody who waits for an answer gives up.
struct Waiting<'a> {
    lane: &'a Lane,
    link: &'a Link,
    is_over: bool,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if !self.is_over && self.lane.given_up.fetch_add(1, Ordering::Relaxed) + 1 >= PATIENCE {
            self.lane.replace(self.link);
        }
    }
}

fn extracted(answer: Value) -> Result<Value, Failure> {
    answer
        .extract_error()
        .map_err(|error| Failure::of_sent(&error))
}
