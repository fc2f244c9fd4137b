use std::time::Duration;

use actix_web::rt::time::timeout;
use futures_util::future::join_all;

use crate::{
    store::{Loaded, Record, Revision, SessionStore, StoreKey, Write},
    test_util::Verb,
};

use super::{
    runner::{MOST_POLLS, is_done_after},
    subject::{LIFETIME, Subject, new_key, new_principal},
};

/// Whatever verb is given up on, wherever it waits: the others are given their own records, and it has left what it found or what it was to leave.
///
/// Where a connection goes back with an answer still to come, the next to ask on it is given that answer: somebody else's session.
pub async fn an_answer_that_is_given_up_on_disturbs_nobody<S: SessionStore>(
    new_store: impl AsyncFn() -> S,
) {
    let subject = Subject::new(new_store).await;
    let mut others = Vec::new();
    for _ in 0..OTHERS {
        let record = subject.record();
        let (key, revision) = subject.stored(&record).await;
        others.push((key, Loaded { record, revision }));
    }
    let mut verbs = Verb::ALL;
    verbs.sort_by_key(|verb| *verb != Verb::Load);
    for verb in verbs {
        let mut polls = 1;
        loop {
            let given_up = GivenUp::new(&subject, verb).await;
            let is_done = given_up.ask(&subject, polls).await;
            let undisturbed = async {
                given_up.assert_undisturbed(&subject, &others).await;
                given_up.assert_possible(&subject).await;
            };
            if timeout(PATIENCE, undisturbed).await.is_err() {
                panic!(
                    "{}; here nobody was answered after it. {REMEDY}",
                    given_up.clause()
                );
            }
            if is_done || polls >= MOST_POLLS {
                break;
            }
            // A way of many steps, like that of a sweep through folders, repeats itself.
            polls += 1 + polls / 8;
        }
    }
}

/// So many ask at once that every connection of a pool is in use, the one that was given up on too.
const OTHERS: usize = 12;

/// Longer than any engine takes for so many.
const PATIENCE: Duration = Duration::from_secs(60);

const REMEDY: &str = "What was asked for and not read, the next must not read: own the connection in the future and put it back only when the whole \
     answer was read, or number the questions, or ask in a task of its own; see \"Being dropped\" in `sessions::guide::writing_a_store`";

/// What is asked for by somebody who does not wait.
struct GivenUp {
    verb: Verb,
    key: StoreKey,
    /// Of a rename, the other key.
    new: StoreKey,
    /// What is there before, but for a creation.
    record: Record,
    revision: Revision,
    /// What a write is to leave.
    next: Record,
}

impl GivenUp {
    async fn new<S: SessionStore>(subject: &Subject<S>, verb: Verb) -> Self {
        let record = subject.record();
        let (key, revision) = if verb == Verb::Create {
            (new_key(), record.write_id.into())
        } else {
            subject.stored(&record).await
        };
        let next = if verb == Verb::Touch {
            Record {
                last_seen: subject.after(60),
                deadline: subject.after(2 * LIFETIME),
                ..record.clone()
            }
        } else {
            subject.successor(&record)
        };
        Self {
            verb,
            key,
            new: new_key(),
            record,
            revision,
            next,
        }
    }

    /// Asks, looks for the answer a number of times at most, and drops it.
    async fn ask<S: SessionStore>(&self, subject: &Subject<S>, polls: usize) -> bool {
        let (store, now) = (&subject.store, subject.now);
        let (key, new, next) = (&self.key, &self.new, &self.next);
        let (revision, principal) = (self.revision, new_principal());
        match self.verb {
            Verb::Load => is_done_after(polls, store.load(key, now)).await,
            Verb::LoadMany => is_done_after(polls, store.load_many(&[*key, *new], now)).await,
            Verb::Touch => {
                is_done_after(polls, store.touch(key, next.deadline, next.last_seen)).await
            }
            Verb::Create => {
                let create = Write::create(key, next, now);
                is_done_after(polls, store.write(create)).await
            }
            Verb::Update => {
                let update = Write::update(key, next, revision, now);
                is_done_after(polls, store.write(update)).await
            }
            Verb::Rename => {
                let rename = Write::rename(key, new, next, revision, now);
                is_done_after(polls, store.write(rename)).await
            }
            Verb::Delete => is_done_after(polls, store.delete(key)).await,
            Verb::DeleteExpired => is_done_after(polls, store.delete_expired(8, now)).await,
            Verb::List => match store.abilities().principals {
                Some(index) => is_done_after(polls, index.list(&principal, now)).await,
                None => true,
            },
            Verb::Scan => match store.abilities().scan {
                Some(scan) => is_done_after(polls, scan.step(None, 8)).await,
                None => true,
            },
        }
    }

    /// Fails unless everybody else is given what is theirs.
    async fn assert_undisturbed<S: SessionStore>(
        &self,
        subject: &Subject<S>,
        others: &[(StoreKey, Loaded)],
    ) {
        let found = join_all(others.iter().map(|(key, _)| self.loaded(subject, key))).await;
        for ((_, own), found) in others.iter().zip(found) {
            assert!(
                found.as_ref() == Some(own),
                "{}; here a `load` of another key was answered with {found:?}, and not with {own:?}. {REMEDY}",
                self.clause()
            );
        }
    }

    /// Fails unless it was done, was not, or is still to be.
    async fn assert_possible<S: SessionStore>(&self, subject: &Subject<S>) {
        let found = self.loaded(subject, &self.key).await;
        let (before, after) = (Some(&self.record), Some(&self.next));
        let possible = match self.verb {
            Verb::Load | Verb::LoadMany | Verb::DeleteExpired | Verb::List | Verb::Scan => {
                [before, before]
            }
            Verb::Touch | Verb::Update => [before, after],
            Verb::Create => [None, after],
            Verb::Delete | Verb::Rename => [before, None],
        };
        let record = found.as_ref().map(|found| &found.record);
        let mut is_possible = possible.contains(&record);
        if self.verb == Verb::Rename {
            // Asked for after the old one: where that is dead, this one lives.
            let renamed = self.loaded(subject, &self.new).await;
            let renamed = renamed.as_ref().map(|renamed| &renamed.record);
            is_possible &= renamed == after || renamed.is_none() && record.is_some();
        }
        assert!(
            is_possible,
            "`{}`, given up on: a dropped write may or may not have happened, and nothing else has; here its key holds {found:?}",
            self.verb
        );
    }

    async fn loaded<S: SessionStore>(
        &self,
        subject: &Subject<S>,
        key: &StoreKey,
    ) -> Option<Loaded> {
        let answer = subject.store.load(key, subject.now).await;
        answer.unwrap_or_else(|error| {
            panic!(
                "{}; here a `load` failed after it: {error}. {REMEDY}",
                self.clause()
            )
        })
    }

    fn clause(&self) -> String {
        format!(
            "`{}`: a caller gives up by dropping the answer, at any `.await`, and that disturbs nobody",
            self.verb
        )
    }
}
