use std::{
    process,
    sync::atomic::{AtomicUsize, Ordering},
    time::SystemTime,
};

/// A table's name that no store had before: the server may have run longer than this process.
pub(crate) fn new_table() -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let nanoseconds = SystemTime::UNIX_EPOCH.elapsed().unwrap().subsec_nanos();
    format!("law_{}_{nanoseconds}_{count}", process::id())
}
