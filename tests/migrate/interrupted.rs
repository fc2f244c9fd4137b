//! What happens to a session while it is on its way, at each step.

use sessions::{
    Timestamp,
    store::{Revision, SessionStore as _, StoreErrorKind, StoreKey, Touched, Written},
    test_util::{Fault, Verb},
};

use crate::rig::{Call, DEADLINE, KEY, NOW, Rig, WAY, record};

const LATER: Timestamp = Timestamp::from_seconds(1_700_009_000);

#[actix_web::test]
async fn whoever_dies_on_the_way_leaves_a_session_that_lives() {
    for call in WAY {
        let rig = Rig::seeded().await;
        let (migration, _gate) = rig.held_at(call).await;
        migration.abort();
        assert!(migration.await.is_err());
        assert_eq!(rig.listed().await, 1, "{call:?}");
        let found = rig.load(&KEY).await.unwrap();
        assert_eq!(found.record, record(1), "{call:?}");
        let written = rig.update(found.revision, &record(2)).await;
        assert!(matches!(written, Written::Applied { .. }), "{call:?}");
        rig.assert_settled(1).await;
        assert_eq!(rig.body().await, Some(vec![2]), "{call:?}");
    }
}

#[actix_web::test]
async fn a_migration_goes_on_where_another_died() {
    for call in WAY {
        let rig = Rig::seeded().await;
        let (migration, _gate) = rig.held_at(call).await;
        migration.abort();
        assert!(migration.await.is_err());
        rig.assert_settled(1).await;
        assert_eq!(rig.load(&KEY).await.unwrap().record, record(1), "{call:?}");
    }
}

#[actix_web::test]
async fn a_logout_meanwhile_is_the_last_word() {
    for call in WAY {
        let rig = Rig::seeded().await;
        let (migration, gate) = rig.held_at(call).await;
        rig.pair.delete(&KEY).await.unwrap();
        assert_eq!(rig.load(&KEY).await, None, "{call:?}");
        gate.open();
        migration.await.unwrap();
        assert_eq!(rig.load(&KEY).await, None, "{call:?}");
        assert_eq!(rig.listed().await, 0, "{call:?}");
        rig.assert_settled(0).await;
    }
}

#[actix_web::test]
async fn a_logout_is_the_last_word_though_the_mover_died() {
    for call in WAY {
        let rig = Rig::seeded().await;
        let (migration, _gate) = rig.held_at(call).await;
        migration.abort();
        assert!(migration.await.is_err());
        rig.pair.delete(&KEY).await.unwrap();
        assert_eq!(rig.load(&KEY).await, None, "{call:?}");
        rig.assert_settled(0).await;
    }
}

#[actix_web::test]
async fn an_update_meanwhile_is_applied_and_stays() {
    for call in WAY {
        let rig = Rig::seeded().await;
        let before = rig.load(&KEY).await.unwrap();
        let (migration, gate) = rig.held_at(call).await;
        let written = rig.update(before.revision, &record(2)).await;
        assert!(matches!(written, Written::Applied { .. }), "{call:?}");
        gate.open();
        migration.await.unwrap();
        assert_eq!(rig.body().await, Some(vec![2]), "{call:?}");
        rig.assert_settled(1).await;
    }
}

#[actix_web::test]
async fn a_stale_update_meanwhile_is_a_conflict() {
    for call in WAY {
        let rig = Rig::seeded().await;
        let (migration, gate) = rig.held_at(call).await;
        let stale = Revision::from_bytes([9; 16]);
        assert_eq!(rig.update(stale, &record(2)).await, Written::Conflict);
        gate.open();
        migration.await.unwrap();
        assert_eq!(rig.body().await, Some(vec![1]), "{call:?}");
        rig.assert_settled(1).await;
    }
}

#[actix_web::test]
async fn a_touch_meanwhile_is_kept() {
    for call in WAY {
        let rig = Rig::seeded().await;
        let (migration, gate) = rig.held_at(call).await;
        let touched = rig.pair.touch(&KEY, LATER, NOW).await.unwrap();
        assert_eq!(touched, Touched::Applied, "{call:?}");
        gate.open();
        migration.await.unwrap();
        let found = rig.load(&KEY).await.unwrap();
        assert_eq!(found.record.deadline, LATER, "{call:?}");
        rig.assert_settled(1).await;
    }
}

#[actix_web::test]
async fn a_renewal_meanwhile_leaves_one_key_that_opens() {
    let renewed = StoreKey::from_bytes([8; 32]);
    for call in WAY {
        let rig = Rig::seeded().await;
        let (before, next) = (rig.load(&KEY).await.unwrap(), record(2));
        let (migration, gate) = rig.held_at(call).await;
        let renewal = rig
            .pair
            .rename(&KEY, &renewed, &next, before.revision, None, NOW);
        let written = renewal.await.unwrap();
        assert!(matches!(written, Written::Applied { .. }), "{call:?}");
        gate.open();
        migration.await.unwrap();
        assert_eq!(rig.load(&KEY).await, None, "{call:?}");
        assert_eq!(rig.load(&renewed).await.unwrap().record, record(2));
        assert_eq!(rig.listed().await, 1, "{call:?}");
        rig.assert_settled(1).await;
        assert_eq!(rig.load(&KEY).await, None, "{call:?}");
    }
}

#[actix_web::test]
async fn a_session_on_its_way_is_found_and_listed_once() {
    for call in WAY {
        let rig = Rig::seeded().await;
        let (migration, gate) = rig.held_at(call).await;
        assert_eq!(rig.listed().await, 1, "{call:?}");
        assert_eq!(rig.load(&KEY).await.unwrap().record, record(1), "{call:?}");
        let many = rig.pair.load_many(&[KEY, KEY], NOW).await.unwrap();
        assert!(many.iter().all(Option::is_some), "{call:?}");
        let created = rig.pair.create(&KEY, &record(3), None, NOW).await.unwrap();
        assert_eq!(created, Written::Conflict, "{call:?}");
        gate.open();
        migration.await.unwrap();
        rig.assert_settled(1).await;
    }
}

#[actix_web::test]
async fn whoever_ends_all_that_are_listed_ends_the_one_on_its_way() {
    for call in WAY {
        let rig = Rig::seeded().await;
        let (migration, gate) = rig.held_at(call).await;
        let index = rig.pair.principals().unwrap();
        let anna = record(1).principal.unwrap();
        for listed in index.list(&anna, NOW).await.unwrap() {
            rig.pair.delete(&listed.key).await.unwrap();
        }
        gate.open();
        migration.await.unwrap();
        assert_eq!(rig.load(&KEY).await, None, "{call:?}");
        rig.assert_settled(0).await;
    }
}

#[actix_web::test]
async fn a_session_that_expires_on_its_way_is_dead() {
    for call in WAY {
        let rig = Rig::seeded().await;
        let (migration, _gate) = rig.held_at(call).await;
        migration.abort();
        assert!(migration.await.is_err());
        assert_eq!(rig.pair.load(&KEY, DEADLINE).await.unwrap(), None);
        while rig.pair.delete_expired(1, DEADLINE).await.unwrap() > 0 {}
        assert_eq!(rig.load(&KEY).await, None, "{call:?}");
    }
}

#[actix_web::test]
async fn an_answer_that_is_lost_on_the_way_is_an_error_and_the_next_request_goes_on() {
    for call in WAY {
        for fault in [Fault::CallLost, Fault::AnswerLost] {
            let rig = Rig::seeded().await;
            // The call before that of the move is the request's own.
            let (before, next) = (rig.load(&KEY).await.unwrap(), record(2));
            rig.fail(call, fault.clone());
            let update = rig.pair.update(&KEY, &next, before.revision, None, NOW);
            match update.await {
                Ok(Written::Applied { .. }) => {}
                Ok(other) => panic!("{call:?} {fault:?}: {other:?}"),
                Err(_) => {
                    let found = rig.load(&KEY).await.unwrap();
                    assert_eq!(found.record, record(1), "{call:?} {fault:?}");
                    let written = rig.update(found.revision, &record(2)).await;
                    assert!(matches!(written, Written::Applied { .. }));
                }
            }
            rig.assert_settled(1).await;
            assert_eq!(rig.body().await, Some(vec![2]), "{call:?} {fault:?}");
        }
    }
}

#[actix_web::test]
async fn nobody_is_told_that_a_session_is_gone_by_a_half_that_fails() {
    let down = || Fault::Error(StoreErrorKind::Unavailable);
    let rig = Rig::seeded().await;
    rig.old.fail(Verb::Load, 1, down());
    assert!(rig.pair.load(&KEY, NOW).await.is_err());
    rig.new.fail(Verb::Load, 1, down());
    assert!(rig.pair.load(&KEY, NOW).await.is_err());
    rig.old.fail(Verb::Load, 1, down());
    assert!(rig.pair.touch(&KEY, LATER, NOW).await.is_err());
    rig.old.fail(Verb::List, 1, down());
    let index = rig.pair.principals().unwrap();
    let anna = record(1).principal.unwrap();
    assert!(index.list(&anna, NOW).await.is_err());
    for nth in [1, 2] {
        rig.old.fail(Verb::Delete, nth, down());
        assert!(rig.pair.delete(&KEY).await.is_err());
    }
    rig.pair.delete(&KEY).await.unwrap();
    assert_eq!(rig.load(&KEY).await, None);
}

#[actix_web::test]
async fn a_scan_that_comes_too_late_to_what_was_put_aside_leaves_the_session() {
    let rig = Rig::seeded().await;
    let (first, done) = rig.held_at(Call::Old(Verb::Delete)).await;
    // It was told of the place beside the key, where the session was put.
    let (second, gate) = rig.held_at(Call::Old(Verb::Load)).await;
    done.open();
    first.await.unwrap();
    gate.open();
    second.await.unwrap();
    assert_eq!(rig.load(&KEY).await.unwrap().record, record(1));
    rig.assert_settled(1).await;
}
