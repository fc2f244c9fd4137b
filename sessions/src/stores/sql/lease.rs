use sqlx::{Database, pool::PoolConnection};

/// A connection for as long as one call takes.
///
/// A caller gives up by dropping the call, wherever it waits. The connection then owes somebody else's answer, or has a transaction open, so it
/// is closed: the pool gives to the next only what was [settled](Self::settle).
pub(super) struct Lease<DB: Database> {
    /// `None` only while it is dropped.
    connection: Option<PoolConnection<DB>>,
    is_settled: bool,
}

impl<DB: Database> Lease<DB> {
    pub(super) fn new(connection: PoolConnection<DB>) -> Self {
        Self {
            connection: Some(connection),
            is_settled: false,
        }
    }

    #[expect(
        clippy::expect_used,
        reason = "`drop` alone takes it, after which nobody can ask"
    )]
    pub(super) fn connection(&mut self) -> &mut DB::Connection {
        self.connection.as_mut().expect("a lease that lives")
    }

    /// Gives it back: every answer has come, and no transaction is open.
    pub(super) fn settle(mut self) {
        self.is_settled = true;
    }
}

impl<DB: Database> Drop for Lease<DB> {
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else {
            return;
        };
        if tokio::runtime::Handle::try_current().is_err() {
            // A worker ends with calls under way, and drops them outside of its runtime, where the pool would panic for want of one.
            drop(connection.detach());
        } else if !self.is_settled {
            connection.close_on_drop();
        }
    }
}
