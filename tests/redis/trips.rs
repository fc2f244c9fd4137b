//! How often a verb goes to the server and back: counted on the way, not assumed.

use sessions::{
    RedisStore,
    store::{Admission, AdmissionPolicy, PrincipalIndex as _, SessionStore as _, Write},
};
use sessions_tests::{Engine, Proxy, RedisServer};

use crate::fixture::{new_key, now, record, record_of};

#[actix_web::test]
async fn every_verb_takes_as_many_round_trips_as_it_says() {
    if !Engine::Redis.is_running() {
        return;
    }
    let server = RedisServer::start();
    let proxy = Proxy::start(server.address());
    let url = format!("redis://{}", proxy.address());
    let store = RedisStore::connect(&url).await.unwrap();
    // Every script is known to the server from here on.
    crate::refusals::use_every_verb(&store).await;
    let last = std::cell::Cell::new(proxy.requests());
    let trips = || {
        let now = proxy.requests();
        now - last.replace(now)
    };

    let (key, nobody) = (new_key(), record());
    store
        .write(Write::create(&key, &nobody, now()))
        .await
        .unwrap();
    assert_eq!(trips(), 1, "create");
    store.load(&key, now()).await.unwrap();
    assert_eq!(trips(), 1, "load");
    store.load_many(&[key; 20], now()).await.unwrap();
    assert_eq!(trips(), 1, "load of several");
    store.touch(&key, nobody.deadline, now()).await.unwrap();
    assert_eq!(trips(), 1, "touch");
    let next = record();
    let updated = store.write(Write::update(&key, &next, nobody.write_id.into(), now()));
    updated.await.unwrap();
    assert_eq!(trips(), 1, "update");
    let new = new_key();
    let renamed = store.write(Write::rename(
        &key,
        &new,
        &nobody,
        next.write_id.into(),
        now(),
    ));
    renamed.await.unwrap();
    assert_eq!(trips(), 1, "rename");
    store.delete(&key).await.unwrap();
    assert_eq!(trips(), 1, "delete");

    let (key, anna) = (new_key(), record_of("anna"));
    let limit = Some(Admission::new(2, AdmissionPolicy::EvictOldest));
    store
        .write(Write::create(&key, &anna, now()).admitted_by(limit))
        .await
        .unwrap();
    assert_eq!(trips(), 1, "creation of the first session within a limit");
    let another = record_of("anna");
    store
        .write(Write::create(&new_key(), &another, now()).admitted_by(limit))
        .await
        .unwrap();
    assert_eq!(trips(), 2, "creation of another within a limit");
    store.touch(&key, anna.deadline, now()).await.unwrap();
    assert_eq!(trips(), 2, "touch of somebody's session");
    let principal = anna.principal.unwrap();
    store.list(&principal, now()).await.unwrap();
    assert_eq!(trips(), 2, "list");
    store.delete(&key).await.unwrap();
    assert_eq!(trips(), 2, "deletion of somebody's session");
}
