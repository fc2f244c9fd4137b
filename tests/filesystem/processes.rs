//! Several processes on one directory.

use sessions::{
    FilesystemStore,
    store::{Admission, AdmissionPolicy, SessionStore as _, StoreKey, Write, Written},
};

use sessions_tests::{Task, Worker};

use crate::fixture::{
    DEADLINE, Directory, NOW, alice, applied, belonging_to, create, key, listed, record, wait,
};

const PROCESSES: u32 = 4;
const INCREMENTS: u32 = 100;
const LOGINS: u32 = 15;
const LIMIT: u32 = 3;
const RENAMES: u32 = 40;

fn all_do(task: &str, directory: &Directory) -> Vec<String> {
    let workers: Vec<_> = (0..PROCESSES)
        .map(|number| Worker::start(task, directory.path(), number))
        .collect();
    workers.into_iter().flat_map(Worker::finish).collect()
}

/// Unlike any other process's.
fn write_id(process: u32, count: u32) -> u128 {
    u128::from(process + 1) << 32 | u128::from(count)
}

pub(crate) async fn increment(store: &FilesystemStore, process: u32) {
    let key = key(1, 1);
    let mut attempts = 0;
    for _ in 0..INCREMENTS {
        loop {
            attempts += 1;
            let loaded = store.load(&key, NOW).await.unwrap().unwrap();
            let mut next = loaded.record;
            let count = u32::from_be_bytes(next.body.as_slice().try_into().unwrap());
            next.body = (count + 1).to_be_bytes().to_vec();
            next.write_id = record(write_id(process, attempts)).write_id;
            match store
                .write(Write::update(&key, &next, loaded.revision, NOW))
                .await
            {
                Ok(Written::Applied { .. }) => break,
                Ok(Written::Conflict) => {}
                other => panic!("{other:?}"),
            }
            // A touch in between changes no revision and loses no write.
            let _ = store.touch(&key, DEADLINE, NOW).await.unwrap();
        }
    }
}

#[test]
fn no_increment_is_lost_between_processes() {
    let directory = Directory::new();
    let store = directory.store();
    let mut zero = record(1);
    zero.body = 0_u32.to_be_bytes().to_vec();
    wait(create(&store, &key(1, 1), &zero));

    all_do("increment", &directory);

    let loaded = wait(store.load(&key(1, 1), NOW)).unwrap().unwrap();
    assert_eq!(
        loaded.record.body,
        (PROCESSES * INCREMENTS).to_be_bytes().to_vec()
    );
}

pub(crate) async fn log_in(store: &FilesystemStore, process: u32) {
    let admission = Admission::new(LIMIT, AdmissionPolicy::Refuse);
    for count in 0..LOGINS {
        let new = belonging_to(&alice(), write_id(process, count));
        let key = key(u8::try_from(process * 50).unwrap(), count);
        match store
            .write(Write::create(&key, &new, NOW).admitted_by(Some(admission)))
            .await
            .unwrap()
        {
            Written::Applied { .. } => Task::say("admitted"),
            Written::Refused => {}
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn processes_together_admit_no_more_sessions_than_the_limit() {
    let directory = Directory::new();
    let store = directory.store();

    let admitted = all_do("log in", &directory);

    let limit = usize::try_from(LIMIT).unwrap();
    assert_eq!(admitted.len(), limit);
    assert_eq!(wait(listed(&store, &alice())).len(), limit);
    assert_eq!(directory.files("records").len(), limit);
    assert_eq!(directory.files("principals").len(), limit);
}

pub(crate) async fn log_in_with_room_made(store: &FilesystemStore, process: u32) {
    let admission = Admission::new(LIMIT, AdmissionPolicy::EvictOldest);
    for count in 0..LOGINS {
        let new = belonging_to(&alice(), write_id(process, count));
        let key = key(u8::try_from(process * 50).unwrap(), count);
        applied(
            &store
                .write(Write::create(&key, &new, NOW).admitted_by(Some(admission)))
                .await
                .unwrap(),
        );
        let live = listed(store, &alice()).await.len();
        assert!(live <= usize::try_from(LIMIT).unwrap(), "{live} sessions");
    }
}

#[test]
fn processes_that_make_room_for_their_sessions_never_exceed_the_limit() {
    let directory = Directory::new();
    let store = directory.store();

    all_do("log in with room made", &directory);

    let limit = usize::try_from(LIMIT).unwrap();
    assert_eq!(wait(listed(&store, &alice())).len(), limit);
    assert_eq!(directory.files("records").len(), limit);
    assert_eq!(directory.files("principals").len(), limit);
}

fn contested(number: u32) -> StoreKey {
    key(9, number)
}

/// From both ends of the order of locks.
pub(crate) async fn rename(store: &FilesystemStore, process: u32) {
    for number in 0..RENAMES {
        let first = u8::try_from(process * 60).unwrap();
        let new = belonging_to(&alice(), write_id(process, number));
        let old = contested(number);
        let expected = record(1).write_id.into();
        match store
            .write(Write::rename(
                &old,
                &key(first, number),
                &new,
                expected,
                NOW,
            ))
            .await
            .unwrap()
        {
            Written::Applied { .. } => Task::say(&number.to_string()),
            Written::Missing => {}
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn of_the_processes_that_renew_a_session_one_does() {
    let directory = Directory::new();
    let store = directory.store();
    wait(async {
        for number in 0..RENAMES {
            create(&store, &contested(number), &belonging_to(&alice(), 1)).await;
        }
    });

    let mut renamed: Vec<u32> = all_do("rename", &directory)
        .iter()
        .map(|number| number.parse().unwrap())
        .collect();

    renamed.sort_unstable();
    assert_eq!(renamed, (0..RENAMES).collect::<Vec<_>>());
    let listed = wait(listed(&store, &alice()));
    assert_eq!(listed.len(), renamed.len());
    for number in renamed {
        assert!(!listed.contains(&contested(number)));
    }
}
