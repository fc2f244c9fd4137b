use std::{error::Error, fmt, io, sync::Arc};

use crate::store::{StoreError, StoreErrorKind};

/// Reports that memcached cannot be used, or could not be when it was asked.
///
/// It is meant for whoever starts the server, and names the address. Later it is the source of a [`StoreError`]. It holds no key and nothing that
/// was stored: what a server says is not passed on.
#[derive(Clone, Debug)]
pub struct MemcachedError {
    kind: MemcachedErrorKind,
    server: Option<Arc<str>>,
    source: Option<Arc<io::Error>>,
}

/// Says what a [`MemcachedError`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MemcachedErrorKind {
    /// It is not `host:port`, or stands twice in the list, or there is none.
    InvalidAddress,
    /// The prefix has other characters than printable ones of ASCII, or too many.
    InvalidPrefix,
    /// The server cannot be reached, or all connections to it are in use.
    Unavailable,
    /// The server took the request and did not answer, or the connection broke before it did.
    NoAnswer,
    /// The record is larger than the server takes.
    TooLarge,
    /// The server has no memory for another record, and is not to throw any out.
    Full,
    /// It does not speak the meta protocol: it is older than 1.6, or another kind of server.
    Refused,
    /// It was started with `-C`, so it writes whatever it is told to, and whoever is slower undoes what others did.
    CasDisabled,
}

impl MemcachedError {
    pub(super) fn new(kind: MemcachedErrorKind) -> Self {
        Self {
            kind,
            server: None,
            source: None,
        }
    }

    pub(super) fn because(mut self, source: io::Error) -> Self {
        self.source = Some(Arc::new(source));
        self
    }

    /// Names the server it happened at.
    pub(super) fn at(mut self, server: &Arc<str>) -> Self {
        self.server = Some(Arc::clone(server));
        self
    }

    /// What it is about.
    #[must_use]
    pub const fn kind(&self) -> MemcachedErrorKind {
        self.kind
    }

    /// In the words of the contract, for a request that was not carried out.
    pub(super) fn into_store_error(self) -> StoreError {
        let kind = match self.kind {
            MemcachedErrorKind::Unavailable => StoreErrorKind::Unavailable,
            MemcachedErrorKind::NoAnswer => StoreErrorKind::TimedOut,
            MemcachedErrorKind::TooLarge => StoreErrorKind::TooLarge,
            MemcachedErrorKind::Full => StoreErrorKind::Full,
            MemcachedErrorKind::InvalidAddress
            | MemcachedErrorKind::InvalidPrefix
            | MemcachedErrorKind::Refused
            | MemcachedErrorKind::CasDisabled => StoreErrorKind::Refused,
        };
        StoreError::new(kind).because(self)
    }
}

impl fmt::Display for MemcachedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            MemcachedErrorKind::InvalidAddress => {
                "memcached is addressed as host:port, each server once"
            }
            MemcachedErrorKind::InvalidPrefix => {
                "a prefix of keys is printable ASCII without spaces, up to 186 characters"
            }
            MemcachedErrorKind::Unavailable => "memcached cannot be reached; look whether it runs and listens there",
            MemcachedErrorKind::NoAnswer => "memcached did not answer; look at its load and at the network",
            MemcachedErrorKind::TooLarge => "memcached takes no record as large as this; start it with a larger `-I`, or keep less",
            MemcachedErrorKind::Full => "memcached has no memory left; start it with a larger `-m`",
            MemcachedErrorKind::Refused => "this is no memcached of version 1.6 or newer; look what listens there",
            MemcachedErrorKind::CasDisabled => {
                "this memcached compares nothing before it writes; start it without -C"
            }
        })?;
        match &self.server {
            Some(server) => write!(f, ": {server}"),
            None => Ok(()),
        }
    }
}

impl Error for MemcachedError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}
