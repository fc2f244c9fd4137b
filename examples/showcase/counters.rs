use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use sessions::{Origin, Schema, Session, SessionData, SessionEvent};

/// How often what happened to sessions, since the shop opened: for the administrator's page.
///
/// An application with an exporter takes the feature `metrics` instead, which counts the same.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    counts: Mutex<BTreeMap<(String, &'static str), u64>>,
}

/// What happened to the sessions of one name.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) session: String,
    pub(crate) event: &'static str,
    pub(crate) count: u64,
}

impl Counters {
    /// Counts what the middleware tells. It waits for the answer: this does no more than count.
    pub(crate) fn count(&self, event: &SessionEvent<'_>) {
        self.add(event.session(), event.kind().as_str(), event.sessions());
    }

    /// Counts a session that a request brought and that was accepted. That is no event, since it is what nearly every request does.
    pub(crate) fn count_loaded<T: SessionData>(&self, session: &Session<T>) {
        if session.origin() == Origin::Loaded {
            self.add(<T as Schema>::NAME, "loaded", 1);
        }
    }

    pub(crate) fn rows(&self) -> Vec<Row> {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let row = |((session, event), count): (&(String, &'static str), &u64)| Row {
            session: session.clone(),
            event,
            count: *count,
        };
        counts.iter().map(row).collect()
    }

    fn add(&self, session: &str, event: &'static str, sessions: usize) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry((session.to_owned(), event)).or_default() += sessions as u64;
    }
}
