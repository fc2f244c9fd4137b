use crate::store::{StoreError, StoreErrorKind};

use super::error::{RedisError, RedisErrorKind};

/// Why there is no answer to a request, and what that says about it.
#[derive(Clone, Debug)]
pub(super) enum Failure {
    /// It was not carried out.
    NotDone(RedisError),
    /// It was sent and not answered in time: it may or may not have been carried out, or still be.
    Late(RedisError),
    /// It was sent, and the connection broke: it may or may not have been carried out, and no more will be.
    Lost(RedisError),
    /// The server does not know the script: it has to be sent in full.
    UnknownScript,
    /// Not carried out: another node has this slot.
    Moved(Redirect),
    /// Not carried out: another node is just taking over this slot, and has to be told that we know.
    Ask(Redirect),
    /// Something else than ours lies under the key.
    Foreign,
}

/// Where to go instead, as a node said it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Redirect {
    /// Empty for the host of the node that said it.
    pub(super) host: String,
    pub(super) port: u16,
}

impl Failure {
    /// What the client's error says of a request that was sent.
    pub(super) fn of_sent(error: &redis::RedisError) -> Self {
        let Some(code) = error.code() else {
            return Self::Lost(RedisError::new(RedisErrorKind::NoAnswer).because(error));
        };
        let redirect = || {
            let (address, _) = error.redirect_node()?;
            let (host, port) = address.rsplit_once(':')?;
            Some(Redirect {
                host: host.trim_matches(['[', ']']).to_owned(),
                port: port.parse().ok()?,
            })
        };
        match code {
            "NOSCRIPT" => return Self::UnknownScript,
            "WRONGTYPE" => return Self::Foreign,
            "MOVED" => {
                if let Some(redirect) = redirect() {
                    return Self::Moved(redirect);
                }
            }
            "ASK" => {
                if let Some(redirect) = redirect() {
                    return Self::Ask(redirect);
                }
            }
            _ => {}
        }
        Self::NotDone(RedisError::new(kind(error)).because(error))
    }

    /// In the words of the contract, for a request that changes nothing or may be repeated.
    pub(super) fn into_store_error(self) -> StoreError {
        match self {
            Self::NotDone(error) => error.into_store_error(),
            Self::Late(error) | Self::Lost(error) => {
                StoreError::new(StoreErrorKind::TimedOut).because(error)
            }
            Self::Foreign => StoreError::new(StoreErrorKind::Corrupt),
            Self::UnknownScript => RedisError::new(RedisErrorKind::Refused).into_store_error(),
            Self::Moved(_) | Self::Ask(_) => {
                RedisError::new(RedisErrorKind::OtherShape).into_store_error()
            }
        }
    }
}

/// What an error is about that a server sent, or that there was before anything else was sent.
pub(super) fn kind(error: &redis::RedisError) -> RedisErrorKind {
    let Some(code) = error.code() else {
        return match error.kind() {
            redis::ErrorKind::AuthenticationFailed => RedisErrorKind::Denied,
            redis::ErrorKind::RESP3NotSupported | redis::ErrorKind::InvalidClientConfig => {
                RedisErrorKind::Refused
            }
            _ => RedisErrorKind::Unavailable,
        };
    };
    match (code, error.detail()) {
        ("NOAUTH" | "WRONGPASS" | "NOPERM", _) => RedisErrorKind::Denied,
        ("READONLY", _) => RedisErrorKind::ReadOnly,
        ("OOM", _) => RedisErrorKind::Full,
        ("MOVED" | "ASK" | "CROSSSLOT", _)
        | ("ERR", Some("SELECT is not allowed in cluster mode")) => RedisErrorKind::OtherShape,
        ("BUSY" | "CLUSTERDOWN" | "LOADING" | "MASTERDOWN" | "NOREPLICAS" | "TRYAGAIN", _)
        | ("ERR", Some("max number of clients reached")) => RedisErrorKind::Unavailable,
        _ => RedisErrorKind::Refused,
    }
}
