//! What is wrong at the start is said at the start.

use std::{error::Error, fs, path::Path};

use redb::{Database, TableDefinition};
use sessions::{
    RedbError, RedbErrorKind, RedbStore,
    store::{SessionStore as _, StoreErrorKind, Write},
};
use sessions_tests::{Folder, Worker};

use crate::fixture::{NOW, applied, key, loaded, record, wait};

fn refused(path: &Path) -> RedbError {
    let error = RedbStore::open(path).unwrap_err();
    assert!(
        error.to_string().contains(path.to_str().unwrap()),
        "{error}"
    );
    error
}

#[test]
fn what_was_written_is_there_after_a_restart() {
    let folder = Folder::new();
    let path = folder.path().join("sessions.redb");
    for number in 0..3 {
        let store = RedbStore::open(&path).unwrap();
        wait(async {
            let record = record(number);
            applied(
                &store
                    .write(Write::create(&key(number), &record, NOW))
                    .await
                    .unwrap(),
            );
        });
    }
    let store = RedbStore::open(&path).unwrap();
    for number in 0..3 {
        assert_eq!(wait(loaded(&store, &key(number))), Some(record(number)));
    }
}

#[test]
fn a_file_is_for_one_store_and_one_process() {
    let folder = Folder::new();
    let path = folder.path().join("sessions.redb");
    let mut worker = Worker::start("hold", &path, 0);
    assert_eq!(worker.lines().next().unwrap().unwrap(), "open");
    let error = refused(&path);
    assert_eq!(error.kind(), RedbErrorKind::InUse);
    assert_eq!(
        error.to_string(),
        format!(
            "{} is open already, in another process or in another store of this one; a file of redb is for one of them: \
             give each its own, or clone the store",
            path.display()
        )
    );
    worker.kill();

    let store = RedbStore::open(&path).unwrap();
    assert_eq!(refused(&path).kind(), RedbErrorKind::InUse);
    let other_owner = store.clone();
    drop(store);
    assert_eq!(refused(&path).kind(), RedbErrorKind::InUse);
    drop(other_owner);
    drop(RedbStore::open(&path).unwrap());
}

#[test]
fn what_is_no_file_of_sessions_is_left_alone() {
    let folder = Folder::new();
    let text = folder.path().join("text");
    // As private as a file of sessions.
    drop(RedbStore::open(&text).unwrap());
    fs::write(&text, "Dear diary, ".repeat(10_000)).unwrap();
    assert_eq!(refused(&text).kind(), RedbErrorKind::Foreign);
    assert!(fs::read_to_string(&text).unwrap().starts_with("Dear diary"));

    let other = folder.path().join("other.redb");
    drop(RedbStore::open(&other).unwrap());
    fs::write(&other, "").unwrap();
    let table = TableDefinition::<u64, u64>::new("stars");
    let database = Database::create(&other).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction.open_table(table).unwrap().insert(1, 2).unwrap();
    transaction.commit().unwrap();
    drop(database);
    assert_eq!(refused(&other).kind(), RedbErrorKind::Foreign);

    assert_eq!(refused(folder.path()).kind(), RedbErrorKind::Foreign);
}

#[test]
fn a_file_of_a_newer_version_is_left_alone() {
    let folder = Folder::new();
    let path = folder.path().join("sessions.redb");
    drop(RedbStore::open(&path).unwrap());
    let database = Database::open(&path).unwrap();
    let transaction = database.begin_write().unwrap();
    let format = TableDefinition::<&str, u64>::new("sessions-format");
    transaction
        .open_table(format)
        .unwrap()
        .insert("format", 2)
        .unwrap();
    transaction.commit().unwrap();
    drop(database);
    assert_eq!(refused(&path).kind(), RedbErrorKind::Newer);
}

#[test]
fn a_folder_that_is_not_there_is_not_made() {
    let folder = Folder::new();
    let path = folder.path().join("nowhere/sessions.redb");
    let error = refused(&path);
    assert_eq!(error.kind(), RedbErrorKind::Inaccessible);
    assert!(error.source().is_some());
}

/// Whatever byte of it is another: it is refused, or nothing that it holds is affected.
#[test]
fn a_damaged_file_is_refused_and_no_panic() {
    let folder = Folder::new();
    let path = folder.path().join("sessions.redb");
    let store = RedbStore::open(&path).unwrap();
    wait(async {
        for number in 0..60 {
            let record = record(number);
            applied(
                &store
                    .write(Write::create(&key(number), &record, NOW))
                    .await
                    .unwrap(),
            );
        }
    });
    drop(store);
    let whole = fs::read(&path).unwrap();
    let mut refusals = 0;
    for place in (0..320)
        .step_by(7)
        .chain((320..whole.len()).step_by(16_381))
    {
        let mut damaged = whole.clone();
        damaged[place] ^= 0x55;
        fs::write(&path, damaged).unwrap();
        match RedbStore::open(&path) {
            Err(_) => refusals += 1,
            Ok(store) => wait(async {
                for number in 0..60 {
                    let found = loaded(&store, &key(number)).await;
                    assert_eq!(found, Some(record(number)), "byte {place}");
                }
            }),
        }
    }
    assert!(refusals > 10, "{refusals}");
    for length in [1, 8, 100, 4096, whole.len() / 2] {
        fs::write(&path, &whole[..length]).unwrap();
        refused(&path);
    }
}

#[test]
fn a_record_that_cannot_be_read_is_corrupt_until_it_is_deleted() {
    let folder = Folder::new();
    let path = folder.path().join("sessions.redb");
    drop(RedbStore::open(&path).unwrap());
    let database = Database::open(&path).unwrap();
    let transaction = database.begin_write().unwrap();
    let records = TableDefinition::<&[u8; 32], &[u8]>::new("sessions-records");
    transaction
        .open_table(records)
        .unwrap()
        .insert(key(1).as_bytes(), b"\x02 a later version".as_slice())
        .unwrap();
    transaction.commit().unwrap();
    drop(database);
    let store = RedbStore::open(&path).unwrap();
    wait(async {
        let (key, record) = (key(1), record(1));
        let errors = [
            store.load(&key, NOW).await.map(drop),
            store
                .write(Write::create(&key, &record, NOW))
                .await
                .map(drop),
            store.touch(&key, record.deadline, NOW).await.map(drop),
        ];
        for error in errors {
            assert_eq!(error.unwrap_err().kind(), StoreErrorKind::Corrupt);
        }
        store.delete(&key).await.unwrap();
        applied(
            &store
                .write(Write::create(&key, &record, NOW))
                .await
                .unwrap(),
        );
    });
}

#[cfg(unix)]
mod rights {
    use std::{
        fs::Permissions,
        os::unix::fs::{PermissionsExt as _, chown, symlink},
    };

    use super::*;

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn the_file_is_its_owners_alone() {
        let folder = Folder::new();
        let path = folder.path().join("sessions.redb");
        let store = RedbStore::open(&path).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(!format!("{store:?}").contains(folder.path().to_str().unwrap()));
    }

    #[test]
    fn a_file_or_folder_that_others_can_get_at_is_refused_with_the_remedy() {
        let folder = Folder::new();
        let path = folder.path().join("sessions.redb");
        drop(RedbStore::open(&path).unwrap());
        for (exposed, mode, right) in [
            (&*path, 0o644, 0o600),
            (&*path, 0o602, 0o600),
            (folder.path(), 0o777, 0o700),
        ] {
            set_mode(exposed, mode);
            let error = RedbStore::open(&path).unwrap_err();
            assert_eq!(error.kind(), RedbErrorKind::Exposed);
            assert_eq!(
                error.to_string(),
                format!(
                    "every user may get at {}; make it the server's own: chmod 600 for a file, 700 for a folder",
                    exposed.display()
                )
            );
            set_mode(exposed, right);
        }
        drop(RedbStore::open(&path).unwrap());
    }

    #[test]
    fn a_file_that_others_can_write_to_is_refused_also_in_a_folder_that_we_cannot() {
        let folder = Folder::new();
        let path = folder.path().join("sessions.redb");
        drop(RedbStore::open(&path).unwrap());
        set_mode(&path, 0o602);
        set_mode(folder.path(), 0o500);
        let error = RedbStore::open(&path).unwrap_err();
        set_mode(folder.path(), 0o700);
        assert_eq!(error.kind(), RedbErrorKind::Exposed);
    }

    /// What it leads to is somebody's choice, and may be another by the time it is opened.
    #[test]
    fn a_symbolic_link_is_refused_and_nothing_is_made_where_it_leads() {
        let folder = Folder::new();
        let path = folder.path().join("sessions.redb");
        let target = folder.path().join("target.redb");
        symlink(&target, &path).unwrap();
        let error = refused(&path);
        assert_eq!(error.kind(), RedbErrorKind::Symlink);
        assert_eq!(
            error.to_string(),
            format!(
                "{} is a symbolic link; name the file that it leads to",
                path.display()
            )
        );
        assert!(!target.exists());
        drop(RedbStore::open(&target).unwrap());
        assert_eq!(refused(&path).kind(), RedbErrorKind::Symlink);

        // A link on the way there is another matter.
        let around = folder.path().join("around");
        symlink(folder.path(), &around).unwrap();
        drop(RedbStore::open(around.join("target.redb")).unwrap());
    }

    #[test]
    fn a_file_of_another_user_is_refused() {
        let folder = Folder::new();
        let path = folder.path().join("sessions.redb");
        drop(RedbStore::open(&path).unwrap());
        // Only root can give a file away, and so run this test.
        if chown(&path, Some(12_345), None).is_err() {
            return;
        }
        assert_eq!(refused(&path).kind(), RedbErrorKind::ForeignOwner);
    }
}
