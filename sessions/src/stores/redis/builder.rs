use std::{fmt, sync::atomic::AtomicUsize, time::Duration};

use super::{
    cluster::Cluster,
    engine::Engine,
    error::{RedisError, RedisErrorKind},
    lanes::Lanes,
    names::Names,
    primary::Primary,
    server::Server,
    store::RedisStore,
};

/// Says how to keep sessions in Redis; [`connect`](Self::connect) makes the store.
///
/// It comes from [`RedisStore::single`], [`RedisStore::sentinel`] or [`RedisStore::cluster`].
///
/// ```no_run
/// use std::time::Duration;
/// use sessions::RedisStore;
///
/// # async fn start() -> Result<(), sessions::RedisError> {
/// let store = RedisStore::single("rediss://app:secret@redis.example.net/0")
///     .prefix("shop:")
///     .timeout(Duration::from_secs(1))
///     .connect()
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use]
pub struct RedisStoreBuilder {
    shape: Shape,
    names: Names,
    timeout: Duration,
}

/// The URLs have passwords.
#[derive(Clone)]
enum Shape {
    Single(String),
    Sentinel(Vec<String>, String),
    Cluster(Vec<String>),
}

impl RedisStoreBuilder {
    fn new(shape: Shape) -> Self {
        Self {
            shape,
            names: Names::new("sessions:".to_owned()),
            timeout: Duration::from_secs(3),
        }
    }

    pub(super) fn single(url: &str) -> Self {
        Self::new(Shape::Single(url.to_owned()))
    }

    pub(super) fn sentinel(urls: impl IntoIterator<Item = impl AsRef<str>>, primary: &str) -> Self {
        Self::new(Shape::Sentinel(owned(urls), primary.to_owned()))
    }

    pub(super) fn cluster(urls: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        Self::new(Shape::Cluster(owned(urls)))
    }

    /// Begins every key with this: `sessions:` by default.
    ///
    /// Set it where several applications share a server, so that neither sees the other's sessions. Sessions under another prefix are not found:
    /// to change it logs everybody out.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.names = Names::new(prefix.into());
        self
    }

    /// Waits so long for an answer: three seconds by default.
    ///
    /// A request that is not answered by then has failed, and the connection is made anew. Shorter lets visitors wait less for a server that
    /// hangs; too short, and a server that pauses for a moment, to write a snapshot, fails requests that it would have answered. To connect may
    /// take four seconds besides.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Connects, and tries whether sessions can be written.
    ///
    /// Later, the store connects by itself: to another worker's server, and whenever a connection has broken.
    ///
    /// # Errors
    ///
    /// If a URL is none, if no server answers, if it does not let this user in or does not have this database, if it is a replica, and if it
    /// is part of a cluster where one server was meant, or the other way round. In any case, whatever is wrong can be read from the
    /// [kind](RedisError::kind).
    pub async fn connect(self) -> Result<RedisStore, RedisError> {
        let probe = self.names.probe();
        let engine = match &self.shape {
            Shape::Single(url) => {
                let server = Server::parse(url)?;
                let probe = Some(probe);
                let lanes = Lanes::new(Primary::Fixed { server, probe });
                lanes.connect().await?;
                Engine::One(lanes)
            }
            Shape::Sentinel(urls, primary) => {
                let template = if primary.contains("://") {
                    Server::parse(primary)?
                } else {
                    Server::named(primary)?
                };
                let Some((name, _)) = template.host_and_port() else {
                    return Err(RedisError::new(RedisErrorKind::InvalidUrl));
                };
                let lanes = Lanes::new(Primary::Watched {
                    sentinels: servers(urls)?,
                    first: AtomicUsize::new(0),
                    name: name.to_owned(),
                    template,
                    probe,
                });
                lanes.connect().await?;
                Engine::One(lanes)
            }
            Shape::Cluster(urls) => {
                let seeds = servers(urls)?;
                // A cluster has one database, and a socket leads to one of its nodes only.
                let is_node =
                    |seed: &Server| seed.database() == 0 && seed.host_and_port().is_some();
                if !seeds.iter().all(is_node) {
                    return Err(RedisError::new(RedisErrorKind::InvalidUrl));
                }
                Engine::Cluster(Cluster::connect(seeds).await?)
            }
        };
        RedisStore::connected(engine, self.names, self.timeout).await
    }
}

fn owned(urls: impl IntoIterator<Item = impl AsRef<str>>) -> Vec<String> {
    urls.into_iter()
        .map(|url| url.as_ref().to_owned())
        .collect()
}

/// At least one.
fn servers(urls: &[String]) -> Result<Vec<Server>, RedisError> {
    if urls.is_empty() {
        return Err(RedisError::new(RedisErrorKind::InvalidUrl));
    }
    urls.iter().map(|url| Server::parse(url)).collect()
}

/// Without the URLs.
impl fmt::Debug for RedisStoreBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStoreBuilder")
            .field(
                "shape",
                &match self.shape {
                    Shape::Single(_) => "single",
                    Shape::Sentinel(..) => "sentinel",
                    Shape::Cluster(_) => "cluster",
                },
            )
            .field("prefix", &self.names.prefix())
            .field("timeout", &self.timeout)
            .finish()
    }
}
