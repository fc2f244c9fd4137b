use std::{fmt, sync::Arc, time::Duration};

use redis::{Value, cmd};

use crate::store::StoreError;

use super::{error::RedisError, failure::Failure, lanes::Lanes, primary::Primary, server::Server};

/// Texts that somebody else keeps in one server, for reading only.
pub(crate) struct RedisTexts {
    lanes: Lanes,
    server: Arc<str>,
}

/// Whoever asks waits for no longer than its own patience; this only lets nobody wait forever.
const LIMIT: Duration = Duration::from_secs(60);

impl RedisTexts {
    /// Connects when the first text is read.
    pub(crate) fn new(url: &str) -> Result<Self, RedisError> {
        let server = Server::parse(url)?;
        let name = Arc::clone(server.name());
        // Without a probe: nothing is written there.
        let lanes = Lanes::new(Primary::Fixed {
            server,
            probe: None,
        });
        Ok(Self {
            lanes,
            server: name,
        })
    }

    /// The text under a key; `None` if there is none.
    pub(crate) async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let answer = self.lanes.run(cmd("GET").arg(key), LIMIT).await;
        match answer.map_err(Failure::into_store_error)? {
            Value::BulkString(text) => Ok(Some(text)),
            Value::SimpleString(text) => Ok(Some(text.into_bytes())),
            Value::Nil => Ok(None),
            _ => Err(Failure::Foreign.into_store_error()),
        }
    }
}

/// Its address, without a password.
impl fmt::Debug for RedisTexts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RedisTexts").field(&self.server).finish()
    }
}
