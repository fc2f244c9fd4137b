//! A disk that takes no more.

use sessions::{
    RedbStore, Timestamp,
    store::{SessionStore as _, StoreErrorKind, Write, Written},
};
use sessions_tests::{Folder, Task, Worker};

use crate::fixture::{NOW, applied, key, loaded, record, wait};

/// Creates sessions until there is no room, and one more when there is again.
pub(crate) async fn fill(store: &RedbStore) {
    let mut number = 0;
    loop {
        let created = store
            .write(Write::create(&key(number), &record(number), NOW))
            .await;
        match created {
            Ok(Written::Applied { .. }) => Task::say(&number.to_string()),
            Ok(Written::Ambiguous) => break,
            Err(error) => {
                assert_eq!(error.kind(), StoreErrorKind::Full);
                break;
            }
            other => panic!("{other:?}"),
        }
        number += 1;
    }
    // Who is logged in is served all the same, and nobody new gets in.
    for number in 0..number {
        let found = loaded(store, &key(number)).await;
        assert_eq!(found, Some(record(number)), "{number}");
    }
    Task::say("full");
    Task::wait_for_word();
    let last = record(number + 1);
    applied(
        &store
            .write(Write::create(&key(number + 1), &last, NOW))
            .await
            .unwrap(),
    );
    assert_eq!(loaded(store, &key(number + 1)).await, Some(last));
    Task::say(&(number + 1).to_string());
}

#[test]
fn a_full_disk_loses_nothing_that_was_answered_and_heals_by_itself() {
    let folder = Folder::new();
    let path = folder.path().join("sessions.redb");
    // So that there is a file; in full it is larger than what the process may make.
    drop(RedbStore::open(&path).unwrap());
    let mut worker = Worker::start_with_small_files(4096, "fill", &path, 0);
    let mut created = Vec::new();
    for line in worker.lines().map_while(Result::ok) {
        if line == "full" {
            if !worker.allow_large_files() {
                worker.kill();
            }
            worker.go_on();
        } else {
            created.push(line.parse().unwrap());
        }
    }
    assert!(created.len() > 100, "{created:?}");
    let store = RedbStore::open(&path).unwrap();
    wait(async {
        for number in &created {
            assert_eq!(loaded(&store, &key(*number)).await, Some(record(*number)));
        }
        let end = Timestamp::from_seconds(u64::MAX);
        let swept = store.delete_expired(usize::MAX, end).await.unwrap();
        // The one without an answer may be there.
        assert!((created.len()..=created.len() + 1).contains(&swept));
    });
}
