//! What is refused at the start, and what the engine refuses later: always with a reason, never with an address or a password.

use sessions::{
    SqlErrorKind, SqliteStore,
    store::{SessionStore as _, StoreErrorKind, Touched, Write},
};

use crate::{
    file::File,
    fixture::{DEADLINE, NOW, chain, found, new_key, number, record, stored, use_every_verb},
    server::{Server, on_each_server, url},
};

on_each_server! {
    an_address_of_something_else_is_refused
    a_wrong_password_is_refused_and_not_shown
    a_server_that_is_not_there_cannot_be_reached
    a_database_that_is_read_only_refuses_writes_and_answers_reads
    a_user_needs_no_more_rights_than_the_page_says
    the_password_is_not_in_a_stores_debug
}

async fn an_address_of_something_else_is_refused<S: Server>() {
    for url in [
        "",
        "sessions",
        "http://user:secret@127.0.0.1/sessions",
        "redis://user:secret@127.0.0.1",
        "postgresmysql://user:secret@127.0.0.1/sessions",
        "sqlite:sessions.db",
    ] {
        let error = S::connect(url).await.unwrap_err();
        assert_eq!(error.kind(), SqlErrorKind::InvalidUrl, "{url}");
        assert!(!chain(&error).contains("secret"), "{}", chain(&error));
    }
    // Its own scheme, and then something wrong.
    let (scheme, _) = url::<S>().split_once("://").map(own).unwrap();
    for rest in ["user:secret@host:port/database", "user:secret@[/database"] {
        let error = S::connect(&format!("{scheme}://{rest}")).await.unwrap_err();
        assert_eq!(error.kind(), SqlErrorKind::InvalidUrl, "{rest}");
        assert!(!chain(&error).contains("secret"), "{}", chain(&error));
    }
}

fn own((scheme, rest): (&str, &str)) -> (String, String) {
    (scheme.to_owned(), rest.to_owned())
}

async fn a_wrong_password_is_refused_and_not_shown<S: Server>() {
    let wrong = url::<S>().replacen(":sessions@", ":mistaken@", 1);
    let error = S::connect(&wrong).await.unwrap_err();
    assert_eq!(error.kind(), SqlErrorKind::Refused);
    assert!(!chain(&error).contains("mistaken"), "{}", chain(&error));
}

async fn a_server_that_is_not_there_cannot_be_reached<S: Server>() {
    let (scheme, _) = url::<S>().split_once("://").map(own).unwrap();
    // A port that nobody listens on: it is bound, and let go.
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = nobody.local_addr().unwrap();
    drop(nobody);
    let error = S::connect(&format!("{scheme}://user:secret@{address}/sessions")).await;
    let error = error.unwrap_err();
    assert_eq!(error.kind(), SqlErrorKind::Unreachable);
    assert!(!chain(&error).contains("secret"), "{}", chain(&error));
}

async fn a_database_that_is_read_only_refuses_writes_and_answers_reads<S: Server>() {
    let (writable, table) = S::new().await;
    let (key, revision) = stored(&writable, &record()).await;
    let store = S::by_pool(&url::<S>(), 2, S::READ_ONLY).await;
    let store = store.table(&table).unwrap();
    assert!(found(&store, &key).await.is_some());
    let refused = [
        store.write(Write::create(&new_key(), &record(), NOW)).await,
        store
            .write(Write::update(&key, &record(), revision, NOW))
            .await,
        store
            .write(Write::rename(&key, &new_key(), &record(), revision, NOW))
            .await,
    ]
    .map(|written| written.unwrap_err().kind());
    assert_eq!(refused, [StoreErrorKind::Refused; 3]);
    let touched = store.touch(&key, DEADLINE, NOW).await.unwrap_err();
    assert_eq!(touched.kind(), StoreErrorKind::Refused);
    let deleted = store.delete(&key).await.unwrap_err();
    assert_eq!(deleted.kind(), StoreErrorKind::Refused);
    assert!(found(&store, &key).await.is_some());
}

async fn a_user_needs_no_more_rights_than_the_page_says<S: Server>() {
    let (_, table) = S::new().await;
    let user = format!("user_{}", number());
    let mut administrator = S::administer(&url::<S>()).await;
    for grant in S::grants(&user, &table) {
        administrator.run(&grant).await;
    }
    let hers = url::<S>().replacen("sessions:sessions@", &format!("{user}:weak@"), 1);
    let store = S::connect(&hers).await.unwrap().table(&table).unwrap();
    use_every_verb(&store).await;
    // Nor can she, with that, make tables of another name.
    let other = store.table(&format!("{table}_x")).unwrap().migrate().await;
    assert_eq!(other.unwrap_err().kind(), SqlErrorKind::Refused);
}

async fn the_password_is_not_in_a_stores_debug<S: Server>() {
    let url = url::<S>().replacen(":sessions@", ":mistaken@", 1);
    // It is in what was not connected, too.
    let error = S::connect(&url).await.unwrap_err();
    assert!(!format!("{error:?}").contains("mistaken"));
    let (store, table) = S::new().await;
    let shown = format!("{store:?}");
    assert!(
        shown.contains(&format!("table: \"{table}\", connections: ")),
        "{shown}"
    );
    assert!(!shown.contains("127.0.0.1"), "{shown}");
}

#[actix_web::test]
async fn a_database_in_memory_is_refused() {
    for url in [
        "sqlite::memory:",
        "sqlite:sessions.db?mode=memory",
        "postgres://user:secret@127.0.0.1/sessions",
        "sessions.db",
        "sqlite:sessions.db?mode=sideways",
        "sqlite:",
        "sqlite://",
    ] {
        let error = SqliteStore::connect(url).await.unwrap_err();
        assert_eq!(error.kind(), SqlErrorKind::InvalidUrl, "{url}");
    }
}

#[actix_web::test]
async fn a_file_opened_to_be_read_refuses_writes_and_answers_reads() {
    let file = File::new();
    let writable = file.store().await;
    let (key, revision) = stored(&writable, &record()).await;
    let url = format!("{}?mode=ro", file.url());
    let store = SqliteStore::connect(&url).await.unwrap();
    assert!(found(&store, &key).await.is_some());
    let written = store
        .write(Write::update(&key, &record(), revision, NOW))
        .await;
    assert_eq!(written.unwrap_err().kind(), StoreErrorKind::Refused);
    let touched = store.touch(&key, DEADLINE, NOW).await.unwrap_err();
    assert_eq!(touched.kind(), StoreErrorKind::Refused);
    assert_eq!(
        writable.touch(&key, DEADLINE, NOW).await.unwrap(),
        Touched::Applied
    );
}
