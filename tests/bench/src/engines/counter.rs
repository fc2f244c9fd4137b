use std::{error::Error, sync::Arc};

use futures_util::future::LocalBoxFuture;
use sessions::store::SessionStore;

/// Counts how often somebody went to a server.
pub(crate) trait Counter {
    /// So far.
    fn read(&self) -> LocalBoxFuture<'_, Result<u64, Box<dyn Error>>>;
}

/// A store whose round trips are counted.
pub(crate) struct Counted {
    pub(crate) store: Arc<dyn SessionStore>,
    pub(crate) counter: Box<dyn Counter>,
}
