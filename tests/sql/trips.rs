//! How often each verb waits for the server, as the stores' pages say.

use std::{net::SocketAddr, time::Duration};

use actix_web::rt::time;
use sessions::store::{Revision, StoreKey, Write, Written};
use sessions_tests::Proxy;

use crate::{
    fixture::{DEADLINE, NOW, alice, applied, at_most, new_key, record, record_of, stored},
    server::{Server, on_each_server, url},
};

on_each_server! {
    each_verb_takes_as_many_round_trips_as_the_page_says
}

/// What a caller waited for: the pool asks a connection that is given back whether it lives, which is one more that nobody waits for.
async fn counted<T>(proxy: &Proxy, call: impl Future<Output = T>) -> (T, usize) {
    time::sleep(Duration::from_millis(60)).await;
    let before = proxy.requests();
    let answer = call.await;
    time::sleep(Duration::from_millis(60)).await;
    (answer, proxy.requests() - before - 1)
}

async fn each_verb_takes_as_many_round_trips_as_the_page_says<S: Server>() {
    let (_, table) = S::new().await;
    let url = url::<S>();
    let (before, rest) = url.split_once('@').unwrap();
    let (address, database) = rest.split_once('/').unwrap();
    let proxy = Proxy::start(address.parse::<SocketAddr>().unwrap());
    let url = format!("{before}@{}/{database}", proxy.address());
    let store = S::connect(&url).await.unwrap().table(&table).unwrap();
    // The first round prepares each statement.
    for round in 0..2 {
        let mut trips = Vec::new();
        let mut note = |verb: &'static str, count: usize| trips.push((verb, count));
        let key = new_key();
        let first = record();
        let (written, count) = counted(&proxy, store.write(Write::create(&key, &first, NOW))).await;
        note("create", count);
        let revision = applied(&written.unwrap());
        let (_, count) = counted(&proxy, store.load(&key, NOW)).await;
        note("load", count);
        let many: Vec<StoreKey> = (0..100).map(|_| new_key()).chain([key]).collect();
        let (_, count) = counted(&proxy, store.load_many(&many, NOW)).await;
        note("load many", count);
        let (_, count) = counted(&proxy, store.touch(&key, DEADLINE, NOW)).await;
        note("touch", count);
        let next = record();
        let (written, count) = counted(
            &proxy,
            store.write(Write::update(&key, &next, revision, NOW)),
        )
        .await;
        note("update", count);
        let current = applied(&written.unwrap());
        let stale = Revision::from(7);
        let (written, count) =
            counted(&proxy, store.write(Write::update(&key, &next, stale, NOW))).await;
        note("update, conflict", count);
        assert_eq!(written.unwrap(), Written::Conflict);
        let new = new_key();
        let renewed = record();
        let (written, count) = counted(
            &proxy,
            store.write(Write::rename(&key, &new, &renewed, current, NOW)),
        )
        .await;
        note("rename", count);
        applied(&written.unwrap());
        let owned = record_of(&alice());
        let (one, state) = stored(&store, &owned).await;
        let (new, renewed) = (new_key(), record_of(&alice()));
        let (written, count) = counted(
            &proxy,
            store.write(Write::rename(&one, &new, &renewed, state, NOW)),
        )
        .await;
        note("rename, owned", count);
        applied(&written.unwrap());
        let login = record_of(&alice());
        let at = new_key();
        let (written, count) = counted(
            &proxy,
            store.write(Write::create(&at, &login, NOW).admitted_by(at_most(9))),
        )
        .await;
        note("create, limited", count);
        applied(&written.unwrap());
        let login = record_of(&alice());
        let at = new_key();
        let (written, count) = counted(
            &proxy,
            store.write(Write::create(&at, &login, NOW).admitted_by(at_most(1))),
        )
        .await;
        note("create, evicting", count);
        applied(&written.unwrap());
        let index = store.abilities().principals.unwrap();
        let principal = alice();
        let (_, count) = counted(&proxy, index.list(&principal, NOW)).await;
        note("list", count);
        let (_, count) = counted(&proxy, store.delete(&at)).await;
        note("delete", count);
        let (_, count) = counted(&proxy, store.delete_expired(100, NOW)).await;
        note("sweep", count);
        if round == 1 {
            assert_eq!(
                trips,
                [
                    ("create", 1),
                    ("load", 1),
                    ("load many", 1),
                    ("touch", 1),
                    ("update", 1),
                    ("update, conflict", 2),
                    ("rename", 1),
                    ("rename, owned", 3),
                    ("create, limited", 4),
                    ("create, evicting", 5),
                    ("list", 1),
                    ("delete", 1),
                    ("sweep", 1),
                ]
            );
        }
    }
}
