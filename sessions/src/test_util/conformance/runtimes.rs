use std::{fmt::Debug, sync::Arc};

use futures_util::future::join_all;

use crate::{
    clock::Timestamp,
    store::{
        Loaded, Record, Revision, SessionStore, StoreError, StoreKey, Touched, Write, Written,
    },
    test_util::Verb,
};

use super::{
    runner::on_another_runtime,
    subject::{LIFETIME, Subject, new_key, new_principal},
};

/// A store outlives every runtime it was used on: on the next, what was stored is there, and no verb fails.
///
/// A connection is dead when the runtime that made it is. Each worker of a server has one, and so has each test.
pub async fn a_runtime_that_ended_takes_nothing_with_it<S: SessionStore>(
    new_store: impl AsyncFn() -> S,
) {
    let subject = Subject::new(new_store).await;
    for verb in Verb::ALL {
        let visitors = (0..AT_ONCE).map(|_| Visitor::new(&subject));
        let visitors: Arc<[Visitor]> = visitors.collect();
        let (store, those) = (Arc::clone(&subject.store), Arc::clone(&visitors));
        let revisions = on_another_runtime(async move || {
            join_all(those.iter().map(|visitor| visitor.begin(&*store))).await
        })
        .await;
        let store = Arc::clone(&subject.store);
        on_another_runtime(async move || {
            let visitors = visitors.iter().zip(&revisions);
            join_all(visitors.map(|(visitor, revision)| visitor.ask(&*store, verb, *revision)))
                .await
        })
        .await;
        let record = subject.record();
        let (key, revision) = subject.stored(&record).await;
        subject.assert_holds(&key, &record, revision, CLAUSE).await;
    }
}

/// So many ask at once that each runtime makes all the connections that a pool may have.
const AT_ONCE: usize = 12;

const CLAUSE: &str = "a store may be used on several runtimes, and outlives each of them";

const REMEDY: &str = "A connection is dead when the runtime that made it is: keep connections by runtime, or give the store a thread with a runtime \
     and send it the questions; see \"Whose runtime\" in `sessions::guide::writing_a_store`";

/// Begins a session on one runtime, and comes back on the next.
struct Visitor {
    key: StoreKey,
    record: Record,
    /// For what a write puts under a key that is not taken.
    new: StoreKey,
    next: Record,
    now: Timestamp,
    later: Timestamp,
}

impl Visitor {
    fn new<S: SessionStore>(subject: &Subject<S>) -> Self {
        let record = subject.record();
        Self {
            key: new_key(),
            next: subject.successor(&record),
            record,
            new: new_key(),
            now: subject.now,
            later: subject.after(2 * LIFETIME),
        }
    }

    async fn begin<S: SessionStore>(&self, store: &S) -> Revision {
        let create = Write::create(&self.key, &self.record, self.now);
        match store.write(create).await {
            Ok(Written::Applied { revision, .. }) => revision,
            other => panic!(
                "`create`: {CLAUSE}; on another runtime than it was made on it answered {other:?}. {REMEDY}"
            ),
        }
    }

    async fn ask<S: SessionStore>(&self, store: &S, verb: Verb, revision: Revision) {
        let (key, new, next, now) = (&self.key, &self.new, &self.next, self.now);
        let own = Some(Loaded {
            record: self.record.clone(),
            revision,
        });
        match verb {
            Verb::Create => {
                let created = store.write(Write::create(new, next, now)).await;
                assert_answer(verb, &created, is_applied);
            }
            Verb::Load => {
                let found = store.load(key, now).await;
                assert_answer(verb, &found, |found| *found == own);
            }
            Verb::LoadMany => {
                let found = store.load_many(&[*key], now).await;
                assert_answer(verb, &found, |found| *found == [own]);
            }
            Verb::Update => {
                let updated = store.write(Write::update(key, next, revision, now)).await;
                assert_answer(verb, &updated, is_applied);
            }
            Verb::Touch => {
                let touched = store.touch(key, self.later, now).await;
                assert_answer(verb, &touched, |touched| *touched == Touched::Applied);
            }
            Verb::Rename => {
                let rename = Write::rename(key, new, next, revision, now);
                let renamed = store.write(rename).await;
                assert_answer(verb, &renamed, is_applied);
            }
            Verb::Delete => assert_answer(verb, &store.delete(key).await, |()| true),
            Verb::DeleteExpired => {
                assert_answer(verb, &store.delete_expired(8, now).await, |_| true);
            }
            Verb::List => {
                if let Some(index) = store.abilities().principals {
                    let listed = index.list(&new_principal(), now).await;
                    assert_answer(verb, &listed, Vec::is_empty);
                }
            }
            Verb::Scan => {
                if let Some(scan) = store.abilities().scan {
                    assert_answer(verb, &scan.step(None, 8).await, |_| true);
                }
            }
        }
    }
}

fn assert_answer<T: Debug>(
    verb: Verb,
    answer: &Result<T, StoreError>,
    is_right: impl FnOnce(&T) -> bool,
) {
    assert!(
        answer.as_ref().is_ok_and(is_right),
        "`{verb}`: {CLAUSE}; after another runtime had ended it answered {answer:?}. {REMEDY}"
    );
}

fn is_applied(written: &Written) -> bool {
    matches!(written, Written::Applied { .. })
}
