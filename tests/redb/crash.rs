//! Death at any moment, while many write at once.

use std::{
    collections::{BTreeMap, HashMap},
    fs, thread,
    time::Duration,
};

use actix_web::rt;
use futures_util::future::join_all;
use sessions::{
    RedbStore, Timestamp,
    store::{Principal, Record, Revision, SessionStore as _, StoreKey, Touched, Write},
};
use sessions_tests::{Folder, Task, Worker};

use crate::fixture::{DEADLINE, NOW, alice, applied, bob, key, listed, loaded, record, wait};

const DEATHS: u32 = 24;
const LANES: u64 = 8;

/// What a lane holds after so many steps: a session is created, updated, touched, renamed and deleted, over and over.
fn after(lane: u64, steps: u64) -> Option<(StoreKey, Record)> {
    let last = steps.checked_sub(1)?;
    let number = |step: u64| lane << 32 | step;
    let round = last - last % 5;
    match last % 5 {
        0 => Some((key(number(round)), record(number(round)))),
        1 => Some((key(number(round)), record(number(last)))),
        2 => {
            let touched = Record {
                deadline: Timestamp::from_seconds(DEADLINE.as_seconds() + last),
                ..record(number(last - 1))
            };
            Some((key(number(round)), touched))
        }
        3 => Some((key(number(last)), record(number(last)))),
        _ => None,
    }
}

/// Says what each lane has done.
pub(crate) async fn write_until_killed(store: &RedbStore, death: u32) {
    let lanes = (0..LANES).map(|lane| {
        let (store, lane) = (store.clone(), u64::from(death) * LANES + lane);
        rt::spawn(async move {
            for steps in 1.. {
                take_step(&store, after(lane, steps - 1), after(lane, steps)).await;
                Task::say(&format!("{lane} {steps}"));
            }
        })
    });
    drop(join_all(lanes).await);
}

async fn take_step(
    store: &RedbStore,
    before: Option<(StoreKey, Record)>,
    after: Option<(StoreKey, Record)>,
) {
    let revision = |record: &Record| Revision::from(record.write_id);
    match (before, after) {
        (None, None) => {}
        (None, Some((key, record))) => {
            applied(
                &store
                    .write(Write::create(&key, &record, NOW))
                    .await
                    .unwrap(),
            );
        }
        (Some((key, _)), None) => store.delete(&key).await.unwrap(),
        (Some((old, before)), Some((key, record))) if old == key => {
            if before.write_id == record.write_id {
                let touched = store.touch(&key, record.deadline, NOW).await;
                assert_eq!(touched.unwrap(), Touched::Applied);
            } else {
                let written = store.write(Write::update(&key, &record, revision(&before), NOW));
                applied(&written.await.unwrap());
            }
        }
        (Some((old, before)), Some((key, record))) => {
            let written = store.write(Write::rename(&old, &key, &record, revision(&before), NOW));
            applied(&written.await.unwrap());
        }
    }
}

#[test]
fn nothing_that_was_answered_is_lost_and_nothing_torn_whenever_the_process_dies() {
    let folder = Folder::new();
    let path = folder.path().join("sessions.redb");
    let mut model = BTreeMap::new();
    for death in 1..=DEATHS {
        let mut done = HashMap::<u64, u64>::new();
        let mut worker = Worker::start("write until killed", &path, death);
        let mut lines = 0;
        for line in worker.lines() {
            let line = line.unwrap();
            let (lane, steps) = line.split_once(' ').unwrap();
            done.insert(lane.parse().unwrap(), steps.parse().unwrap());
            lines += 1;
            // Whatever it is doing by now; what it said before is still in the pipe.
            if lines == death * 31 % 150 + 1 {
                worker.kill();
            }
        }
        // The lock has died with the process.
        let store = RedbStore::open(&path).unwrap();
        wait(look_around(&store, &mut model, death, &done));
    }

    let store = RedbStore::open(&path).unwrap();
    let end = Timestamp::from_seconds(u64::MAX);
    let swept = wait(store.delete_expired(10_000, end)).unwrap();
    assert_eq!(swept, model.len());
    assert_eq!(wait(listed(&store, &alice())), []);
    assert_eq!(wait(listed(&store, &bob())), []);
}

/// Compares the store with what was answered; of each lane, one step may have been under way, and is done or not.
async fn look_around(
    store: &RedbStore,
    model: &mut BTreeMap<StoreKey, Option<Principal>>,
    death: u32,
    done: &HashMap<u64, u64>,
) {
    for lane in (0..LANES).map(|lane| u64::from(death) * LANES + lane) {
        let steps = done.get(&lane).copied().unwrap_or(0);
        let (now, next) = (after(lane, steps), after(lane, steps + 1));
        let mut found = Vec::new();
        let mut keys: Vec<_> = [&now, &next]
            .into_iter()
            .flatten()
            .map(|(key, _)| *key)
            .collect();
        keys.dedup();
        for key in keys {
            found.extend(loaded(store, &key).await.map(|record| (key, record)));
        }
        let allowed = [now, next].map(Vec::from_iter);
        assert!(allowed.contains(&found), "after {steps}: {found:?}");
        model.extend(
            found
                .into_iter()
                .map(|(key, record)| (key, record.principal)),
        );
    }
    for principal in [alice(), bob()] {
        let belonging: Vec<_> = model
            .iter()
            .filter(|(_, owner)| owner.as_ref() == Some(&principal))
            .map(|(key, _)| *key)
            .collect();
        assert_eq!(listed(store, &principal).await, belonging);
    }
}

#[test]
fn a_process_that_dies_while_it_makes_the_file_leaves_none_or_a_whole_one() {
    let folder = Folder::new();
    for death in 0..24 {
        let path = folder.path().join(format!("{death}.redb"));
        let mut worker = Worker::start("hold", &path, death);
        let mut lines = worker.lines();
        if death % 8 == 7 {
            lines.next().unwrap().unwrap();
        } else {
            // From before it is begun to after it is done.
            while fs::read_dir(folder.path()).unwrap().count() < 2 && !path.exists() {
                thread::sleep(Duration::from_micros(200));
            }
            thread::sleep(Duration::from_micros(u64::from(death) * 200));
        }
        worker.kill();
        drop(RedbStore::open(&path).unwrap());
        for entry in fs::read_dir(folder.path()).unwrap() {
            fs::remove_file(entry.unwrap().path()).unwrap();
        }
    }
}
