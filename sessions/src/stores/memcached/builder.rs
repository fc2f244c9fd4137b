use std::time::Duration;

use super::{error::MemcachedError, servers::Servers, store::MemcachedStore};

/// Says how to keep sessions in memcached; [`connect`](Self::connect) makes the store.
///
/// It comes from [`MemcachedStore::builder`].
///
/// ```no_run
/// use std::time::Duration;
/// use sessions::MemcachedStore;
///
/// # async fn start() -> Result<(), sessions::MemcachedError> {
/// let store = MemcachedStore::builder(["10.0.0.1:11211", "10.0.0.2:11211"])
///     .prefix("shop:")
///     .timeout(Duration::from_millis(500))
///     .connect()
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct MemcachedStoreBuilder {
    addresses: Vec<String>,
    prefix: String,
    connections: usize,
    timeout: Duration,
}

impl MemcachedStoreBuilder {
    pub(super) fn new(addresses: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        Self {
            addresses: addresses
                .into_iter()
                .map(|address| address.as_ref().to_owned())
                .collect(),
            prefix: "sessions:".to_owned(),
            connections: 64,
            timeout: Duration::from_secs(1),
        }
    }

    /// Begins every key with this: `sessions:` by default.
    ///
    /// Set it where several applications share a server, so that neither sees the other's sessions. Sessions under another prefix are not found:
    /// to change it logs everybody out.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Opens up to so many connections to each server: 64 by default, and at least one.
    ///
    /// Each carries one request at a time. Set it higher if more are under way at once, and a server takes so many from all its clients
    /// (`-c 1024` unless it is told otherwise).
    pub fn connections(mut self, connections: usize) -> Self {
        self.connections = connections.clamp(1, MAX_CONNECTIONS);
        self
    }

    /// Waits so long for an answer: a second by default.
    ///
    /// As long for a free connection, and as long for a new one. A request that is not answered by then has failed, and its connection is closed.
    /// Shorter lets visitors wait less for a server that hangs.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Connects to every server, and asks what it is.
    ///
    /// Later, the store connects by itself, whenever it needs another connection or one has broken.
    ///
    /// # Errors
    ///
    /// If an address is none, or stands twice; if the prefix cannot be part of a key; if one of the servers does not answer, is no memcached of
    /// version 1.6 or newer, or compares nothing before it writes (`-C`). The [kind](MemcachedError::kind) says which.
    pub async fn connect(self) -> Result<MemcachedStore, MemcachedError> {
        let servers = Servers::new(
            &self.addresses,
            &self.prefix,
            self.connections,
            self.timeout,
        )?;
        servers.connect().await?;
        Ok(MemcachedStore::new(servers))
    }
}

/// More than any server has ports for.
const MAX_CONNECTIONS: usize = 65_535;
