use std::{error::Error, fmt, sync::Arc};

use crate::store::{StoreError, StoreErrorKind};

/// Reports that Redis cannot be used, or could not be when it was asked.
///
/// It is meant for whoever starts the server, and names the address. Later it is the source of a [`StoreError`]. It holds no password, no key
/// and nothing that was stored: servers repeat in some messages what they were sent, and those messages are left out.
#[derive(Clone, Debug)]
pub struct RedisError {
    kind: RedisErrorKind,
    server: Option<Arc<str>>,
    source: Option<Arc<Cause>>,
}

/// Says what a [`RedisError`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RedisErrorKind {
    /// The URL is not one of Redis.
    InvalidUrl,
    /// The server cannot be reached, or cannot serve: it is starting, failing over, or has too many clients.
    Unavailable,
    /// The server took the request and did not answer, or the connection broke before it did.
    NoAnswer,
    /// The user, the password or the user's rights are not enough.
    Denied,
    /// The server is a replica, which takes no writes.
    ReadOnly,
    /// The server's memory is full, and it is not to throw anything out.
    Full,
    /// No sentinel knows a primary of this name.
    UnknownPrimary,
    /// The server belongs to a cluster and was not addressed as one, or the other way round.
    OtherShape,
    /// The server refused for another reason: the number of the database, a command it does not have, a disk it cannot write to.
    Refused,
}

impl RedisError {
    pub(super) fn new(kind: RedisErrorKind) -> Self {
        Self {
            kind,
            server: None,
            source: None,
        }
    }

    /// Takes what the client says, without what it may repeat of a request.
    pub(super) fn because(mut self, error: &redis::RedisError) -> Self {
        self.source = Cause::new(error).map(Arc::new);
        self
    }

    /// Names the server it happened at, unless one is named.
    pub(super) fn at(mut self, server: &Arc<str>) -> Self {
        self.server.get_or_insert_with(|| Arc::clone(server));
        self
    }

    /// What it is about.
    #[must_use]
    pub const fn kind(&self) -> RedisErrorKind {
        self.kind
    }

    /// In the words of the contract, for a request that was not carried out.
    pub(super) fn into_store_error(self) -> StoreError {
        let kind = match self.kind {
            RedisErrorKind::Unavailable | RedisErrorKind::UnknownPrimary => {
                StoreErrorKind::Unavailable
            }
            RedisErrorKind::NoAnswer => StoreErrorKind::TimedOut,
            RedisErrorKind::Full => StoreErrorKind::Full,
            RedisErrorKind::InvalidUrl
            | RedisErrorKind::Denied
            | RedisErrorKind::ReadOnly
            | RedisErrorKind::OtherShape
            | RedisErrorKind::Refused => StoreErrorKind::Refused,
        };
        StoreError::new(kind).because(self)
    }
}

impl fmt::Display for RedisError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            RedisErrorKind::InvalidUrl => {
                "not a URL of redis, like redis://user:password@host:6379/0, or rediss://… for TLS"
            }
            RedisErrorKind::Unavailable => "redis cannot be reached or cannot serve now; look whether it runs and listens there",
            RedisErrorKind::NoAnswer => "redis did not answer; look at its load and at the network",
            RedisErrorKind::Denied => "redis does not let this user in, or not do this; look at the password and the rights (ACL)",
            RedisErrorKind::ReadOnly => "this redis is a replica, which takes no writes; name the primary, or the sentinels",
            RedisErrorKind::Full => "redis has no memory left; raise `maxmemory`",
            RedisErrorKind::UnknownPrimary => "no sentinel knows a primary of this name; compare it with `sentinel monitor`",
            RedisErrorKind::OtherShape => {
                "this redis belongs to a cluster and was not addressed as one, or the other way round; connect by the other constructor"
            }
            RedisErrorKind::Refused => "redis refused; look at its log",
        })?;
        match &self.server {
            Some(server) => write!(f, " (at {server})"),
            None => Ok(()),
        }
    }
}

impl Error for RedisError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|cause| &**cause as _)
    }
}

/// What the client said, where that repeats nothing of a request.
#[derive(Debug)]
struct Cause(String);

/// What follows these codes speaks of the server and of nothing it was sent.
const TELLING: [&str; 12] = [
    "ASK",
    "BUSY",
    "CLUSTERDOWN",
    "LOADING",
    "MASTERDOWN",
    "MISCONF",
    "MOVED",
    "NOAUTH",
    "NOREPLICAS",
    "OOM",
    "READONLY",
    "WRONGPASS",
];

/// So do these, under the code that stands for everything else.
const HARMLESS: [&str; 3] = [
    "DB index is out of range",
    "SELECT is not allowed in cluster mode",
    "max number of clients reached",
];

impl Cause {
    fn new(error: &redis::RedisError) -> Option<Self> {
        if error.kind() == redis::ErrorKind::Parse {
            return Some(Self("an answer that is not of the protocol".to_owned()));
        }
        let Some(code) = error.code() else {
            return Some(Self(error.to_string()));
        };
        // "unknown command `HELLO`, with args beginning with: `3` `AUTH` `user` `password`"
        match error.detail() {
            Some(detail) if TELLING.contains(&code) || HARMLESS.contains(&detail) => {
                Some(Self(format!("{code} {detail}")))
            }
            Some(_) | None => Some(Self(code.to_owned())),
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Cause {}
