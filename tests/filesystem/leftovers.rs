//! What lies in the directory and should not: the remains of a death, of a power failure, of a newer version.

use std::{
    fs::{self, File},
    future::Future as _,
    path::PathBuf,
    pin::pin,
    task::{Context, Poll, Waker},
    time::{Duration, SystemTime},
};

use sessions::{
    FilesystemDurability, FilesystemReads, FilesystemStore, Timestamp,
    store::{SessionStore as _, StoreErrorKind, StoreKey, Write, Written},
};

use crate::fixture::{
    DEADLINE, Directory, NOW, alice, applied, belonging_to, bob, create, key, listed, record, wait,
};

fn file_of(directory: &Directory, key: &StoreKey) -> PathBuf {
    let name = key.to_string();
    directory.path().join("records").join(&name[..2]).join(name)
}

fn kind(store: &FilesystemStore, key: &StoreKey) -> StoreErrorKind {
    wait(store.load(key, NOW)).unwrap_err().kind()
}

#[test]
fn a_damaged_record_is_corrupt_until_the_sweep_deletes_it() {
    let directory = Directory::new();
    let store = directory.store();
    let key = key(1, 1);
    wait(create(&store, &key, &belonging_to(&alice(), 1)));
    let file = file_of(&directory, &key);
    let whole = fs::read(&file).unwrap();

    for damaged in [&b""[..], &whole[..50], &vec![0; whole.len()]] {
        fs::write(&file, damaged).unwrap();
        assert_eq!(kind(&store, &key), StoreErrorKind::Corrupt);
        assert_eq!(
            kind(&store.clone().reads(FilesystemReads::Offloaded), &key),
            StoreErrorKind::Corrupt
        );
        let update = wait(store.write(Write::update(
            &key,
            &record(2),
            record(1).write_id.into(),
            NOW,
        )));
        assert_eq!(update.unwrap_err().kind(), StoreErrorKind::Corrupt);
        assert_eq!(wait(listed(&store, &alice())), []);
    }
    assert_eq!(wait(store.delete_expired(10, NOW)).unwrap(), 1);
    assert_eq!(wait(store.load(&key, NOW)).unwrap(), None);
    assert_eq!(directory.files("records").len(), 0);
    assert_eq!(
        directory.files("principals").len(),
        0,
        "the hint is gone, too"
    );
}

#[test]
fn a_damaged_record_can_be_deleted_and_its_key_taken() {
    let directory = Directory::new();
    let store = directory.store();
    let key = key(1, 1);
    for round in [1, 2] {
        wait(create(&store, &key, &record(round)));
        fs::write(file_of(&directory, &key), "not a record").unwrap();
    }
    wait(store.delete(&key)).unwrap();
    assert_eq!(wait(store.load(&key, NOW)).unwrap(), None);
}

#[test]
fn a_record_of_a_newer_version_is_left_alone() {
    let directory = Directory::new();
    let store = directory.store();
    let key = key(1, 1);
    wait(create(&store, &key, &record(1)));
    let file = file_of(&directory, &key);
    let mut newer = fs::read(&file).unwrap();
    newer[4] = 2;
    fs::write(&file, &newer).unwrap();

    assert_eq!(kind(&store, &key), StoreErrorKind::Corrupt);
    let end = Timestamp::from_seconds(u64::MAX);
    assert_eq!(wait(store.delete_expired(10, end)).unwrap(), 0);
    let created = wait(store.write(Write::create(&key, &record(2), NOW))).unwrap();
    assert_eq!(created, Written::Conflict);
    assert_eq!(fs::read(&file).unwrap(), newer);
}

#[test]
fn the_sweep_removes_what_a_dead_process_was_writing_and_nothing_that_a_live_one_is() {
    let directory = Directory::new();
    let store = directory.store();
    wait(create(&store, &key(1, 1), &record(1)));
    let folder = directory.path().join("records/01");
    let dead = folder.join(".dead.tmp");
    let live = folder.join(".live.tmp");
    let foreign = folder.join("README");
    for file in [&dead, &live, &foreign] {
        File::create(file).unwrap();
    }
    let hours_ago = SystemTime::now() - Duration::from_secs(2 * 60 * 60);
    for file in [&dead, &foreign] {
        let file = File::options().write(true).open(file).unwrap();
        file.set_modified(hours_ago).unwrap();
    }

    // The caller's time may be turned; the disk's decides.
    let years_later = Timestamp::from_seconds(NOW.as_seconds() * 2);
    assert_eq!(wait(store.delete_expired(10, years_later)).unwrap(), 1);
    assert!(!dead.exists());
    assert!(live.exists());
    assert!(foreign.exists());
}

#[test]
fn a_hint_at_nothing_is_seen_through_and_removed() {
    let directory = Directory::new();
    let store = directory.store();
    let (left, stays) = (key(1, 1), key(2, 2));
    wait(async {
        create(&store, &left, &belonging_to(&alice(), 1)).await;
        create(&store, &stays, &belonging_to(&alice(), 2)).await;
        // As if the process had died between the record and its hint.
        fs::remove_file(file_of(&directory, &left)).unwrap();
        assert_eq!(directory.files("principals").len(), 2);
        assert_eq!(listed(&store, &alice()).await, [stays]);
        assert_eq!(directory.files("principals").len(), 1);

        // And for a principal that nobody asks for.
        fs::remove_file(file_of(&directory, &stays)).unwrap();
        assert_eq!(store.delete_expired(10, NOW).await.unwrap(), 0);
        assert_eq!(directory.files("principals").len(), 0);
    });
}

#[test]
fn a_hint_follows_a_session_to_its_new_owner() {
    let directory = Directory::new();
    let store = directory.store();
    let key = key(1, 1);
    wait(async {
        let revision = create(&store, &key, &belonging_to(&alice(), 1)).await;
        let given = belonging_to(&bob(), 2);
        applied(
            &store
                .write(Write::update(&key, &given, revision, NOW))
                .await
                .unwrap(),
        );
        assert_eq!(listed(&store, &alice()).await, []);
        assert_eq!(listed(&store, &bob()).await, [key]);
        assert_eq!(directory.files("principals").len(), 1);
        store.delete(&key).await.unwrap();
        assert_eq!(directory.files("principals").len(), 0);
    });
}

#[test]
fn without_a_runtime_the_work_is_done_where_it_is_awaited() {
    let directory = Directory::new();
    let store = directory
        .store()
        .durability(FilesystemDurability::PowerFailure);
    let (key, record) = (key(1, 1), belonging_to(&alice(), 1));
    let mut created = pin!(store.write(Write::create(&key, &record, NOW)));
    let poll = created
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()));
    let Poll::Ready(created) = poll else {
        panic!("it waits");
    };
    applied(&created.unwrap());
}

#[test]
fn a_write_that_nobody_waits_for_leaves_nothing_behind() {
    let directory = Directory::new();
    let store = directory.store();
    let (key, record) = (key(1, 1), belonging_to(&alice(), 1));
    wait(async {
        // Asked for and given up at once: it may be done or not.
        for _ in 0..20 {
            let mut given_up = pin!(store.write(Write::create(&key, &record, NOW)));
            let _ = given_up
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()));
        }
        // Whoever comes after the last of them finds the locks free.
        store.delete(&key).await.unwrap();
    });
    // The runtime has ended, and with it all that had begun.
    let files = directory.files("records");
    assert!(
        files.iter().all(|file| *file == file_of(&directory, &key)),
        "{files:?}"
    );
    let written = wait(store.write(Write::create(&key, &record, DEADLINE))).unwrap();
    applied(&written);
}

#[test]
fn a_body_over_the_limit_is_refused_and_any_is_taken_without_one() {
    let directory = Directory::new();
    let store = directory.store().max_length(1000);
    let mut large = record(1);
    large.body = vec![1; 1001];
    let error = wait(store.write(Write::create(&key(1, 1), &large, NOW))).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::TooLarge);

    large.body = vec![1; 3 * 1024 * 1024];
    let store = store.max_length(0);
    wait(create(&store, &key(1, 1), &large));
    let loaded = wait(store.load(&key(1, 1), NOW)).unwrap().unwrap();
    assert_eq!(loaded.record, large);
}
