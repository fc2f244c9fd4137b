//! How often a verb goes to a server: counted, not assumed.

use std::time::Duration;

use sessions::{
    MemcachedStore,
    store::{SessionStore as _, Write},
};
use sessions_tests::{Engine, MemcachedServer, Proxy};

use crate::fixture::{new_key, now, record, stored};

#[actix_web::test]
async fn every_verb_takes_as_many_round_trips_as_it_says() {
    if !Engine::Memcached.is_running() {
        return;
    }
    let server = MemcachedServer::start();
    let proxy = Proxy::start(server.address());
    let store = MemcachedStore::connect([proxy.address().to_string()]).await;
    let store = store.unwrap();
    let trips = || {
        let before = proxy.requests();
        move |proxy: &Proxy| proxy.requests() - before
    };

    let first = record();
    let since = trips();
    let (key, revision) = stored(&store, &first).await;
    assert_eq!(since(&proxy), 1, "create");
    let since = trips();
    store.load(&key, now()).await.unwrap();
    assert_eq!(since(&proxy), 1, "load");
    let since = trips();
    store
        .load_many(&[key, new_key(), key], now())
        .await
        .unwrap();
    assert_eq!(since(&proxy), 1, "load_many");
    let second = record();
    let since = trips();
    let updated = store
        .write(Write::update(&key, &second, revision, now()))
        .await;
    updated.unwrap();
    assert_eq!(since(&proxy), 2, "update");
    let later = first.deadline.saturating_add(Duration::from_secs(60));
    let since = trips();
    store.touch(&key, later, now()).await.unwrap();
    assert_eq!(since(&proxy), 2, "touch");
    let (new, third, expected) = (new_key(), record(), second.write_id.into());
    let since = trips();
    let renamed = store.write(Write::rename(&key, &new, &third, expected, now()));
    renamed.await.unwrap();
    assert_eq!(since(&proxy), 3, "rename");
    let since = trips();
    store.delete(&new).await.unwrap();
    assert_eq!(since(&proxy), 1, "delete");
}
