//! Connections that end, answers that are lost, callers that give up.

use std::{
    array,
    net::SocketAddr,
    thread,
    time::{Duration, Instant},
};

use actix_web::rt::{Runtime, spawn, time};
use sessions::{
    store::{Principal, StoreErrorKind, Touched, Write, Written},
    test_util::Verb,
};
use sessions_tests::Proxy;

use crate::{
    fixture::{
        DEADLINE, NOW, alice, applied, at_most, eventually, found, new_key, number, record,
        record_of, stored, use_every_verb,
    },
    server::{Administrator, Server, on_each_server, url},
};

on_each_server! {
    a_write_whose_connection_is_ended_is_ambiguous
    a_touch_whose_connection_is_ended_is_asked_for_again
    a_login_whose_connection_is_ended_before_it_commits_is_asked_for_again
    a_write_whose_answer_is_lost_is_ambiguous_and_done
    a_commit_whose_answer_is_lost_is_ambiguous
    a_write_by_a_connection_whose_worker_ended_is_done_or_ambiguous
    a_server_that_goes_and_comes_back_is_found_again
    a_caller_who_gives_up_leaves_nothing_behind
    a_busy_pool_is_unavailable
}

/// Somebody waits for a lock by now: the numbers of her connections.
async fn waiting(administrator: &mut Box<dyn Administrator>, table: &str) -> Vec<i64> {
    for _ in 0..400 {
        let waiting = administrator.waiting(table).await;
        if !waiting.is_empty() {
            return waiting;
        }
        time::sleep(Duration::from_millis(25)).await;
    }
    panic!("nobody waits for the lock");
}

async fn a_write_whose_connection_is_ended_is_ambiguous<S: Server>() {
    let (store, table) = S::new().await;
    let before = record();
    let (key, revision) = stored(&store, &before).await;
    let mut locker = S::administer(&url::<S>()).await;
    let mut administrator = S::administer(&url::<S>()).await;
    locker.lock(&table, &key).await;
    let update = spawn({
        let store = store.clone();
        async move {
            store
                .write(Write::update(&key, &record(), revision, NOW))
                .await
        }
    });
    for number in waiting(&mut administrator, &table).await {
        administrator.end_connection(number).await;
    }
    assert_eq!(update.await.unwrap().unwrap(), Written::Ambiguous);
    drop(locker);
    // It was not done, and the store goes on.
    assert_eq!(found(&store, &key).await, Some(before));
    let written = store
        .write(Write::update(&key, &record(), revision, NOW))
        .await;
    applied(&written.unwrap());
}

async fn a_touch_whose_connection_is_ended_is_asked_for_again<S: Server>() {
    let (store, table) = S::new().await;
    let (key, _) = stored(&store, &record()).await;
    let mut locker = S::administer(&url::<S>()).await;
    let mut administrator = S::administer(&url::<S>()).await;
    locker.lock(&table, &key).await;
    let touch = spawn({
        let store = store.clone();
        async move { store.touch(&key, DEADLINE, NOW).await }
    });
    let ended = waiting(&mut administrator, &table).await;
    for number in &ended {
        administrator.end_connection(*number).await;
    }
    let again = async {
        while waiting(&mut administrator, &table).await == ended {}
        drop(locker);
    };
    again.await;
    assert_eq!(touch.await.unwrap().unwrap(), Touched::Applied);
}

async fn a_login_whose_connection_is_ended_before_it_commits_is_asked_for_again<S: Server>() {
    let (store, table) = S::new().await;
    let first = record_of(&alice());
    let (key, _) = stored(&store, &first).await;
    let mut locker = S::administer(&url::<S>()).await;
    let mut administrator = S::administer(&url::<S>()).await;
    // The newcomer is written by the time she waits for the one who has to go.
    locker.lock(&table, &key).await;
    let (newcomer, login) = (new_key(), record_of(&alice()));
    let create = spawn({
        let (store, login) = (store.clone(), login.clone());
        async move {
            store
                .write(Write::create(&newcomer, &login, NOW).admitted_by(at_most(1)))
                .await
        }
    });
    let ended = waiting(&mut administrator, &table).await;
    for number in &ended {
        administrator.end_connection(*number).await;
    }
    while waiting(&mut administrator, &table).await == ended {}
    drop(locker);
    let Written::Applied { evicted, .. } = create.await.unwrap().unwrap() else {
        panic!("it was surely not done the first time");
    };
    assert_eq!(evicted, [first.handle]);
    assert_eq!(found(&store, &newcomer).await, Some(login));
    assert_eq!(found(&store, &key).await, None);
}

/// A store behind a network that fails when it is told to.
async fn behind_a_proxy<S: Server>() -> (S, Proxy) {
    let (_, table) = S::new().await;
    let url = url::<S>();
    let (before, rest) = url.split_once('@').unwrap();
    let (address, database) = rest.split_once('/').unwrap();
    let proxy = Proxy::start(address.parse::<SocketAddr>().unwrap());
    // An answer is told from another in the clear only.
    let url = format!("{before}@{}/{database}", proxy.address());
    let store = S::connect(&url).await.unwrap().table(&table).unwrap();
    (store, proxy)
}

async fn a_write_whose_answer_is_lost_is_ambiguous_and_done<S: Server>() {
    let (store, proxy) = behind_a_proxy::<S>().await;
    let (key, revision) = stored(&store, &record()).await;
    // Once before, on the same connection, so that the statement is prepared.
    rested().await;
    let revision = applied(
        &store
            .write(Write::update(&key, &record(), revision, NOW))
            .await
            .unwrap(),
    );
    rested().await;
    let next = record();
    proxy.lose_the_next_answer();
    let written = store.write(Write::update(&key, &next, revision, NOW)).await;
    proxy.heal();
    assert_eq!(written.unwrap(), Written::Ambiguous);
    // The server has it by now, and may still be at it.
    eventually("the update is done", async || {
        found(&store, &key).await.as_ref() == Some(&next)
    })
    .await;
}

async fn a_commit_whose_answer_is_lost_is_ambiguous<S: Server>() {
    let (store, proxy) = behind_a_proxy::<S>().await;
    let (direct, table) = S::new().await;
    drop(direct);
    let store = store.table(&table).unwrap();
    let first = record_of(&alice());
    let (key, _) = stored(&store, &first).await;
    // A lock by somebody else stops it before the last statement but one, so that the test knows where it is.
    let mut locker = S::administer(&url::<S>()).await;
    let mut administrator = S::administer(&url::<S>()).await;
    locker.lock(&table, &key).await;
    let login = record_of(&alice());
    let newcomer = new_key();
    let create = spawn({
        let (store, login) = (store.clone(), login.clone());
        async move {
            store
                .write(Write::create(&newcomer, &login, NOW).admitted_by(at_most(5)))
                .await
        }
    });
    waiting(&mut administrator, &table).await;
    // The answer to the count is the next to come; the one after it is the commit's.
    proxy.lose_the_next_answer();
    drop(locker);
    let written = create.await.unwrap();
    proxy.heal();
    // Before the commit or at it: either way what is answered is what is found.
    match written.unwrap() {
        Written::Ambiguous => {}
        Written::Applied { .. } => {
            assert_eq!(found(&store, &newcomer).await, Some(login));
        }
        other => panic!("{other:?}"),
    }
}

async fn a_write_by_a_connection_whose_worker_ended_is_done_or_ambiguous<S: Server>() {
    let (_, table) = S::new().await;
    for admission in [None, at_most(5)] {
        let table = table.clone();
        // The pool's only connection is driven by the worker that opened it.
        let worker = thread::spawn(move || {
            Runtime::new().unwrap().block_on(async {
                let store = S::connect(&url::<S>()).await.unwrap();
                let store = store.table(&table).unwrap();
                stored(&store, &record()).await;
                rested().await;
                store
            })
        });
        let store = worker.join().unwrap();
        let (key, login) = (new_key(), record_of(&alice()));
        let written = store
            .write(Write::create(&key, &login, NOW).admitted_by(admission))
            .await
            .unwrap();
        if admission.is_some() {
            // What was lost before the commit was surely not done, and is asked for again.
            applied(&written);
        } else {
            // Where the pool sees in time that the connection has ended, it opens another.
            assert!(matches!(
                written,
                Written::Ambiguous | Written::Applied { .. }
            ));
        }
        use_every_verb(&store).await;
    }
}

async fn a_server_that_goes_and_comes_back_is_found_again<S: Server>() {
    let (store, proxy) = behind_a_proxy::<S>().await;
    let (key, revision) = stored(&store, &record()).await;
    proxy.cut();
    let began = Instant::now();
    let loaded = store.load(&key, NOW).await.unwrap_err();
    assert_eq!(loaded.kind(), StoreErrorKind::Unavailable);
    match store.write(Write::create(&new_key(), &record(), NOW)).await {
        Err(error) => assert_eq!(error.kind(), StoreErrorKind::Unavailable),
        // By a connection of which the pool does not know yet that it was cut.
        written => assert_eq!(written.unwrap(), Written::Ambiguous),
    }
    let login = record_of(&alice());
    let written = store
        .write(Write::create(&new_key(), &login, NOW).admitted_by(at_most(1)))
        .await;
    assert_eq!(written.unwrap_err().kind(), StoreErrorKind::Unavailable);
    assert!(began.elapsed() < Duration::from_secs(15));
    proxy.heal();
    assert!(found(&store, &key).await.is_some());
    let written = store
        .write(Write::update(&key, &record(), revision, NOW))
        .await;
    applied(&written.unwrap());
    use_every_verb(&store).await;
}

async fn a_caller_who_gives_up_leaves_nothing_behind<S: Server>() {
    let (owner, table) = S::new().await;
    // One connection: whatever is left on it, the next call finds.
    let store = S::by_pool(&url::<S>(), 1, "SELECT 1").await;
    let store = store.table(&table).unwrap();
    for verb in [Verb::Update, Verb::Create, Verb::Rename] {
        let principal = Principal::from_bytes(number().to_be_bytes());
        let first = record_of(&principal);
        let (key, revision) = stored(&owner, &first).await;
        let mut locker = S::administer(&url::<S>()).await;
        locker.lock(&table, &key).await;
        let (other, next) = (new_key(), record_of(&principal));
        let call = match verb {
            Verb::Update => store.write(Write::update(&key, &next, revision, NOW)),
            Verb::Create => store.write(Write::create(&other, &next, NOW).admitted_by(at_most(1))),
            _ => store
                .write(Write::rename(&key, &other, &next, revision, NOW).admitted_by(at_most(1))),
        };
        // Long enough to be in the middle of it, waiting for the lock.
        let given_up = time::timeout(Duration::from_millis(500), call).await;
        assert!(given_up.is_err(), "{verb}");
        drop(locker);
        // The connection was closed: nothing of it holds the row, or is found on the next.
        eventually("the row is free", async || {
            let touch = owner.touch(&key, DEADLINE, NOW);
            time::timeout(Duration::from_secs(1), touch).await.is_ok()
        })
        .await;
        assert_eq!(found(&store, &other).await, None, "{verb}");
        let left = found(&store, &key).await.unwrap();
        if verb == Verb::Update {
            // A statement by itself may have been done or not.
            assert!(left == first || left == next);
        } else {
            assert_eq!(left, first, "{verb}: it never came to its commit");
        }
    }
    use_every_verb(&store).await;
}

async fn a_busy_pool_is_unavailable<S: Server>() {
    let (_, table) = S::new().await;
    let store = S::connect(&url::<S>())
        .await
        .unwrap()
        .table(&table)
        .unwrap();
    let (key, _) = stored(&store, &record()).await;
    let mut locker = S::administer(&url::<S>()).await;
    let mut administrator = S::administer(&url::<S>()).await;
    locker.lock(&table, &key).await;
    // As many as the store has connections, and each waits for the row.
    let call = || {
        let store = store.clone();
        spawn(async move { store.touch(&key, DEADLINE, NOW).await })
    };
    let mut calls: [_; 10] = array::from_fn(|_| call());
    while waiting(&mut administrator, &table).await.len() < calls.len() {
        // On a machine that is busy, one may not get its connection in time.
        for gave_up in calls.iter_mut().filter(|call| call.is_finished()) {
            *gave_up = call();
        }
        time::sleep(Duration::from_millis(25)).await;
    }
    let written = store.write(Write::create(&new_key(), &record(), NOW)).await;
    assert_eq!(written.unwrap_err().kind(), StoreErrorKind::Unavailable);
    drop(locker);
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap(), Touched::Applied);
    }
}

/// Until the pool has asked the connection that was given back whether it lives.
async fn rested() {
    time::sleep(Duration::from_millis(100)).await;
}
