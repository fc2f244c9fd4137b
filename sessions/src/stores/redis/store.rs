use std::{fmt, sync::Arc, time::Duration};

use redis::{Value, cmd};

use crate::{
    clock::Timestamp,
    store::{
        Abilities, Answer, Listed, Loaded, Principal, PrincipalIndex, Revision, Scan, ScanCursor,
        Scanned, SessionStore, StoreError, StoreErrorKind, StoreKey, Touched, Write, Written,
        packed::Packed,
    },
};

use super::{
    builder::RedisStoreBuilder,
    engine::{Effect, Engine},
    error::{RedisError, RedisErrorKind},
    expiry::{dead, lifetime},
    failure::Failure,
    names::Names,
    reply::Reply,
    script::{DELETE, TOUCH},
    write::ATTEMPTS,
};

/// Keeps sessions in Redis or Valkey: for many machines, in memory, gone by themselves at their deadline.
///
/// One server, one with replicas that sentinels watch, or a cluster; Redis from version 7 on, Valkey, and whatever speaks their protocol
/// (version 3 of it) and runs scripts. It takes the feature `redis`.
///
/// # How to start
///
/// `docker run -p 6379:6379 valkey/valkey`, or the package `redis-server`, and:
///
/// ```no_run
/// use sessions::RedisStore;
///
/// # async fn start() -> Result<(), sessions::RedisError> {
/// // One server.
/// let store = RedisStore::connect("redis://127.0.0.1:6379").await?;
///
/// // The primary that these sentinels watch as `sessions`. Who we are there stands in its URL, who we are to them in theirs.
/// let store = RedisStore::sentinel(
///     ["redis://10.0.0.1:26379", "redis://10.0.0.2:26379", "redis://10.0.0.3:26379"],
///     "redis://app:secret@sessions/0",
/// )
/// .connect()
/// .await?;
///
/// // A cluster: some of its nodes; the others are found.
/// let store = RedisStore::cluster(["redis://10.0.0.1:6379", "redis://10.0.0.2:6379"])
///     .prefix("shop:")
///     .connect()
///     .await?;
/// # Ok(())
/// # }
/// ```
///
/// `rediss://` is TLS, checked against the system's certificates, or those that the environment's `SSL_CERT_FILE` names. A server that cannot
/// be reached, does not know the password, or takes no writes is an error here, at start. What breaks later heals by itself: meanwhile,
/// requests fail as [`Unavailable`](StoreErrorKind::Unavailable) at once, and a new connection is tried for each.
///
/// A user of the server needs little: `~sessions:* +evalsha +eval +get +getrange +set +setrange +del +pexpire +pttl +zadd +zrange +zrem`
/// `+zremrangebyscore +zscore`, and in a cluster `+cluster|slots`.
///
/// # What is kept
///
/// ```text
/// sessions:record:<store key>           a string: what there is to say about the session, then its body
/// sessions:principal:<SHA-256>          a sorted set: the store keys of a principal's sessions, by deadline
/// ```
///
/// The bytes of a record are drawn in `docs/formats.md`. No token is stored, nor anything to find one by.
///
/// # How it expires
///
/// By its deadline, which stands in the record and is compared to the caller's clock; the server's clock is asked nothing. Besides, the server
/// is told to forget every record a minute after its deadline, and an index after the last of its sessions, so there is nothing to sweep.
///
/// # What it does not promise
///
/// - **A server's death may lose the last writes.** Redis answers before a write is on disk and before a replica has it: with
///   `appendfsync everysec` a machine that dies loses about a second, with snapshots alone all since the last one. A fail-over by sentinels or
///   within a cluster loses what the replica had not received, by default some milliseconds; a primary that is cut off from the others goes on
///   taking writes that are lost when it comes back, until the others stop it: set `min-replicas-to-write 1` and `min-replicas-max-lag 10`.
///   What is lost can be a login, and it can be a logout: a session that was destroyed in that window is back.
/// - **Nor that sessions stay when memory runs out.** With `maxmemory-policy noeviction`, which is the default, a write is refused
///   ([`Full`](StoreErrorKind::Full)). With any other policy, sessions of people who are logged in end.
/// - **In a cluster, no limit of sessions per principal**, since no step reaches two machines; the index is there, and what it says is checked
///   against the records. A renewal is then three steps: if our process dies between them, a record that nobody has the token of is left until
///   its deadline.
///
/// # How fast
///
/// Every verb is one round trip, and several loads are one together. For a session that has a principal, a touch and a deletion are two, since only
/// the record says whose it is, a write with a limit is two where there are other sessions, and a list is two. In a cluster, the index is a round
/// trip more for every write and every touch, and a renewal is two besides. A list reads the beginnings of records, not their bodies.
///
/// # How large
///
/// A session with a body of 300 bytes takes 580 bytes of the server's memory, one of 1,000 about 1,480; its place in the list of its principal 40
/// more, and 180 for the list. A million sessions are six tenths of a gigabyte; `MEMORY USAGE` of a key tells what yours take. Each worker of
/// each process has a connection of its own, in a cluster one to each primary; a server takes 10,000 (`maxclients`) unless it is told otherwise.
#[derive(Clone)]
pub struct RedisStore {
    pub(super) engine: Arc<Engine>,
    pub(super) names: Names,
    /// For an answer.
    pub(super) timeout: Duration,
}

impl RedisStore {
    /// Connects to one server: `redis://user:password@host:6379/0`, or `rediss://` for TLS.
    ///
    /// # Errors
    ///
    /// See [`RedisStoreBuilder::connect`].
    pub async fn connect(url: &str) -> Result<Self, RedisError> {
        Self::single(url).connect().await
    }

    /// One server, with options.
    pub fn single(url: &str) -> RedisStoreBuilder {
        RedisStoreBuilder::single(url)
    }

    /// The server that sentinels name as the primary.
    ///
    /// The URLs are the sentinels'. The primary is the name that they know it by, or a URL with that name in place of the host, which says the user,
    /// password and database there: `rediss://user:password@name/0`.
    pub fn sentinel(
        urls: impl IntoIterator<Item = impl AsRef<str>>,
        primary: &str,
    ) -> RedisStoreBuilder {
        RedisStoreBuilder::sentinel(urls, primary)
    }

    /// A cluster.
    ///
    /// The URLs are of some of its nodes, so many that one of them always runs. The first one's user and password are used on all.
    pub fn cluster(urls: impl IntoIterator<Item = impl AsRef<str>>) -> RedisStoreBuilder {
        RedisStoreBuilder::cluster(urls)
    }

    /// Tries whether records can be read where they will lie.
    pub(super) async fn connected(
        engine: Engine,
        names: Names,
        timeout: Duration,
    ) -> Result<Self, RedisError> {
        let store = Self {
            engine: Arc::new(engine),
            names,
            timeout,
        };
        let probe = store.names.probe();
        let tried = store
            .engine
            .script(&DELETE, &[&probe], &[], Effect::Repeatable, timeout)
            .await;
        match tried {
            Ok(_) => Ok(store),
            Err(Failure::NotDone(error) | Failure::Late(error) | Failure::Lost(error)) => {
                Err(error)
            }
            Err(Failure::Moved(_) | Failure::Ask(_)) => {
                Err(RedisError::new(RedisErrorKind::OtherShape))
            }
            Err(Failure::UnknownScript | Failure::Foreign) => {
                Err(RedisError::new(RedisErrorKind::Refused))
            }
        }
    }

    pub(super) fn is_cluster(&self) -> bool {
        matches!(*self.engine, Engine::Cluster(_))
    }

    async fn load_one(&self, key: &StoreKey, now: Timestamp) -> Result<Option<Loaded>, StoreError> {
        let name = self.names.record(key);
        let command = cmd("GET").arg(&name).to_owned();
        let answer = self
            .engine
            .run(&name, &command, Effect::Repeatable, self.timeout)
            .await
            .map_err(Failure::into_store_error)?;
        loaded(&answer, now)
    }

    /// Deletes what is under a key, or only what is in the expected state.
    pub(super) async fn remove(
        &self,
        key: &StoreKey,
        expected: Option<Revision>,
        now: Timestamp,
        effect: Effect,
    ) -> Result<Reply, Failure> {
        let name = self.names.record(key);
        let now = now.as_seconds().to_string();
        let expected = expected.map(|expected| *expected.as_bytes());
        let mut arguments = Vec::new();
        if let Some(expected) = &expected {
            arguments.extend([&expected[..], now.as_bytes()]);
        }
        let answer = self
            .engine
            .script(&DELETE, &[&name], &arguments, effect, self.timeout)
            .await?;
        Reply::parse(answer)
    }

    async fn touch_one(
        &self,
        key: &StoreKey,
        deadline: Timestamp,
        now: Timestamp,
    ) -> Result<Touched, Failure> {
        let name = self.names.record(key);
        let (now_text, deadline_text) = (
            now.as_seconds().to_string(),
            deadline.as_seconds().to_string(),
        );
        let lifetime = lifetime(deadline, now);
        let (now_bytes, deadline_bytes) = (
            now.as_seconds().to_be_bytes(),
            deadline.as_seconds().to_be_bytes(),
        );
        let dead = dead(now);
        let mut owner = None::<Principal>;
        for _ in 0..ATTEMPTS {
            let index = owner.as_ref().map(|owner| self.names.index(owner));
            let mut keys = vec![&*name];
            let mut arguments = vec![
                now_text.as_bytes(),
                deadline_text.as_bytes(),
                lifetime.as_bytes(),
                &now_bytes,
                &deadline_bytes,
                dead.as_bytes(),
                key.as_bytes(),
            ];
            if let (Some(owner), Some(index)) = (&owner, &index) {
                arguments.push(owner.as_bytes());
                if self.is_cluster() {
                    // Before the record, so that none outlives its place in the list.
                    self.enlist(owner, key, deadline, now).await?;
                } else {
                    keys.push(index);
                }
            }
            let answer = self
                .engine
                .script(&TOUCH, &keys, &arguments, Effect::Repeatable, self.timeout)
                .await?;
            match Reply::parse(answer)? {
                Reply::Applied { .. } => return Ok(Touched::Applied),
                Reply::Missing => return Ok(Touched::Missing),
                Reply::Owner(found) => owner = Some(found),
                Reply::Conflict | Reply::Refused | Reply::Undeclared(_) => break,
            }
        }
        Err(Failure::NotDone(RedisError::new(
            RedisErrorKind::Unavailable,
        )))
    }
}

impl SessionStore for RedisStore {
    fn write<'a>(&'a self, write: Write<'a>) -> Answer<'a, Written> {
        Answer::pending(self.write_one(write))
    }

    fn load<'a>(&'a self, key: &'a StoreKey, now: Timestamp) -> Answer<'a, Option<Loaded>> {
        Answer::pending(self.load_one(key, now))
    }

    /// A session with a principal takes a second round trip, as only its record says which index it is in, and in a cluster a third.
    fn touch<'a>(
        &'a self,
        key: &'a StoreKey,
        deadline: Timestamp,
        now: Timestamp,
    ) -> Answer<'a, Touched> {
        Answer::pending(async move {
            let touched = self.touch_one(key, deadline, now).await;
            touched.map_err(Failure::into_store_error)
        })
    }

    fn delete<'a>(&'a self, key: &'a StoreKey) -> Answer<'a, ()> {
        Answer::pending(async move {
            let epoch = Timestamp::from_seconds(0);
            let removed = self.remove(key, None, epoch, Effect::Repeatable).await;
            if let Reply::Applied { former, .. } = removed.map_err(Failure::into_store_error)? {
                self.unlist(former.as_ref(), key).await;
            }
            Ok(())
        })
    }

    /// The server forgets by itself.
    fn delete_expired(&self, _limit: usize, _now: Timestamp) -> Answer<'_, usize> {
        Answer::ready(Ok(0))
    }

    fn load_many<'a>(
        &'a self,
        keys: &'a [StoreKey],
        now: Timestamp,
    ) -> Answer<'a, Vec<Option<Loaded>>> {
        if keys.is_empty() {
            return Answer::ready(Ok(Vec::new()));
        }
        Answer::pending(async move {
            let names = keys
                .iter()
                .map(|key| self.names.record(key))
                .collect::<Vec<_>>();
            let get = |name: &[u8]| cmd("GET").arg(name).to_owned();
            let answers = self.engine.read(&names, get, self.timeout).await;
            let answers = answers.map_err(Failure::into_store_error)?;
            answers.iter().map(|answer| loaded(answer, now)).collect()
        })
    }

    fn abilities(&self) -> Abilities<'_> {
        Abilities {
            principals: Some(self),
            scan: Some(self),
            expires_by_itself: true,
            renames_at_once: !self.is_cluster(),
        }
    }
}

impl Scan for RedisStore {
    fn step<'a>(&'a self, after: Option<&'a ScanCursor>, limit: usize) -> Answer<'a, Scanned> {
        Answer::pending(async move {
            let scanned = self.scan_on(after, limit).await;
            scanned.map_err(Failure::into_store_error)
        })
    }
}

impl PrincipalIndex for RedisStore {
    fn list<'a>(&'a self, principal: &'a Principal, now: Timestamp) -> Answer<'a, Vec<Listed>> {
        Answer::pending(async move {
            let listed = self.list_all(principal, now).await;
            listed.map_err(Failure::into_store_error)
        })
    }

    fn limits(&self) -> bool {
        !self.is_cluster()
    }
}

/// Without the servers: their URLs have passwords.
impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore")
            .field("prefix", &self.names.prefix())
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

fn loaded(answer: &Value, now: Timestamp) -> Result<Option<Loaded>, StoreError> {
    let bytes = match answer {
        Value::Nil => return Ok(None),
        Value::BulkString(bytes) => Some(bytes),
        _ => None,
    };
    let found = bytes
        .and_then(|bytes| Packed::decode(bytes))
        .ok_or_else(|| StoreError::new(StoreErrorKind::Corrupt))?;
    Ok(found.is_alive(now).then(|| found.into_loaded()))
}

pub(super) fn string(answer: Value) -> Option<Vec<u8>> {
    match answer {
        Value::BulkString(bytes) => Some(bytes),
        _ => None,
    }
}
