//! Who may read and write what the store keeps.

#![cfg(unix)]

use std::{
    fs::{self, Permissions},
    os::unix::fs::{PermissionsExt as _, chown},
    path::Path,
};

use sessions::{
    FilesystemErrorKind, FilesystemStore,
    store::{SessionStore as _, StoreErrorKind, Write},
};

use crate::fixture::{Directory, NOW, alice, belonging_to, create, key, wait};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn everything_is_its_owners_alone() {
    let directory = Directory::new();
    let store = directory.store();
    wait(async {
        create(&store, &key(1, 1), &belonging_to(&alice(), 1)).await;
        store.delete_expired(10, NOW).await.unwrap();
    });

    assert_eq!(mode(directory.path()), 0o700);
    let files = directory.files("");
    assert_eq!(files.len(), 5, "a record, a hint, three locks: {files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{file:?}");
        let folders = file.ancestors().skip(1);
        for folder in folders.take_while(|folder| folder.starts_with(directory.path())) {
            assert_eq!(mode(folder), 0o700, "{folder:?}");
        }
    }
}

#[test]
fn a_directory_that_every_user_may_write_to_is_refused_with_the_remedy() {
    let directory = Directory::new();
    let _ = directory.store();
    for folder in [directory.path(), &directory.path().join("records")] {
        set_mode(folder, 0o777);
        let error = FilesystemStore::new(directory.path()).unwrap_err();
        assert_eq!(error.kind(), FilesystemErrorKind::WritableByEverybody);
        assert_eq!(
            error.to_string(),
            format!(
                "every user may write to {} and could forge a session; make it the server's own: chmod 700",
                folder.display()
            )
        );
        set_mode(folder, 0o755);
    }
    let _ = directory.store();
}

#[test]
fn a_directory_of_another_user_is_refused_with_the_remedy() {
    let directory = Directory::new();
    let _ = directory.store();
    // Only root can give a directory away, and so run this test.
    if chown(directory.path(), Some(12_345), None).is_err() {
        return;
    }
    let error = FilesystemStore::new(directory.path()).unwrap_err();
    assert_eq!(error.kind(), FilesystemErrorKind::ForeignOwner);
    assert_eq!(
        error.to_string(),
        format!(
            "{} belongs to another user, who could forge a session; make it the server's own: chown",
            directory.path().display()
        )
    );
}

#[test]
fn a_file_in_the_place_of_the_directory_is_refused() {
    let directory = Directory::new();
    fs::write(directory.path(), "").unwrap();
    let error = FilesystemStore::new(directory.path()).unwrap_err();
    assert_eq!(error.kind(), FilesystemErrorKind::Inaccessible);
    fs::remove_file(directory.path()).unwrap();
}

#[test]
fn neither_an_error_nor_the_store_shows_where_the_sessions_are() {
    let directory = Directory::new();
    let store = directory.store();
    let folder = directory.path().join("records/01");
    fs::write(&folder, "in the way").unwrap();

    let error = wait(store.load(&key(1, 1), NOW)).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Refused);
    let path = directory.path().to_str().unwrap();
    assert!(!format!("{error} {error:?} {store:?}").contains(path));
}

#[test]
fn a_directory_that_has_gone_is_not_made_again() {
    let directory = Directory::new();
    let store = directory.store();
    fs::remove_dir_all(directory.path()).unwrap();

    let record = belonging_to(&alice(), 1);
    let error = wait(store.write(Write::create(&key(1, 1), &record, NOW))).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    assert!(!directory.path().exists());
}
