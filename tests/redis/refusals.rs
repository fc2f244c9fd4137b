//! What the server refuses while the application runs, in the words of the contract.

use sessions::{
    RedisStore, Timestamp,
    store::{Admission, AdmissionPolicy, SessionStore, StoreErrorKind, Touched, Write, Written},
};
use sessions_tests::{Engine, Proxy, RedisServer};

use crate::fixture::{loaded, new_key, now, record, record_of, stored};

/// Does everything once that a store can be asked for.
pub(crate) async fn use_every_verb(store: &RedisStore) {
    let anna = record_of("anna");
    let (key, revision) = stored(store, &anna).await;
    let later = anna
        .deadline
        .saturating_add(std::time::Duration::from_secs(60));
    assert_eq!(
        store.touch(&key, later, now()).await.unwrap(),
        Touched::Applied
    );
    let limit = Some(Admission::new(1, AdmissionPolicy::EvictOldest));
    let next = record_of("anna");
    let updated = store
        .write(Write::update(&key, &next, revision, now()).admitted_by(limit))
        .await;
    assert_eq!(updated.unwrap(), Written::applied(next.write_id));
    let (new, last) = (new_key(), record_of("anna"));
    let renamed = store
        .write(Write::rename(&key, &new, &last, next.write_id.into(), now()).admitted_by(limit));
    assert_eq!(renamed.await.unwrap(), Written::applied(last.write_id));
    let principal = anna.principal.unwrap();
    let listed = store
        .abilities()
        .principals
        .unwrap()
        .list(&principal, now())
        .await;
    assert_eq!(listed.unwrap().len(), 1);
    let found = store.load_many(&[key, new], now()).await.unwrap();
    assert!(found[0].is_none() && found[1].is_some());
    store.delete(&new).await.unwrap();
    assert_eq!(loaded(store, &new).await, None);
}

#[actix_web::test]
async fn a_full_server_takes_no_more_and_keeps_what_it_has() {
    if !Engine::Redis.is_running() {
        return;
    }
    let server = RedisServer::start();
    let store = RedisStore::connect(&server.url()).await.unwrap();
    let first = record();
    let (key, revision) = stored(&store, &first).await;
    server
        .command(&["CONFIG", "SET", "maxmemory", "1"])
        .unwrap();
    let created = store
        .write(Write::create(&new_key(), &record(), now()))
        .await;
    assert_eq!(created.unwrap_err().kind(), StoreErrorKind::Full);
    let updated = store
        .write(Write::update(&key, &record(), revision, now()))
        .await;
    assert_eq!(updated.unwrap_err().kind(), StoreErrorKind::Full);
    assert_eq!(loaded(&store, &key).await, Some(first));
    // Whoever wants to leave can.
    store.delete(&key).await.unwrap();
    server
        .command(&["CONFIG", "SET", "maxmemory", "0"])
        .unwrap();
    stored(&store, &record()).await;
}

#[actix_web::test]
async fn a_server_that_became_a_replica_refuses_until_it_is_a_primary_again() {
    if !Engine::Redis.is_running() {
        return;
    }
    let (server, other) = (RedisServer::start(), RedisServer::start());
    let store = RedisStore::connect(&server.url()).await.unwrap();
    let port = other.address().port().to_string();
    server.command(&["REPLICAOF", "127.0.0.1", &port]).unwrap();
    let created = store
        .write(Write::create(&new_key(), &record(), now()))
        .await;
    assert_eq!(created.unwrap_err().kind(), StoreErrorKind::Refused);
    server.command(&["REPLICAOF", "NO", "ONE"]).unwrap();
    stored(&store, &record()).await;
}

/// A name that leads to whoever is the primary: a fail-over of those who sell Redis as a service.
#[actix_web::test]
async fn a_server_that_became_a_replica_is_left_for_its_successor() {
    if !Engine::Redis.is_running() {
        return;
    }
    let (server, successor) = (RedisServer::start(), RedisServer::start());
    let name = Proxy::start(server.address());
    let url = format!("redis://{}", name.address());
    let store = RedisStore::connect(&url).await.unwrap();
    stored(&store, &record()).await;
    let port = successor.address().port().to_string();
    name.retarget(successor.address());
    server.command(&["REPLICAOF", "127.0.0.1", &port]).unwrap();
    let (key, _) = stored(&store, &record()).await;
    let found = successor.command(&["EXISTS", &format!("sessions:record:{key}")]);
    assert_eq!(found.unwrap(), ["1"]);
}

#[actix_web::test]
async fn rights_that_are_taken_away_are_missed() {
    if !Engine::Redis.is_running() {
        return;
    }
    let server = RedisServer::start();
    server
        .command(&["ACL", "SETUSER", "app", "on", ">pass", "~*", "+@all"])
        .unwrap();
    let url = format!("redis://app:pass@{}", server.address());
    let store = RedisStore::connect(&url).await.unwrap();
    server.command(&["ACL", "SETUSER", "app", "-get"]).unwrap();
    let refused = store.load(&new_key(), now()).await.unwrap_err();
    assert_eq!(refused.kind(), StoreErrorKind::Refused);
}

#[actix_web::test]
async fn a_primary_without_the_replicas_it_must_have_is_unavailable() {
    if !Engine::Redis.is_running() {
        return;
    }
    let server = RedisServer::start();
    let store = RedisStore::connect(&server.url()).await.unwrap();
    server
        .command(&["CONFIG", "SET", "min-replicas-to-write", "1"])
        .unwrap();
    let created = store
        .write(Write::create(&new_key(), &record(), now()))
        .await;
    assert_eq!(created.unwrap_err().kind(), StoreErrorKind::Unavailable);
    server
        .command(&["CONFIG", "SET", "min-replicas-to-write", "0"])
        .unwrap();
    stored(&store, &record()).await;
}

#[actix_web::test]
async fn what_is_no_record_is_corrupt_and_can_be_deleted() {
    if !Engine::Redis.is_running() {
        return;
    }
    let server = RedisServer::start();
    let store = RedisStore::connect(&server.url()).await.unwrap();
    for kind in ["string", "newer", "list"] {
        let key = new_key();
        let name = format!("sessions:record:{key}");
        let newer = "\u{2}".repeat(100);
        match kind {
            "string" => server.command(&["SET", &name, "hello"]),
            "newer" => server.command(&["SET", &name, &newer]),
            _ => server.command(&["RPUSH", &name, "hello"]),
        }
        .unwrap();
        let record = record();
        let revision = record.write_id.into();
        let errors = [
            store.load(&key, now()).await.map(drop),
            store.load_many(&[key], now()).await.map(drop),
            store
                .write(Write::create(&key, &record, now()))
                .await
                .map(drop),
            store
                .write(Write::update(&key, &record, revision, now()))
                .await
                .map(drop),
            store.touch(&key, record.deadline, now()).await.map(drop),
            store
                .write(Write::rename(&key, &new_key(), &record, revision, now()))
                .await
                .map(drop),
        ];
        for error in errors {
            assert_eq!(error.unwrap_err().kind(), StoreErrorKind::Corrupt, "{kind}");
        }
        store.delete(&key).await.unwrap();
        assert_eq!(loaded(&store, &key).await, None, "{kind}");
    }
}

/// Outside of a runtime there is nothing to wait on: an error, and not the panic that tokio has for it.
#[test]
fn without_a_runtime_there_is_an_error() {
    let Some(url) = Engine::Redis.url() else {
        return;
    };
    let runtime = actix_web::rt::System::new();
    let store = runtime.block_on(RedisStore::connect(&url)).unwrap();
    drop(runtime);
    let epoch = Timestamp::from_seconds(0);
    let key = new_key();
    let answer = futures_util::future::FutureExt::now_or_never(store.load(&key, epoch));
    let error = answer.unwrap().unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
}
