use std::sync::atomic::{AtomicUsize, Ordering};

use redis::{Value, cmd};
use tokio::time::timeout;

use super::{
    error::{RedisError, RedisErrorKind},
    failure,
    lanes::CONNECT_LIMIT,
    link::Link,
    server::Server,
};

/// How to find the one server that takes the writes.
pub(super) enum Primary {
    /// It is where it is.
    Fixed {
        server: Server,
        /// A key of ours that holds nothing, to try whether writes are taken; `None` for a node of a cluster, which has not every key.
        probe: Option<Vec<u8>>,
    },
    /// Sentinels know where it is now.
    Watched {
        sentinels: Vec<Server>,
        /// The sentinel that is asked first: the one that knew last time.
        first: AtomicUsize,
        name: String,
        /// The primary, but for its address.
        template: Server,
        probe: Vec<u8>,
    },
}

impl Primary {
    /// Connects to it, and tries whether it takes writes.
    pub(super) async fn open(&self) -> Result<Link, RedisError> {
        match self {
            Self::Fixed { server, probe } => {
                let link = server.open().await?;
                if let Some(probe) = probe {
                    try_to_write(&link, probe, server).await?;
                }
                Ok(link)
            }
            Self::Watched {
                sentinels,
                first,
                name,
                template,
                probe,
            } => {
                let begin = first.load(Ordering::Relaxed);
                let mut worst = RedisError::new(RedisErrorKind::Unavailable);
                for turn in 0..sentinels.len() {
                    let number = (begin + turn) % sentinels.len();
                    let Some(sentinel) = sentinels.get(number) else {
                        continue;
                    };
                    // A sentinel that does not answer is no reason not to ask the next.
                    let limit = CONNECT_LIMIT / 4;
                    let asked = timeout(limit, ask(sentinel, name)).await;
                    let unanswered =
                        || Err(RedisError::new(RedisErrorKind::Unavailable).at(sentinel.name()));
                    let server = match asked.unwrap_or_else(|_| unanswered()) {
                        Ok((host, port)) => template.elsewhere(&host, port),
                        Err(error) => {
                            worst = error;
                            continue;
                        }
                    };
                    let opened = timeout(limit, async {
                        let link = server.open().await?;
                        try_to_write(&link, probe, &server).await?;
                        Ok(link)
                    });
                    let unreachable =
                        || Err(RedisError::new(RedisErrorKind::Unavailable).at(server.name()));
                    match opened.await.unwrap_or_else(|_| unreachable()) {
                        Ok(link) => {
                            first.store(number, Ordering::Relaxed);
                            return Ok(link);
                        }
                        // The sentinel has not heard of a fail-over yet, or it is under way.
                        Err(error) if error.kind() == RedisErrorKind::ReadOnly => {
                            worst = RedisError::new(RedisErrorKind::Unavailable).at(server.name());
                        }
                        Err(error) => worst = error,
                    }
                }
                Err(worst)
            }
        }
    }

    /// A name for messages.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Fixed { server, .. } => server.name(),
            Self::Watched { name, .. } => name,
        }
    }
}

/// Deletes nothing: a replica refuses even that, and so do a server that wants a password and one that is loading.
async fn try_to_write(link: &Link, probe: &[u8], server: &Server) -> Result<(), RedisError> {
    cmd("DEL")
        .arg(probe)
        .query_async::<()>(&mut link.connection())
        .await
        .map_err(|error| {
            RedisError::new(failure::kind(&error))
                .because(&error)
                .at(server.name())
        })
}

/// What a sentinel says where the primary is.
async fn ask(sentinel: &Server, name: &str) -> Result<(String, u16), RedisError> {
    let link = sentinel.open().await?;
    let answer = cmd("SENTINEL")
        .arg("GET-MASTER-ADDR-BY-NAME")
        .arg(name)
        .query_async::<Value>(&mut link.connection())
        .await
        .map_err(|error| {
            RedisError::new(failure::kind(&error))
                .because(&error)
                .at(sentinel.name())
        })?;
    let unknown = || RedisError::new(RedisErrorKind::UnknownPrimary).at(sentinel.name());
    let (host, port) = redis::from_redis_value::<Option<(String, u16)>>(answer)
        .map_err(|_| unknown())?
        .ok_or_else(unknown)?;
    Ok((host, port))
}
