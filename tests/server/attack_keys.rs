//! Rings whose keys are changed by several at once.

use std::{sync::Barrier, thread};

use sessions::{Key, KeyRing};

#[test]
fn of_two_rotations_at_once_neither_loses_the_other_s_key() {
    for round in 0..2_000 {
        let ring = KeyRing::generate().unwrap();
        let first = ring.active_id();
        let keys = [Key::generate().unwrap(), Key::generate().unwrap()];
        let ids = keys.each_ref().map(Key::id);
        let start = Barrier::new(2);
        thread::scope(|scope| {
            for key in keys {
                let (ring, start) = (ring.clone(), &start);
                scope.spawn(move || {
                    start.wait();
                    ring.rotate(key).unwrap();
                });
            }
        });
        let kept = ring.key_ids();
        for id in [first].into_iter().chain(ids) {
            assert!(kept.contains(&id), "round {round}: {kept:?} without {id}");
        }
    }
}

#[test]
fn a_key_that_was_taken_out_is_not_brought_back_by_a_rotation() {
    for round in 0..2_000 {
        let ring = KeyRing::generate().unwrap();
        let leaked = ring.active_id();
        let (safe, next) = (KeyRing::generate().unwrap(), Key::generate().unwrap());
        let start = Barrier::new(2);
        thread::scope(|scope| {
            let (rotated, start) = (ring.clone(), &start);
            scope.spawn(move || {
                start.wait();
                rotated.rotate(next).unwrap();
            });
            start.wait();
            // As SECURITY.md says to do when a key has leaked.
            ring.replace(&safe);
        });
        let kept = ring.key_ids();
        assert!(
            !kept.contains(&leaked),
            "round {round}: {kept:?} has {leaked}"
        );
    }
}
