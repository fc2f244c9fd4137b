use std::time::Duration;

use rand::RngExt as _;

/// Pauses before what was undone by others is asked for again: each about twice as long, by chance, so that two that met do not meet again.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    paused: u32,
}

/// Together at most two seconds, less than a request waits for a store.
const PAUSES: u32 = 9;

impl Backoff {
    /// Waits; `false`, at once, when it has been asked for often enough.
    pub(super) async fn pause(&mut self) -> bool {
        if self.paused == PAUSES {
            return false;
        }
        let most = 4_u64 << self.paused;
        self.paused += 1;
        let milliseconds = rand::rng().random_range(most / 2..=most);
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        true
    }
}
