//! What is logged while the tests run, by all of them: a test looks for words of its own.

use std::sync::{Mutex, Once, PoisonError};

use log::{LevelFilter, Log, Metadata, Record};

static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Begins to write down, on the first call.
pub(crate) fn open() {
    static OPENED: Once = Once::new();
    OPENED.call_once(|| {
        log::set_logger(&Journal).unwrap();
        log::set_max_level(LevelFilter::Trace);
    });
}

/// The lines that mention `word`.
pub(crate) fn about(word: &str) -> Vec<String> {
    let lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
    let found = lines.iter().filter(|line| line.contains(word));
    found.cloned().collect()
}

struct Journal;

impl Log for Journal {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let mut lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push(format!("{} {}", record.level(), record.args()));
    }

    fn flush(&self) {}
}
