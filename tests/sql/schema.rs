//! The tables: made once by however many, and none but those that this program knows are used.

use futures_util::future::join_all;
use sessions::{
    SqlErrorKind, SqlMigration, SqliteStore,
    store::{SessionStore, StoreErrorKind, Write},
};

use crate::{
    file::File,
    fixture::{NOW, chain, new_key, new_table, record, use_every_verb},
    server::{Server, on_each_server, url},
};

on_each_server! {
    tables_are_made_once_by_however_many_at_once
    a_database_without_tables_is_refused_with_the_remedy
    tables_of_another_version_are_refused
    the_text_of_the_migrations_makes_the_tables
    tables_of_another_name_are_another_store
}

async fn tables_are_made_once_by_however_many_at_once<S: Server>() {
    let table = new_table();
    let mut stores = Vec::new();
    for _ in 0..6 {
        let store = S::connect(&url::<S>()).await.unwrap();
        stores.push(store.table(&table).unwrap());
    }
    for migrated in join_all(stores.iter().map(Server::migrate)).await {
        migrated.unwrap();
    }
    // And again, where they are.
    stores[0].migrate().await.unwrap();
    stores[1].check().await.unwrap();
    for store in &stores {
        use_every_verb(store).await;
    }
}

async fn a_database_without_tables_is_refused_with_the_remedy<S: Server>() {
    let store = S::connect(&url::<S>()).await.unwrap();
    let store = store.table(&new_table()).unwrap();
    assert_eq!(
        store.check().await.unwrap_err().kind(),
        SqlErrorKind::NotMigrated
    );
    assert_refused(&store, "run migrate()").await;
    // Nobody need start the server again.
    store.migrate().await.unwrap();
    use_every_verb(&store).await;
}

async fn tables_of_another_version_are_refused<S: Server>() {
    let (_, table) = S::new().await;
    let mut administrator = S::administer(&url::<S>()).await;
    for version in [0, 2] {
        let sql = format!("UPDATE {table}_schema SET version = {version}");
        administrator.run(&sql).await;
        let store = S::connect(&url::<S>()).await.unwrap();
        let store = store.table(&table).unwrap();
        let expected = format!("are of version {version}, and this program knows 1");
        assert_refused(&store, &expected).await;
        let error = store.check().await.unwrap_err();
        assert_eq!(error.kind(), SqlErrorKind::OtherVersion);
    }
    let store = S::connect(&url::<S>()).await.unwrap();
    let newer = store.table(&table).unwrap().migrate().await.unwrap_err();
    assert_eq!(newer.kind(), SqlErrorKind::OtherVersion);
}

async fn the_text_of_the_migrations_makes_the_tables<S: Server>() {
    let table = new_table();
    let mut administrator = S::administer(&url::<S>()).await;
    for _ in 0..2 {
        for migration in S::migrations() {
            let sql = migration.sql_for(&table).unwrap();
            administrator.run(&sql).await;
        }
    }
    let store = S::connect(&url::<S>()).await.unwrap();
    let store = store.table(&table).unwrap();
    store.check().await.unwrap();
    use_every_verb(&store).await;
}

async fn tables_of_another_name_are_another_store<S: Server>() {
    let ((one, _), (other, _)) = (S::new().await, S::new().await);
    let key = new_key();
    one.write(Write::create(&key, &record(), NOW))
        .await
        .unwrap();
    assert!(one.load(&key, NOW).await.unwrap().is_some());
    assert!(other.load(&key, NOW).await.unwrap().is_none());
    let error = one.table("a; DROP TABLE b").unwrap_err();
    assert_eq!(error.kind(), SqlErrorKind::InvalidTable);
}

#[actix_web::test]
async fn a_file_without_tables_is_refused_with_the_remedy() {
    let file = File::new();
    let store = file.open().await;
    assert_refused(&store, "run migrate()").await;
    store.migrate().await.unwrap();
    use_every_verb(&store).await;
}

#[actix_web::test]
async fn a_file_with_tables_of_another_version_is_refused() {
    let file = File::new();
    let _store = file.store().await;
    let pool = file.pool().await;
    sqlx::query("UPDATE sessions_schema SET version = 7")
        .execute(&pool)
        .await
        .unwrap();
    assert_refused(&file.open().await, "are of version 7, and").await;
    let error = file.open().await.migrate().await.unwrap_err();
    assert_eq!(error.kind(), SqlErrorKind::OtherVersion);
}

#[actix_web::test]
async fn a_file_is_made_ready_by_however_many_at_once() {
    let file = File::new();
    let stores = join_all((0..6).map(|_| file.store())).await;
    for store in &stores {
        use_every_verb(store).await;
    }
}

#[test]
fn every_migration_has_a_number_and_a_name() {
    for migrations in [
        SqliteStore::migrations(),
        sessions::PostgresStore::migrations(),
        sessions::MysqlStore::migrations(),
    ] {
        let versions = migrations.iter().map(SqlMigration::version);
        assert!(versions.eq(1..=u32::try_from(migrations.len()).unwrap()));
        for migration in migrations {
            assert!(!migration.name().is_empty());
            let renamed = migration.sql_for("visits").unwrap();
            assert!(!renamed.contains("sessions"), "{renamed}");
        }
    }
}

async fn assert_refused(store: &impl SessionStore, expected: &str) {
    let error = store.load(&new_key(), NOW).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Refused);
    assert!(chain(&error).contains(expected), "{}", chain(&error));
    let error = store.write(Write::create(&new_key(), &record(), NOW)).await;
    assert_eq!(error.unwrap_err().kind(), StoreErrorKind::Refused);
}
