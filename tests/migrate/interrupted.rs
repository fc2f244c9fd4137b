//! What happens to a session while it is on its way, at each step.

use actix_web::rt;
use sessions::{
    Timestamp,
    store::{Revision, SessionStore as _, StoreErrorKind, StoreKey, Touched, Write, Written},
    test_util::{Fault, Gate, Verb},
};

use crate::rig::{Call, DEADLINE, KEY, NOW, Rig, Server, WAY, record, ways};

const LATER: Timestamp = Timestamp::from_seconds(1_700_009_000);

#[actix_web::test]
async fn whoever_dies_on_the_way_leaves_a_session_that_lives() {
    for (call, server) in ways() {
        let rig = Rig::seeded(server).await;
        let (migration, _gate) = rig.held_at(call).await;
        migration.abort();
        assert!(migration.await.is_err());
        assert_eq!(rig.listed().await, 1, "{call:?} {server:?}");
        let found = rig.load(&KEY).await.unwrap();
        assert_eq!(found.record, record(1), "{call:?} {server:?}");
        let written = rig.update(found.revision, &record(2)).await;
        assert!(
            matches!(written, Written::Applied { .. }),
            "{call:?} {server:?}"
        );
        rig.assert_settled(1).await;
        assert_eq!(rig.body().await, Some(vec![2]), "{call:?} {server:?}");
    }
}

#[actix_web::test]
async fn a_migration_goes_on_where_another_died() {
    for (call, server) in ways() {
        let rig = Rig::seeded(server).await;
        let (migration, _gate) = rig.held_at(call).await;
        migration.abort();
        assert!(migration.await.is_err());
        rig.assert_settled(1).await;
        assert_eq!(
            rig.load(&KEY).await.unwrap().record,
            record(1),
            "{call:?} {server:?}"
        );
    }
}

#[actix_web::test]
async fn a_logout_meanwhile_is_the_last_word() {
    for (call, server) in ways() {
        let rig = Rig::seeded(server).await;
        let (migration, gate) = rig.held_at(call).await;
        rig.pair.delete(&KEY).await.unwrap();
        assert_eq!(rig.load(&KEY).await, None, "{call:?} {server:?}");
        gate.open();
        migration.await.unwrap();
        assert_eq!(rig.load(&KEY).await, None, "{call:?} {server:?}");
        assert_eq!(rig.listed().await, 0, "{call:?} {server:?}");
        rig.assert_settled(0).await;
    }
}

#[actix_web::test]
async fn a_logout_is_the_last_word_though_the_mover_died() {
    for (call, server) in ways() {
        let rig = Rig::seeded(server).await;
        let (migration, _gate) = rig.held_at(call).await;
        migration.abort();
        assert!(migration.await.is_err());
        rig.pair.delete(&KEY).await.unwrap();
        assert_eq!(rig.load(&KEY).await, None, "{call:?} {server:?}");
        rig.assert_settled(0).await;
    }
}

#[actix_web::test]
async fn an_update_meanwhile_is_applied_and_stays() {
    for (call, server) in ways() {
        let rig = Rig::seeded(server).await;
        let before = rig.load(&KEY).await.unwrap();
        let (migration, gate) = rig.held_at(call).await;
        let written = rig.update(before.revision, &record(2)).await;
        assert!(
            matches!(written, Written::Applied { .. }),
            "{call:?} {server:?}"
        );
        gate.open();
        migration.await.unwrap();
        assert_eq!(rig.body().await, Some(vec![2]), "{call:?} {server:?}");
        rig.assert_settled(1).await;
    }
}

#[actix_web::test]
async fn a_stale_update_meanwhile_is_a_conflict() {
    for (call, server) in ways() {
        let rig = Rig::seeded(server).await;
        let (migration, gate) = rig.held_at(call).await;
        let stale = Revision::from_bytes([9; 16]);
        assert_eq!(rig.update(stale, &record(2)).await, Written::Conflict);
        gate.open();
        migration.await.unwrap();
        assert_eq!(rig.body().await, Some(vec![1]), "{call:?} {server:?}");
        rig.assert_settled(1).await;
    }
}

#[actix_web::test]
async fn a_touch_meanwhile_is_kept() {
    for (call, server) in ways() {
        let rig = Rig::seeded(server).await;
        let (migration, gate) = rig.held_at(call).await;
        let touched = rig.pair.touch(&KEY, LATER, NOW).await.unwrap();
        assert_eq!(touched, Touched::Applied, "{call:?} {server:?}");
        gate.open();
        migration.await.unwrap();
        let found = rig.load(&KEY).await.unwrap();
        assert_eq!(found.record.deadline, LATER, "{call:?} {server:?}");
        rig.assert_settled(1).await;
    }
}

#[actix_web::test]
async fn a_renewal_meanwhile_leaves_one_key_that_opens() {
    let renewed = StoreKey::from_bytes([8; 32]);
    for (call, server) in ways() {
        let rig = Rig::seeded(server).await;
        let (before, next) = (rig.load(&KEY).await.unwrap(), record(2));
        let (migration, gate) = rig.held_at(call).await;
        let renewal = rig
            .pair
            .write(Write::rename(&KEY, &renewed, &next, before.revision, NOW));
        let written = renewal.await.unwrap();
        assert!(
            matches!(written, Written::Applied { .. }),
            "{call:?} {server:?}"
        );
        gate.open();
        migration.await.unwrap();
        assert_eq!(rig.load(&KEY).await, None, "{call:?} {server:?}");
        assert_eq!(rig.load(&renewed).await.unwrap().record, record(2));
        assert_eq!(rig.listed().await, 1, "{call:?} {server:?}");
        rig.assert_settled(1).await;
        assert_eq!(rig.load(&KEY).await, None, "{call:?} {server:?}");
    }
}

#[actix_web::test]
async fn a_session_on_its_way_is_found_and_listed_once() {
    for (call, server) in ways() {
        let rig = Rig::seeded(server).await;
        let (migration, gate) = rig.held_at(call).await;
        assert_eq!(rig.listed().await, 1, "{call:?} {server:?}");
        assert_eq!(
            rig.load(&KEY).await.unwrap().record,
            record(1),
            "{call:?} {server:?}"
        );
        let many = rig.pair.load_many(&[KEY, KEY], NOW).await.unwrap();
        assert!(many.iter().all(Option::is_some), "{call:?} {server:?}");
        let created = rig
            .pair
            .write(Write::create(&KEY, &record(3), NOW))
            .await
            .unwrap();
        assert_eq!(created, Written::Conflict, "{call:?} {server:?}");
        gate.open();
        migration.await.unwrap();
        rig.assert_settled(1).await;
    }
}

#[actix_web::test]
async fn whoever_ends_all_that_are_listed_ends_the_one_on_its_way() {
    for (call, server) in ways() {
        let rig = Rig::seeded(server).await;
        let (migration, gate) = rig.held_at(call).await;
        let index = rig.pair.abilities().principals.unwrap();
        let anna = record(1).principal.unwrap();
        for listed in index.list(&anna, NOW).await.unwrap() {
            rig.pair.delete(&listed.key).await.unwrap();
        }
        gate.open();
        migration.await.unwrap();
        assert_eq!(rig.load(&KEY).await, None, "{call:?} {server:?}");
        rig.assert_settled(0).await;
    }
}

#[actix_web::test]
async fn a_session_that_expires_on_its_way_is_dead() {
    for (call, server) in ways() {
        let rig = Rig::seeded(server).await;
        let (migration, _gate) = rig.held_at(call).await;
        migration.abort();
        assert!(migration.await.is_err());
        assert_eq!(rig.pair.load(&KEY, DEADLINE).await.unwrap(), None);
        while rig.pair.delete_expired(1, DEADLINE).await.unwrap() > 0 {}
        assert_eq!(rig.load(&KEY).await, None, "{call:?} {server:?}");
    }
}

#[actix_web::test]
async fn an_answer_that_is_lost_on_the_way_is_an_error_and_the_next_request_goes_on() {
    for call in WAY {
        for fault in [Fault::CallLost, Fault::AnswerLost] {
            let rig = Rig::seeded(Server::Moves).await;
            let (before, next) = (rig.load(&KEY).await.unwrap(), record(2));
            // The first update is the request's own, which finds nothing to write to.
            let call = match call {
                Call::New(Verb::Update, nth) => Call::New(Verb::Update, nth + 1),
                call => call,
            };
            rig.fail(call, fault.clone());
            let update = rig
                .pair
                .write(Write::update(&KEY, &next, before.revision, NOW));
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
    let rig = Rig::seeded(Server::Moves).await;
    rig.old.fail(Verb::Load, 1, down());
    assert!(rig.pair.load(&KEY, NOW).await.is_err());
    rig.new.fail(Verb::Load, 1, down());
    assert!(rig.pair.load(&KEY, NOW).await.is_err());
    rig.old.fail(Verb::Load, 1, down());
    assert!(rig.pair.touch(&KEY, LATER, NOW).await.is_err());
    rig.old.fail(Verb::List, 1, down());
    let index = rig.pair.abilities().principals.unwrap();
    let anna = record(1).principal.unwrap();
    assert!(index.list(&anna, NOW).await.is_err());
    for half in [&rig.old, &rig.new] {
        half.fail(Verb::Delete, 1, down());
        assert!(rig.pair.delete(&KEY).await.is_err());
    }
    rig.pair.delete(&KEY).await.unwrap();
    assert_eq!(rig.load(&KEY).await, None);
}

#[actix_web::test]
async fn two_movers_and_a_write_between_them_leave_what_was_written() {
    for (first_call, server) in ways() {
        for second_call in WAY {
            let rig = Rig::seeded(server).await;
            let before = rig.load(&KEY).await.unwrap();
            let (first, first_gate) = rig.held_at(first_call).await;
            let written = rig.update(before.revision, &record(2)).await;
            assert!(matches!(written, Written::Applied { .. }));
            let (second, second_gate) = rig.begin(second_call).await;
            first_gate.open();
            // As far as it comes: it may meet the gate of the other.
            for _ in 0..10 {
                rt::task::yield_now().await;
            }
            second_gate.open();
            first.await.unwrap();
            second.await.unwrap();
            let found = rig.load(&KEY).await.map(|found| found.record);
            assert_eq!(
                found,
                Some(record(2)),
                "{first_call:?} {second_call:?} {server:?}"
            );
            rig.assert_settled(1).await;
        }
    }
}

#[actix_web::test]
async fn two_movers_and_a_logout_between_them_leave_nothing() {
    for (first_call, server) in ways() {
        for second_call in WAY {
            let rig = Rig::seeded(server).await;
            let (first, first_gate) = rig.held_at(first_call).await;
            let (second, second_gate) = rig.begin(second_call).await;
            rig.pair.delete(&KEY).await.unwrap();
            first_gate.open();
            // As far as it comes: it may meet the gate of the other.
            for _ in 0..10 {
                rt::task::yield_now().await;
            }
            second_gate.open();
            first.await.unwrap();
            second.await.unwrap();
            assert_eq!(
                rig.load(&KEY).await,
                None,
                "{first_call:?} {second_call:?} {server:?}"
            );
            rig.assert_settled(0).await;
        }
    }
}

#[actix_web::test]
async fn a_mover_that_comes_too_late_does_not_bring_back_what_was_renewed() {
    let renewed = StoreKey::from_bytes([8; 32]);
    for (call, server) in ways() {
        for dies in [false, true] {
            let rig = Rig::seeded(server).await;
            let (late, gate) = rig.held_at(call).await;
            rig.migrate().await;
            let (found, next) = (rig.load(&KEY).await.unwrap(), record(2));
            let renewal = rig
                .pair
                .write(Write::rename(&KEY, &renewed, &next, found.revision, NOW));
            let written = renewal.await.unwrap();
            assert!(matches!(written, Written::Applied { .. }), "{call:?}");
            if dies {
                late.abort();
                assert!(late.await.is_err());
            } else {
                gate.open();
                late.await.unwrap();
            }
            assert_eq!(rig.load(&KEY).await, None, "{call:?} {server:?}");
            rig.assert_settled(1).await;
            assert_eq!(rig.load(&KEY).await, None, "{call:?} {server:?}");
        }
    }
}

#[actix_web::test]
async fn a_move_changes_one_key_at_a_time() {
    let rig = Rig::seeded(Server::Moves).await;
    // What has no answer cannot be waited for.
    for half in [&rig.new, &rig.old] {
        half.fail(Verb::Rename, 1, Fault::Error(StoreErrorKind::Unavailable));
    }
    rig.assert_settled(1).await;
    assert_eq!(rig.load(&KEY).await.unwrap().record, record(1));
}

#[actix_web::test]
async fn a_request_of_a_server_that_prepares_goes_on_where_a_whole_move_overtook_it() {
    let calls = [
        Call::Old(Verb::Load, 1),
        Call::Old(Verb::Touch, 1),
        Call::New(Verb::Load, 1),
    ];
    for call in calls {
        let rig = Rig::seeded(Server::Prepares).await;
        let gate = Gate::closed();
        rig.fail(call, Fault::Held(gate.clone()));
        let pair = rig.pair.clone();
        let touch = rt::spawn(async move { pair.touch(&KEY, LATER, NOW).await });
        gate.reached(1).await;
        rig.migrate().await;
        gate.open();
        assert_eq!(touch.await.unwrap().unwrap(), Touched::Applied, "{call:?}");
        let found = rig.load(&KEY).await.unwrap();
        assert_eq!(found.record.deadline, LATER, "{call:?}");
    }
    for call in [Call::Old(Verb::Load, 1), Call::Old(Verb::Update, 1)] {
        let rig = Rig::seeded(Server::Prepares).await;
        let before = rig.load(&KEY).await.unwrap().revision;
        let gate = Gate::closed();
        rig.fail(call, Fault::Held(gate.clone()));
        let pair = rig.pair.clone();
        let update = rt::spawn(async move {
            pair.write(Write::update(&KEY, &record(2), before, NOW))
                .await
        });
        gate.reached(1).await;
        rig.migrate().await;
        gate.open();
        let written = update.await.unwrap().unwrap();
        assert!(matches!(written, Written::Applied { .. }), "{call:?}");
        rig.assert_settled(1).await;
        assert_eq!(rig.body().await, Some(vec![2]), "{call:?}");
    }
}

#[actix_web::test]
async fn a_look_that_a_whole_move_overtakes_finds_the_session() {
    for (server, call) in [
        (Server::Moves, Call::New(Verb::Load, 1)),
        (Server::Moves, Call::Old(Verb::Load, 1)),
        (Server::Prepares, Call::Old(Verb::Load, 1)),
    ] {
        let rig = Rig::seeded(server).await;
        let gate = Gate::closed();
        rig.fail(call, Fault::Held(gate.clone()));
        let request = rig.clone();
        let look = rt::spawn(async move { request.load(&KEY).await });
        gate.reached(1).await;
        rig.migrate().await;
        gate.open();
        assert!(look.await.unwrap().is_some(), "{call:?} {server:?}");
    }
}

#[actix_web::test]
async fn a_logout_that_a_whole_move_overtakes_is_the_last_word() {
    for server in [Server::Moves, Server::Prepares] {
        for call in [Call::Old(Verb::Delete, 1), Call::New(Verb::Delete, 1)] {
            let rig = Rig::seeded(server).await;
            let gate = Gate::closed();
            rig.fail(call, Fault::Held(gate.clone()));
            let pair = rig.pair.clone();
            let logout = rt::spawn(async move { pair.delete(&KEY).await });
            gate.reached(1).await;
            rig.migrate().await;
            gate.open();
            logout.await.unwrap().unwrap();
            assert_eq!(rig.load(&KEY).await, None, "{call:?} {server:?}");
            rig.assert_settled(0).await;
        }
    }
}

#[actix_web::test]
async fn a_session_that_was_touched_before_its_ticket_lay_there_outlives_the_mover() {
    let rig = Rig::seeded(Server::Prepares).await;
    let (migration, gate) = rig.held_at(Call::New(Verb::Create, 1)).await;
    let touched = rig.pair.touch(&KEY, LATER, NOW).await.unwrap();
    assert_eq!(touched, Touched::Applied);
    let claimed = Gate::closed();
    rig.fail(Call::New(Verb::Update, 1), Fault::Held(claimed.clone()));
    gate.open();
    claimed.reached(1).await;
    migration.abort();
    assert!(migration.await.is_err());
    let found = rig.pair.load(&KEY, DEADLINE).await.unwrap();
    assert_eq!(found.map(|found| found.record.deadline), Some(LATER));
}
