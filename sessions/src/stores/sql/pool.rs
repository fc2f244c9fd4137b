use std::time::Duration;

use sqlx::{Connection, Database, Pool, pool::PoolOptions};

use super::{dialect::Dialect, error::SqlError};

/// A pool of connections to a server, with what suits sessions.
pub(super) async fn connected<D: Dialect>(
    options: PoolOptions<D::Database>,
    address: <<D::Database as Database>::Connection as Connection>::Options,
) -> Result<Pool<D::Database>, SqlError> {
    options
        .max_connections(CONNECTIONS)
        .acquire_timeout(PATIENCE)
        // One that was just used lives, and asking it costs a round trip. Where it does not, a read is asked for again, and a write looked up.
        .test_before_acquire(false)
        .before_acquire(|connection, used| {
            Box::pin(async move {
                if used.idle_for >= RESTED {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_with(address)
        .await
        .map_err(|error| SqlError::unconnected::<D>(&error))
}

const CONNECTIONS: u32 = 10;

/// Less than a request waits for a store, so that what went wrong can be named.
const PATIENCE: Duration = Duration::from_secs(3);

/// A server that was started again had it stopped for longer.
const RESTED: Duration = Duration::from_secs(1);
