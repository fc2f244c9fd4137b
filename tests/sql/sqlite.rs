//! What only a file does: locks, a full disk, permissions.

use sessions::{
    SqliteStore,
    store::{SessionStore as _, StoreErrorKind, Written},
};
use sqlx::{
    Connection as _, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};

use crate::{
    file::File,
    fixture::{
        DEADLINE, NOW, alice, applied, at_most, found, new_key, record, record_of, stored,
        use_every_verb,
    },
};

#[actix_web::test]
async fn a_file_that_is_locked_for_long_is_unavailable_to_writers_and_open_to_readers() {
    let file = File::new();
    let store = file.store().await;
    let (key, revision) = stored(&store, &record()).await;
    let pool = file.pool().await;
    let mut other = pool.acquire().await.unwrap();
    sqlx::query("BEGIN IMMEDIATE")
        .execute(&mut *other)
        .await
        .unwrap();
    assert!(found(&store, &key).await.is_some());
    let written = store.update(&key, &record(), revision, None, NOW).await;
    assert_eq!(written.unwrap_err().kind(), StoreErrorKind::Unavailable);
    let login = record_of(&alice());
    let written = store.create(&new_key(), &login, at_most(1), NOW).await;
    assert_eq!(written.unwrap_err().kind(), StoreErrorKind::Unavailable);
    let touched = store.touch(&key, DEADLINE, NOW).await.unwrap_err();
    assert_eq!(touched.kind(), StoreErrorKind::Unavailable);
    sqlx::query("COMMIT").execute(&mut *other).await.unwrap();
    applied(
        &store
            .update(&key, &record(), revision, None, NOW)
            .await
            .unwrap(),
    );
}

#[actix_web::test]
async fn a_full_disk_refuses_the_new_and_keeps_what_is_there() {
    let file = File::new();
    drop(file.store().await);
    // SQLite's own limit of the file's size ends as a full disk does.
    let options = SqliteConnectOptions::new()
        .filename(file.path())
        .pragma("max_page_count", "40");
    let pool = SqlitePoolOptions::new().max_connections(1);
    let store = SqliteStore::from_pool(pool.connect_with(options).await.unwrap());
    let mut kept = Vec::new();
    let error = loop {
        let (key, mut record) = (new_key(), record());
        record.body = vec![7; 8 * 1024];
        match store.create(&key, &record, None, NOW).await {
            Ok(Written::Applied { .. }) => kept.push((key, record)),
            Ok(other) => panic!("{other:?}"),
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), StoreErrorKind::Full);
    assert!(kept.len() > 5);
    for (key, record) in &kept {
        assert_eq!(found(&store, key).await.as_ref(), Some(record));
    }
    // Who leaves makes room.
    for (key, _) in &kept {
        store.delete(key).await.unwrap();
    }
    stored(&store, &record()).await;
}

#[cfg(unix)]
#[actix_web::test]
async fn the_file_and_what_lies_beside_it_are_its_owners_only() {
    use std::os::unix::fs::PermissionsExt as _;

    let file = File::new();
    let store = file.store().await;
    stored(&store, &record()).await;
    for path in file.beside() {
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{path:?}");
    }
}

#[actix_web::test]
async fn a_pool_that_is_there_already_keeps_its_other_tables() {
    let file = File::new();
    let options = SqliteConnectOptions::new()
        .filename(file.path())
        .create_if_missing(true);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql("CREATE TABLE items (name TEXT); INSERT INTO items VALUES ('lamp')")
        .execute(&mut connection)
        .await
        .unwrap();
    let pool = SqlitePoolOptions::new()
        .connect_with(options)
        .await
        .unwrap();
    let store = SqliteStore::from_pool(pool.clone());
    store.migrate().await.unwrap();
    use_every_verb(&store).await;
    let items = sqlx::query("SELECT name FROM items").fetch_all(&pool).await;
    assert_eq!(items.unwrap().len(), 1);
}

#[actix_web::test]
async fn a_row_that_is_no_record_is_corrupt() {
    let file = File::new();
    let store = file.store().await;
    let (key, revision) = stored(&store, &record()).await;
    let pool = file.pool().await;
    sqlx::query("UPDATE sessions SET handle = x'00'")
        .execute(&pool)
        .await
        .unwrap();
    let error = store.load(&key, NOW).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Corrupt);
    let error = store.load_many(&[key], NOW).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Corrupt);
    // It can be replaced, and deleted.
    applied(
        &store
            .update(&key, &record(), revision, None, NOW)
            .await
            .unwrap(),
    );
    assert!(found(&store, &key).await.is_some());
}

#[actix_web::test]
async fn a_caller_who_gives_up_leaves_no_transaction_open() {
    let file = File::new();
    let store = file.store().await;
    for polls in 1..12 {
        let (key, record) = (new_key(), record_of(&alice()));
        let mut call = std::pin::pin!(store.create(&key, &record, at_most(1), NOW));
        for _ in 0..polls {
            let step =
                actix_web::rt::time::timeout(std::time::Duration::from_micros(150), &mut call);
            if step.await.is_ok() {
                break;
            }
        }
    }
    // One connection writes: with a transaction open on it, nothing from here on would be seen by the readers.
    use_every_verb(&store).await;
    let other = file.store().await;
    use_every_verb(&other).await;
}
