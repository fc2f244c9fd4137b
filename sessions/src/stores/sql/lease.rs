use sqlx::{Database, pool::PoolConnection};

/// A connection for as long as one call takes.
///
/// A caller gives up by dropping the call, wherever it waits. The connection then owes somebody else's answer, or has a transaction open, so it
/// is closed: the pool gives to the next only what was [settled](Self::settle).
pub(super) struct Lease<DB: Database> {
    connection: PoolConnection<DB>,
    is_settled: bool,
}

impl<DB: Database> Lease<DB> {
    pub(super) fn new(connection: PoolConnection<DB>) -> Self {
        Self {
            connection,
            is_settled: false,
        }
    }

    pub(super) fn connection(&mut self) -> &mut DB::Connection {
        &mut self.connection
    }

    /// Gives it back: every answer has come, and no transaction is open.
    pub(super) fn settle(mut self) {
        self.is_settled = true;
    }
}

impl<DB: Database> Drop for Lease<DB> {
    fn drop(&mut self) {
        if !self.is_settled {
            self.connection.close_on_drop();
        }
    }
}
