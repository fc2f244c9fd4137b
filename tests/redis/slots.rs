//! A cluster whose slots move to another node while sessions are read and written.

use std::collections::HashMap;

use actix_web::rt;
use sessions::{
    RedisStore,
    store::{
        Admission, AdmissionPolicy, PrincipalIndex as _, Record, SessionStore as _, StoreErrorKind,
        Write, Written,
    },
};
use sessions_tests::{Engine, RedisCluster, RedisServer};

use crate::fixture::{loaded, new_key, now, record, record_of, stored};

/// The nodes that are primaries, by the name they have in the cluster.
fn primaries(cluster: &RedisCluster) -> HashMap<String, &RedisServer> {
    let addresses = cluster.primaries();
    let nodes = cluster.nodes().iter();
    nodes
        .filter(|node| addresses.contains(&node.address()))
        .map(|node| (node.command(&["CLUSTER", "MYID"]).unwrap().remove(0), node))
        .collect()
}

#[actix_web::test]
async fn a_session_is_found_and_changed_while_its_slot_moves() {
    if !Engine::RedisCluster.is_running() {
        return;
    }
    let cluster = RedisCluster::start();
    let store = RedisStore::cluster(cluster.urls()).connect().await.unwrap();
    let mut record = record();
    let (key, _) = stored(&store, &record).await;
    let name = format!("sessions:record:{key}");
    let primaries = primaries(&cluster);
    let any = primaries.values().next().unwrap();
    let slot = any
        .command(&["CLUSTER", "KEYSLOT", &name])
        .unwrap()
        .remove(0);
    let has = |node: &RedisServer| node.command(&["GET", &name]).is_ok();
    let (from_id, from) = primaries.iter().find(|(_, node)| has(node)).unwrap();
    let (to_id, to) = primaries.iter().find(|(_, node)| !has(node)).unwrap();

    // Begun: the old node still has what is there, and knows where to ask for what is not.
    to.command(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", from_id])
        .unwrap();
    from.command(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", to_id])
        .unwrap();
    let mut update = async || {
        let next = crate::fixture::record();
        let expected = record.write_id.into();
        let written = store
            .write(Write::update(&key, &next, expected, now()))
            .await
            .unwrap();
        assert_eq!(written, Written::applied(next.write_id));
        assert_eq!(loaded(&store, &key).await.as_ref(), Some(&next));
        record = next;
    };
    update().await;
    // Under way: the session has gone over, the slot has not.
    let port = to.address().port().to_string();
    from.command(&["MIGRATE", "127.0.0.1", &port, &name, "0", "5000"])
        .unwrap();
    update().await;
    // Done.
    for node in cluster.nodes() {
        let set = node.command(&["CLUSTER", "SETSLOT", &slot, "NODE", to_id]);
        assert!(
            set.is_ok()
                || !primaries
                    .values()
                    .any(|primary| primary.address() == node.address())
        );
    }
    update().await;
    store.delete(&key).await.unwrap();
    assert_eq!(loaded(&store, &key).await, None);
}

#[actix_web::test]
async fn a_limit_is_refused_in_a_cluster_and_changes_nothing() {
    let Some(urls) = Engine::RedisCluster.url() else {
        return;
    };
    let store = RedisStore::cluster(urls.split(','))
        .prefix("limits:")
        .connect()
        .await
        .unwrap();
    assert!(!store.limits());
    let (key, anna) = (new_key(), record_of("anna"));
    let limit = Some(Admission::new(1, AdmissionPolicy::Refuse));
    let created = store
        .write(Write::create(&key, &anna, now()).admitted_by(limit))
        .await;
    assert_eq!(created.unwrap_err().kind(), StoreErrorKind::Refused);
    assert_eq!(loaded(&store, &key).await, None);
}

/// Whoever ends all sessions of somebody must not miss the one that is just renewed. It may be found under two keys, both of which are to be deleted.
#[actix_web::test]
async fn a_session_that_is_renewed_again_and_again_is_listed_at_any_time() {
    let Some(urls) = Engine::RedisCluster.url() else {
        return;
    };
    let store = RedisStore::cluster(urls.split(','))
        .prefix(format!("renewals-{}:", std::process::id()))
        .connect()
        .await
        .unwrap();
    let first = record_of("anna");
    let anna = first.principal.clone().unwrap();
    let (mut key, mut revision) = stored(&store, &first).await;
    let renewals = rt::spawn({
        let (store, handle) = (store.clone(), first.handle);
        async move {
            for _ in 0..200 {
                let new = new_key();
                let next = Record {
                    handle,
                    ..record_of("anna")
                };
                let renamed = store
                    .write(Write::rename(&key, &new, &next, revision, now()))
                    .await;
                assert_eq!(renamed.unwrap(), Written::applied(next.write_id));
                (key, revision) = (new, next.write_id.into());
            }
        }
    });
    let mut seen = 0;
    while !renewals.is_finished() {
        let listed = store.list(&anna, now()).await.unwrap();
        assert!(!listed.is_empty(), "after {seen} looks");
        assert!(listed.iter().all(|listed| listed.handle == first.handle));
        seen += 1;
    }
    renewals.await.unwrap();
    assert!(seen > 10, "{seen} looks");
    assert_eq!(store.list(&anna, now()).await.unwrap().len(), 1);
}
