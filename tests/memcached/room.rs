//! What a server has no room for.

use std::time::Duration;

use sessions::{
    MemcachedStore, Timestamp,
    store::{
        Admission, AdmissionPolicy, Record, SessionStore as _, StoreErrorKind, Touched, Write,
    },
};
use sessions_tests::{Engine, MemcachedServer};

use crate::fixture::{loaded, new_key, now, record, record_of, stored};

async fn store_on(server: &MemcachedServer) -> MemcachedStore {
    let store = MemcachedStore::connect([server.address().to_string()]).await;
    store.unwrap()
}

/// Told to store more than it takes, a server would forget what it has under that key.
#[actix_web::test]
async fn a_record_that_is_too_large_is_refused_and_the_old_one_stays() {
    if !Engine::Memcached.is_running() {
        return;
    }
    for (arguments, largest) in [(&[][..], 1024 * 1024), (&["-I", "3m"], 3 * 1024 * 1024)] {
        let server = MemcachedServer::start_with(arguments);
        let store = store_on(&server).await;
        let first = record();
        let (key, revision) = stored(&store, &first).await;
        let of_length = |length| Record {
            body: vec![b'x'; length],
            ..record()
        };
        let too_large = of_length(largest - 100);
        let created = store
            .write(Write::create(&new_key(), &too_large, now()))
            .await;
        assert_eq!(created.unwrap_err().kind(), StoreErrorKind::TooLarge);
        let updated = store
            .write(Write::update(&key, &too_large, revision, now()))
            .await;
        assert_eq!(updated.unwrap_err().kind(), StoreErrorKind::TooLarge);
        let renamed = store
            .write(Write::rename(&key, &new_key(), &too_large, revision, now()))
            .await;
        assert_eq!(renamed.unwrap_err().kind(), StoreErrorKind::TooLarge);
        assert_eq!(loaded(&store, &key).await, Some(first));

        let large = of_length(largest - 400);
        let (key, _) = stored(&store, &large).await;
        assert_eq!(loaded(&store, &key).await, Some(large));
    }
}

#[actix_web::test]
async fn a_full_server_forgets_the_oldest_or_refuses_the_new() {
    if !Engine::Memcached.is_running() {
        return;
    }
    let large = || Record {
        body: vec![b'x'; 100_000],
        ..record()
    };
    let forgets = MemcachedServer::start_with(&["-m", "2"]);
    let store = store_on(&forgets).await;
    let (oldest, _) = stored(&store, &large()).await;
    for _ in 0..200 {
        stored(&store, &large()).await;
    }
    assert_eq!(loaded(&store, &oldest).await, None);

    let refuses = MemcachedServer::start_with(&["-m", "2", "-M"]);
    let store = store_on(&refuses).await;
    let first = large();
    let (oldest, _) = stored(&store, &first).await;
    let mut kind = None;
    for _ in 0..200 {
        if let Err(error) = store
            .write(Write::create(&new_key(), &large(), now()))
            .await
        {
            kind = Some(error.kind());
            break;
        }
    }
    assert_eq!(kind, Some(StoreErrorKind::Full));
    assert_eq!(loaded(&store, &oldest).await, Some(first));
}

#[actix_web::test]
async fn any_deadline_is_kept_and_moved() {
    if !Engine::Memcached.is_running() {
        return;
    }
    let server = MemcachedServer::start();
    let store = store_on(&server).await;
    let day = Duration::from_secs(24 * 60 * 60);
    let deadlines = [
        now().saturating_add(29 * day),
        now().saturating_add(30 * day),
        now().saturating_add(31 * day),
        now().saturating_add(400 * day),
        Timestamp::from_seconds(0x7fff_ffff),
        Timestamp::from_seconds(0x1_0000_0000),
        Timestamp::from_seconds(u64::MAX),
    ];
    for deadline in deadlines {
        let record = Record {
            deadline,
            ..record()
        };
        let (key, _) = stored(&store, &record).await;
        assert_eq!(loaded(&store, &key).await.as_ref(), Some(&record));
        let later = deadline.saturating_add(day);
        let touched = store.touch(&key, later, now()).await.unwrap();
        assert_eq!(touched, Touched::Applied);
        let found = loaded(&store, &key).await.unwrap();
        assert_eq!(found.deadline, later);
    }
}

#[actix_web::test]
async fn a_limit_is_refused_should_one_be_asked_for() {
    if !Engine::Memcached.is_running() {
        return;
    }
    let server = MemcachedServer::start();
    let store = store_on(&server).await;
    assert!(store.abilities().principals.is_none());
    let admission = Some(Admission::new(1, AdmissionPolicy::Refuse));
    let key = new_key();
    let created = store
        .write(Write::create(&key, &record_of("anna"), now()).admitted_by(admission))
        .await;
    assert_eq!(created.unwrap_err().kind(), StoreErrorKind::Refused);
    assert_eq!(loaded(&store, &key).await, None);
}
