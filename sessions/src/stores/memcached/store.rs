use std::{fmt, sync::Arc};

use futures_util::future::try_join_all;

use crate::{
    clock::Timestamp,
    store::{
        Abilities, Answer, Loaded, SessionStore, StoreError, StoreErrorKind, StoreKey, Touched,
        Write, Written, packed::Packed,
    },
};

use super::{
    builder::MemcachedStoreBuilder,
    change::{Change, touch},
    error::MemcachedError,
    failure::Failure,
    item::{Item, refused},
    reply::Reply,
    servers::Servers,
};

/// Keeps sessions in memcached: for many machines, in memory, until that is needed for something else.
///
/// One server or several, memcached from version 1.6 on. It takes the feature `memcached`. **A session may end at any time**: see below. It is for
/// sessions whose loss is a nuisance and no harm, in a place that runs memcached already; where it is to stay, take another store.
///
/// # How to start
///
/// `docker run -p 11211:11211 memcached:alpine -I 2m`, or the package `memcached`, and:
///
/// ```no_run
/// use sessions::MemcachedStore;
///
/// # async fn start() -> Result<(), sessions::MemcachedError> {
/// // One server.
/// let store = MemcachedStore::connect(["127.0.0.1:11211"]).await?;
///
/// // Several, each with its share of the sessions; the same list for every process, in any order.
/// let store = MemcachedStore::builder(["10.0.0.1:11211", "10.0.0.2:11211", "10.0.0.3:11211"])
///     .prefix("shop:")
///     .connect()
///     .await?;
/// # Ok(())
/// # }
/// ```
///
/// A server that cannot be reached, or is something else, is an error here, at start. What breaks later heals by itself: meanwhile, requests for
/// the sessions of that server fail as [`Unavailable`](StoreErrorKind::Unavailable).
///
/// A server that was started with `-C` is refused: it compares nothing before it writes, so that a logout would be undone by a slower request.
///
/// Nobody but your own machines may reach the servers: this speaks to them without a password and without TLS, and who can write there can forge
/// sessions. `encrypt_at_rest` keeps the data from whoever listens, and from being altered.
///
/// # What is kept
///
/// ```text
/// sessions:<store key>           what there is to say about the session, then its body
/// ```
///
/// The bytes are drawn in `docs/formats.md`. No token is stored, nor anything to find one by. Which server a key lies on follows from the key and
/// the servers' addresses as they are written: the one whose hash together with the key's is the highest.
///
/// # How it expires
///
/// By its deadline, which stands in the record and is compared to the caller's clock. Besides, the server is told to forget every record a minute
/// after its deadline, so there is nothing to sweep. (Deadlines more than thirty days ahead it compares to its own clock; those after January 2038
/// it does not take, and keeps such a record until it wants the room.)
///
/// # What it does not promise
///
/// - **That a session stays.** When a server's memory is full (`-m`, 64 MB by default), it throws out what was not used for longest: people are
///   logged out. So they are, all of them, when the server is started again. Watch `evictions` in `stats`. With `-M` it refuses new sessions
///   instead ([`Full`](StoreErrorKind::Full)), and even then an update that finds no room ends the session.
/// - **Nor that it stays where it is.** A server added to the list takes its share of the sessions from all others, and a server taken off the list
///   takes its share with it: those are lost. A server that is down is not replaced by another, because its old sessions would be back with it.
/// - **No list of a principal's sessions, and no limit.** There is no index: [`build`](crate::SessionMiddlewareBuilder::build) refuses a limit, and whoever
///   asks for a list gets [`NoPrincipalIndex`](crate::SessionErrorKind::NoPrincipalIndex), at the first request that does.
/// - **No second copy**, and no transaction over two keys: a renewal is three steps. If our process dies between them, a record that nobody has the
///   token of is left until its deadline.
///
/// # How fast
///
/// A load and a deletion are one round trip; several loads are one to each server, all at once. A save, a creation excepted, is two, since the server
/// compares only numbers that it gives out itself, and so is a touch, which carries the whole record there and back; a renewal is three.
///
/// # How large
///
/// A session with a body of 300 bytes takes 490 bytes of the server's memory, in a place of 600: it keeps items in classes of size, each a quarter larger than the
/// one before. A record and its key must be smaller than the largest item that the server takes (`-I`, 1 MiB by
/// default), which the store asks it for: what is larger is refused as [`TooLarge`](StoreErrorKind::TooLarge). Sessions may have a body of 1 MiB by
/// default, so start the server with `-I 2m`, or limit the sessions. Up to 64 connections are opened to each server by each process
/// ([`connections`](MemcachedStoreBuilder::connections)).
#[derive(Clone)]
pub struct MemcachedStore {
    servers: Arc<Servers>,
}

/// So many keys are asked for in one go: the commands fit into what a network holds, so that neither side waits for the other to read.
const TOGETHER: usize = 64;

impl MemcachedStore {
    /// Connects to servers: `host:port`, each.
    ///
    /// # Errors
    ///
    /// See [`MemcachedStoreBuilder::connect`].
    pub async fn connect(
        servers: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Self, MemcachedError> {
        Self::builder(servers).connect().await
    }

    /// Servers, with options.
    pub fn builder(servers: impl IntoIterator<Item = impl AsRef<str>>) -> MemcachedStoreBuilder {
        MemcachedStoreBuilder::new(servers)
    }

    pub(super) fn new(servers: Servers) -> Self {
        Self {
            servers: Arc::new(servers),
        }
    }

    async fn load_one(&self, key: &StoreKey, now: Timestamp) -> Result<Option<Loaded>, StoreError> {
        let item = Item::new(&self.servers, key).map_err(Failure::into_store_error)?;
        match item.get().await.map_err(Failure::into_store_error)? {
            None => Ok(None),
            Some(stored) => loaded(&stored.bytes, now),
        }
    }

    /// What one server holds of these keys, in their order.
    async fn load_from(
        &self,
        server: usize,
        keys: &[StoreKey],
        now: Timestamp,
    ) -> Result<Vec<Option<Loaded>>, StoreError> {
        let Some(pool) = self.servers.pool(server) else {
            return Err(StoreError::new(StoreErrorKind::Unavailable));
        };
        let mut found = Vec::with_capacity(keys.len());
        for keys in keys.chunks(TOGETHER) {
            let commands: String = keys
                .iter()
                .map(|key| format!("mg {} v c\r\n", self.servers.name(key)))
                .collect();
            let replies = match pool.ask(commands.as_bytes(), keys.len()).await {
                Err(Failure::Lost(_)) => pool.ask(commands.as_bytes(), keys.len()).await,
                replies => replies,
            };
            for reply in replies.map_err(Failure::into_store_error)? {
                found.push(match reply {
                    Reply::Nothing => None,
                    Reply::Found { value, .. } => loaded(&value, now)?,
                    _ => return Err(refused().into_store_error()),
                });
            }
        }
        Ok(found)
    }
}

fn loaded(bytes: &[u8], now: Timestamp) -> Result<Option<Loaded>, StoreError> {
    let packed = Packed::decode(bytes).ok_or_else(|| StoreError::new(StoreErrorKind::Corrupt))?;
    Ok(packed.is_alive(now).then(|| packed.into_loaded()))
}

impl SessionStore for MemcachedStore {
    fn write<'a>(&'a self, write: Write<'a>) -> Answer<'a, Written> {
        // A limit is decided where all sessions of a principal are seen at once, and here they are nowhere.
        if write.admission.is_some() {
            return Answer::ready(Err(StoreError::new(StoreErrorKind::Refused)));
        }
        Answer::pending(async move { Change::new(&self.servers, write)?.apply().await })
    }

    fn load<'a>(&'a self, key: &'a StoreKey, now: Timestamp) -> Answer<'a, Option<Loaded>> {
        Answer::pending(self.load_one(key, now))
    }

    fn touch<'a>(
        &'a self,
        key: &'a StoreKey,
        deadline: Timestamp,
        now: Timestamp,
    ) -> Answer<'a, Touched> {
        Answer::pending(touch(&self.servers, key, deadline, now))
    }

    fn delete<'a>(&'a self, key: &'a StoreKey) -> Answer<'a, ()> {
        Answer::pending(async move {
            let item = Item::new(&self.servers, key).map_err(Failure::into_store_error)?;
            item.delete().await.map_err(Failure::into_store_error)
        })
    }

    /// The servers forget by themselves.
    fn delete_expired(&self, _limit: usize, _now: Timestamp) -> Answer<'_, usize> {
        Answer::ready(Ok(0))
    }

    /// One round trip to each server, all at once.
    fn load_many<'a>(
        &'a self,
        keys: &'a [StoreKey],
        now: Timestamp,
    ) -> Answer<'a, Vec<Option<Loaded>>> {
        Answer::pending(async move {
            let mut places = vec![Vec::new(); self.servers.len()];
            let mut shares = vec![Vec::new(); self.servers.len()];
            for (place, key) in keys.iter().enumerate() {
                let server = self.servers.number_of(key);
                if let (Some(places), Some(share)) =
                    (places.get_mut(server), shares.get_mut(server))
                {
                    places.push(place);
                    share.push(*key);
                }
            }
            let loads = shares.iter().enumerate();
            let loads = loads.map(|(server, share)| self.load_from(server, share, now));
            let found = try_join_all(loads).await?;
            let mut answers = vec![None; keys.len()];
            for (place, loaded) in places.iter().flatten().zip(found.into_iter().flatten()) {
                if let Some(answer) = answers.get_mut(*place) {
                    *answer = loaded;
                }
            }
            Ok(answers)
        })
    }

    fn abilities(&self) -> Abilities<'_> {
        Abilities {
            expires_by_itself: true,
            ..Abilities::default()
        }
    }
}

/// Without the servers: their addresses may be nobody's business.
impl fmt::Debug for MemcachedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemcachedStore")
            .field("servers", &self.servers.len())
            .field("prefix", &self.servers.prefix())
            .finish_non_exhaustive()
    }
}
