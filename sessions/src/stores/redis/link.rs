use std::sync::{Arc, Weak};

use redis::{
    AsyncConnectionConfig, Client,
    aio::{MultiplexedConnection, SendError},
};

use super::{error::RedisError, failure};

/// One connection, shared by everybody who has a clone of it.
#[derive(Clone)]
pub(super) struct Link {
    connection: MultiplexedConnection,
    /// Somebody holds on to it for as long as the connection is driven.
    life: Weak<()>,
}

impl Link {
    /// Connects, and says who we are. The runtime it is awaited on drives the connection.
    pub(super) async fn open(client: &Client) -> Result<Self, RedisError> {
        let life = Arc::new(());
        let weak = Arc::downgrade(&life);
        // The client tells nobody that a connection has ended. But what it would push messages to, it drops then, whether the server hung up or
        // the runtime stopped: so one knows before the next request is sent, and not by losing it.
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(None)
            .set_response_timeout(None)
            .set_push_sender(move |_| {
                let _ = &life;
                Ok::<_, SendError>(())
            });
        let connection = client
            .get_multiplexed_async_connection_with_config(&config)
            .await
            .map_err(|error| RedisError::new(failure::kind(&error)).because(&error))?;
        Ok(Self {
            connection,
            life: weak,
        })
    }

    /// `false` once it has ended: nothing can be sent anymore.
    pub(super) fn is_alive(&self) -> bool {
        self.life.strong_count() > 0
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        Weak::ptr_eq(&self.life, &other.life)
    }

    pub(super) fn connection(&self) -> MultiplexedConnection {
        self.connection.clone()
    }
}
