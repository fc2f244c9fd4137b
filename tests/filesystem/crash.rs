//! Death at any moment.

use std::collections::BTreeMap;

use sessions::{
    FilesystemStore, Timestamp,
    store::{Record, Revision, SessionStore as _, StoreKey, Touched, Write},
};

use sessions_tests::{Task, Worker};

use crate::fixture::{DEADLINE, Directory, NOW, alice, applied, bob, key, listed, record, wait};

const DEATHS: u32 = 40;
const SLOTS: u32 = 5;

/// What a key holds: the number of a write, and how often it was touched since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct State {
    write: u32,
    touches: u32,
}

impl State {
    fn deadline(self) -> Timestamp {
        Timestamp::from_seconds(DEADLINE.as_seconds() + u64::from(self.touches))
    }

    /// Everything about it follows from its number, so that a mixture of two is seen.
    fn record(self) -> Record {
        let length = usize::try_from(self.write % 41 * 500).unwrap();
        let [.., byte] = self.write.to_be_bytes();
        Record {
            deadline: self.deadline(),
            principal: match self.write % 3 {
                0 => None,
                1 => Some(alice()),
                _ => Some(bob()),
            },
            body: vec![byte; length],
            ..record(u128::from(self.write))
        }
    }

    fn of(record: &Record) -> Self {
        let [.., a, b, c, d] = *record.write_id.as_bytes();
        let state = Self {
            write: u32::from_be_bytes([a, b, c, d]),
            touches: u32::try_from(record.deadline.seconds_since(DEADLINE)).unwrap(),
        };
        assert_eq!(*record, state.record(), "a mixture");
        state
    }
}

/// One change: what was under `old` is under `new` in a new state, or gone.
#[derive(Clone, Copy, Debug)]
struct Step {
    old: Option<(StoreKey, State)>,
    new: Option<(StoreKey, State)>,
}

impl Step {
    fn apply(self, model: &mut BTreeMap<StoreKey, State>) {
        if let Some((key, _)) = self.old {
            model.remove(&key);
        }
        if let Some((key, state)) = self.new {
            model.insert(key, state);
        }
    }

    fn say(self, word: &str) {
        let place = |place: Option<(StoreKey, State)>| {
            place.map_or_else(
                || "- 0 0".to_owned(),
                |(key, state)| format!("{key} {} {}", state.write, state.touches),
            )
        };
        Task::say(&format!("{word} {} {}", place(self.old), place(self.new)));
    }

    fn read(words: &[&str]) -> Self {
        let place = |words: &[&str]| {
            let key = (words[0] != "-").then(|| parse_key(words[0]))?;
            let state = State {
                write: words[1].parse().unwrap(),
                touches: words[2].parse().unwrap(),
            };
            Some((key, state))
        };
        Self {
            old: place(&words[..3]),
            new: place(&words[3..]),
        }
    }
}

fn parse_key(digits: &str) -> StoreKey {
    StoreKey::from_bytes(std::array::from_fn(|i| {
        u8::from_str_radix(&digits[2 * i..2 * i + 2], 16).unwrap()
    }))
}

/// Says what it is about to do and what it has done, over and over.
pub(crate) async fn write_until_killed(store: &FilesystemStore, death: u32) {
    let [.., first] = (death * 37).to_be_bytes();
    let mut slots: Vec<Option<(StoreKey, State)>> = vec![None; usize::try_from(SLOTS).unwrap()];
    for number in death * 1_000_000.. {
        let slot = &mut slots[usize::try_from(number % SLOTS).unwrap()];
        let written = State {
            write: number,
            touches: 0,
        };
        let new = match *slot {
            None => Some((key(first, number), written)),
            Some((old, state)) => match number / SLOTS % 7 {
                0 => None,
                1 | 2 => Some((
                    key(first.wrapping_add(number.to_be_bytes()[3]), number),
                    written,
                )),
                3 | 4 => Some((old, written)),
                _ => Some((
                    old,
                    State {
                        touches: state.touches + 1,
                        ..state
                    },
                )),
            },
        };
        let step = Step { old: *slot, new };
        step.say("try");
        take_step(store, step).await;
        step.say("done");
        *slot = new;
    }
}

async fn take_step(store: &FilesystemStore, step: Step) {
    let revision = |state: State| Revision::from(u64::from(state.write));
    match (step.old, step.new) {
        (None, None) => {}
        (None, Some((key, state))) => {
            applied(
                &store
                    .write(Write::create(&key, &state.record(), NOW))
                    .await
                    .unwrap(),
            );
        }
        (Some((key, _)), None) => store.delete(&key).await.unwrap(),
        (Some((old, before)), Some((key, state))) if old == key && before.write == state.write => {
            let touched = store.touch(&key, state.deadline(), NOW).await.unwrap();
            assert_eq!(touched, Touched::Applied);
        }
        (Some((old, before)), Some((key, state))) if old == key => {
            let record = state.record();
            let written = store
                .write(Write::update(&key, &record, revision(before), NOW))
                .await;
            applied(&written.unwrap());
        }
        (Some((old, before)), Some((key, state))) => {
            let record = state.record();
            let written = store
                .write(Write::rename(&old, &key, &record, revision(before), NOW))
                .await;
            applied(&written.unwrap());
        }
    }
}

#[test]
fn nothing_that_was_answered_is_lost_and_nothing_torn_or_stuck_whenever_a_writer_dies() {
    let directory = Directory::new();
    let store = directory.store();
    let mut model = BTreeMap::new();
    let mut cut_off = 0;
    for death in 1..=DEATHS {
        let mut pending = None;
        let mut steps = 0;
        let mut worker = Worker::start("write until killed", directory.path(), death);
        let mut alive = true;
        for line in worker.lines() {
            let line = line.unwrap();
            let words: Vec<_> = line.split(' ').collect();
            match words.as_slice() {
                ["try", step @ ..] => pending = Some(Step::read(step)),
                ["done", step @ ..] => {
                    Step::read(step).apply(&mut model);
                    pending = None;
                    steps += 1;
                }
                _ => panic!("{line}"),
            }
            // Whatever it is doing by now; what it said before is still in the pipe.
            if alive && steps >= death * 31 % 60 {
                worker.kill();
                alive = false;
            }
        }
        assert!(!alive, "it stopped by itself");
        cut_off += u32::from(pending.is_some());
        wait(look_around(&store, &mut model, pending));
    }
    assert!(cut_off > DEATHS / 10, "only {cut_off} died at work");

    // The locks are free, and what the dead left does not keep anybody from working.
    wait(async {
        for key in model.keys() {
            store.delete(key).await.unwrap();
        }
    });
    assert_eq!(wait(listed(&store, &alice())), []);
    assert_eq!(wait(listed(&store, &bob())), []);
    assert_eq!(wait(store.delete_expired(1000, NOW)).unwrap(), 0);
    assert_eq!(
        directory.files("principals"),
        Vec::<std::path::PathBuf>::new()
    );
}

/// Compares the store with what was answered; what was under way is done or not, and a renewal may be there twice.
async fn look_around(
    store: &FilesystemStore,
    model: &mut BTreeMap<StoreKey, State>,
    pending: Option<Step>,
) {
    let mut under_way: Vec<StoreKey> = Vec::new();
    if let Some(step) = pending {
        under_way.extend(
            [step.old, step.new]
                .into_iter()
                .flatten()
                .map(|(key, _)| key),
        );
        let mut found = Vec::new();
        for key in &under_way {
            let loaded = store.load(key, NOW).await.unwrap();
            found.extend(loaded.map(|loaded| (*key, State::of(&loaded.record))));
        }
        let allowed: Vec<_> = [step.old, step.new].into_iter().flatten().collect();
        for place in &found {
            assert!(allowed.contains(place), "{found:?} after {step:?}");
        }
        let may_be_none = step.old.is_none() || step.new.is_none();
        assert!(may_be_none || !found.is_empty(), "lost: {step:?}");
        for key in &under_way {
            model.remove(key);
        }
        model.extend(found);
    }
    for (key, state) in &*model {
        let loaded = store.load(key, NOW).await.unwrap();
        assert_eq!(loaded.map(|loaded| State::of(&loaded.record)), Some(*state));
        // Its lock is free.
        let touched = store.touch(key, NOW, NOW).await.unwrap();
        assert_eq!(touched, Touched::Applied);
    }
    for principal in [alice(), bob()] {
        let belonging: Vec<_> = model
            .iter()
            .filter(|(_, state)| state.record().principal.as_ref() == Some(&principal))
            .map(|(key, _)| *key)
            .collect();
        assert_eq!(listed(store, &principal).await, belonging);
    }
}
