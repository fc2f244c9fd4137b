//! What only a file does: locks, a full disk, permissions.

use std::{error::Error as _, time::Duration};

use actix_web::rt::time::{sleep, timeout};
use sessions::{
    SqlErrorKind, SqliteStore,
    store::{SessionStore as _, StoreErrorKind, Touched, Write, Written},
};
use sqlx::{
    Connection as _, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};

use crate::{
    file::File,
    fixture::{
        DEADLINE, NOW, alice, applied, at_most, eventually, found, new_key, record, record_of,
        stored, use_every_verb,
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
    let written = store
        .write(Write::update(&key, &record(), revision, NOW))
        .await;
    assert_eq!(written.unwrap_err().kind(), StoreErrorKind::Unavailable);
    let login = record_of(&alice());
    let written = store
        .write(Write::create(&new_key(), &login, NOW).admitted_by(at_most(1)))
        .await;
    assert_eq!(written.unwrap_err().kind(), StoreErrorKind::Unavailable);
    let touched = store.touch(&key, DEADLINE, NOW).await.unwrap_err();
    assert_eq!(touched.kind(), StoreErrorKind::Unavailable);
    sqlx::query("COMMIT").execute(&mut *other).await.unwrap();
    applied(
        &store
            .write(Write::update(&key, &record(), revision, NOW))
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
        match store.write(Write::create(&key, &record, NOW)).await {
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
async fn a_file_that_is_removed_under_a_server_is_not_made_again() {
    let file = File::new();
    let store = file.store().await;
    // It writes by a connection that is open, and has none to read by yet.
    let (key, _) = stored(&store, &record()).await;
    file.remove();
    for _ in 0..2 {
        let error = store.load(&key, NOW).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unavailable);
        assert_eq!(
            error.source().unwrap().to_string(),
            "unable to open database file (code 14)"
        );
    }
    assert!(!file.path().exists());
    // What is open goes on with the file that is gone.
    let touched = store.touch(&key, DEADLINE, NOW).await.unwrap();
    assert_eq!(touched, Touched::Applied);

    // Who starts again begins anew.
    let anew = file.store().await;
    assert!(found(&anew, &key).await.is_none());
    use_every_verb(&anew).await;
}

/// A connection that broke is made anew, the one that writes, too.
#[actix_web::test]
async fn the_one_connection_that_writes_does_not_make_a_removed_file_again_either() {
    let file = File::new();
    let store = file.store().await;
    for url in [file.url(), format!("sqlite:file:{}", file.path().display())] {
        let store = SqliteStore::connect(&url).await.unwrap();
        store.migrate().await.unwrap();
        lose_the_connection_that_writes(&store).await;
        file.remove();
        let written = store.write(Write::create(&new_key(), &record(), NOW)).await;
        assert_eq!(written.unwrap_err().kind(), StoreErrorKind::Unavailable);
        assert!(!file.path().exists(), "{url}");
    }
    drop(store);
}

/// A caller who gives up in the midst of a transaction takes the connection along.
async fn lose_the_connection_that_writes(store: &SqliteStore) {
    eventually("the connection is closed", async || {
        let (key, record) = (new_key(), record_of(&alice()));
        let mut call =
            Box::pin(store.write(Write::create(&key, &record, NOW).admitted_by(at_most(1))));
        _ = timeout(Duration::from_micros(150), &mut call).await;
        drop(call);
        sleep(Duration::from_millis(10)).await;
        format!("{store:?}").contains("connections: 0")
    })
    .await;
}

#[actix_web::test]
async fn a_file_that_holds_something_else_by_now_refuses() {
    let file = File::new();
    let store = file.store().await;
    let (key, _) = stored(&store, &record()).await;
    file.remove();
    std::fs::write(file.path(), vec![b'x'; 4096]).unwrap();
    let error = store.load(&key, NOW).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Refused);
    assert_eq!(
        error.source().unwrap().to_string(),
        "file is not a database (code 26)"
    );
}

#[actix_web::test]
async fn garbage_over_the_header_of_a_file_in_use_refuses() {
    use std::io::Write as _;

    let file = File::new();
    let store = file.store().await;
    let (key, revision) = stored(&store, &record()).await;
    // What stands in the log beside it would take the place of the garbage.
    let pool = file.pool().await;
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
        .execute(&pool)
        .await
        .unwrap();
    pool.close().await;
    let opened = std::fs::OpenOptions::new().write(true).open(file.path());
    opened.unwrap().write_all(&[0x5a; 4096]).unwrap();
    for answer in [
        store.load(&key, NOW).await.map(drop),
        store
            .write(Write::update(&key, &record(), revision, NOW))
            .await
            .map(drop),
        store.touch(&key, DEADLINE, NOW).await.map(drop),
    ] {
        let error = answer.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Refused);
        assert_eq!(
            error.source().unwrap().to_string(),
            "file is not a database (code 26)"
        );
    }
    let error = SqliteStore::connect(&file.url()).await.unwrap_err();
    assert_eq!(error.kind(), SqlErrorKind::Foreign);
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
            .write(Write::update(&key, &record(), revision, NOW))
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
        let mut call =
            std::pin::pin!(store.write(Write::create(&key, &record, NOW).admitted_by(at_most(1))));
        for _ in 0..polls {
            let step = timeout(Duration::from_micros(150), &mut call);
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
