use std::io;

use tokio::runtime::Handle;

use crate::store::{StoreError, StoreErrorKind};

use super::error::store_error;

/// Does blocking work on a thread of the runtime that is made for it; right here, where there is no runtime.
///
/// Work that has begun is done to its end, whoever has given up waiting. `lost` answers for work that ended in a panic.
pub(super) async fn hop<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
    lost: impl FnOnce() -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let Ok(runtime) = Handle::try_current() else {
        return work().map_err(store_error);
    };
    match runtime.spawn_blocking(work).await {
        Ok(done) => done.map_err(store_error),
        Err(end) if end.is_panic() => lost(),
        // The runtime is shutting down and has not begun.
        Err(end) => Err(StoreError::new(StoreErrorKind::Unavailable).because(end)),
    }
}

/// For work that changes nothing, or that may be asked for again.
pub(super) fn unanswered<T>() -> Result<T, StoreError> {
    Err(StoreError::new(StoreErrorKind::TimedOut))
}
