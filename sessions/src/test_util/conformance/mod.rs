//! The conformance kit: every clause of the [store contract](crate::store::SessionStore) as a test that runs against any store.
//!
//! Each law is a function that takes a factory of stores and panics, with the clause in its message, if the store breaks it.
//! [`store_conformance!`](crate::store_conformance) makes a test of each:
//!
//! ```
//! # mod tests {
//! use sessions::MemoryStore;
//!
//! sessions::store_conformance!(async || MemoryStore::new());
//! # }
//! ```
//!
//! Every store that the factory makes must be empty and share nothing with the others: a folder, a schema or a key prefix of its own. The
//! laws set the time themselves and sleep nowhere; their records live for an hour of real time at least, so that an engine which forgets by
//! its own clock does not do so too early. The races are real: several threads, each with a runtime of its own, share the store. So are the
//! callers who give up: an answer is dropped at each place where it waits.
//!
//! Not shown by it: what an engine loses when it dies, whether one that forgets by itself does so too early, and that other processes are kept
//! out of a change like other threads are. A store for several processes runs the kit once more, with a factory whose stores send each call to one of several instances in turn.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "a law that is broken panics: that is how a test fails"
)]

mod create;
mod delete;
mod dropped;
mod expiry;
mod load;
mod principals;
mod races;
mod rename;
mod runner;
mod runtimes;
mod scan;
mod subject;
mod sweep;
mod touch;
mod update;

pub use self::{
    create::{
        a_body_of_any_bytes_comes_back, a_created_record_loads_with_every_field,
        a_deadline_far_ahead_is_kept, an_oversized_body_is_kept_whole_or_refused,
        creating_over_a_live_record_conflicts_and_leaves_it,
    },
    delete::{
        a_deleted_record_is_gone, a_deleted_record_is_not_revived_by_a_rename,
        a_deleted_record_is_not_revived_by_a_touch, a_deleted_record_is_not_revived_by_an_update,
        deleting_twice_is_as_good_as_once,
    },
    dropped::an_answer_that_is_given_up_on_disturbs_nobody,
    expiry::{
        a_key_whose_record_expired_is_free, an_expired_record_cannot_be_loaded,
        an_expired_record_cannot_be_renamed, an_expired_record_cannot_be_touched,
        an_expired_record_cannot_be_updated,
    },
    load::{an_unknown_key_holds_nothing, several_records_load_in_the_order_of_their_keys},
    principals::{
        a_session_beyond_the_limit_is_refused, a_write_that_fails_ends_nobody,
        an_update_and_a_rename_are_admitted_like_a_creation, only_live_sessions_count,
        parallel_creations_keep_to_the_limit, sessions_are_listed_by_their_principal,
        sessions_that_ended_are_not_listed, the_session_unseen_for_longest_makes_room,
    },
    races::{
        a_deletion_beside_updates_and_touches_leaves_nothing,
        a_touch_beside_an_update_undoes_none_of_it, of_eight_creations_one_is_applied,
        of_eight_renames_one_is_applied, of_eight_updates_one_is_applied,
    },
    rename::{
        a_rename_by_a_stale_revision_conflicts_and_leaves_both_keys,
        a_rename_of_nothing_is_missing_and_creates_nothing,
        a_rename_onto_a_live_record_conflicts_and_leaves_both,
        a_rename_that_is_given_up_on_leaves_one_record,
        a_renamed_record_lives_under_its_new_key_alone,
    },
    runner::run,
    runtimes::a_runtime_that_ended_takes_nothing_with_it,
    scan::a_scan_gives_every_record_that_stays,
    sweep::{
        a_store_that_forgets_by_itself_sweeps_nothing,
        a_sweep_deletes_the_dead_and_leaves_the_living, a_sweep_keeps_to_its_limit,
    },
    touch::{
        a_touch_leaves_the_revision, a_touch_moves_deadline_and_last_seen_and_nothing_else,
        a_touch_never_moves_a_time_back, a_touch_of_nothing_is_missing_and_creates_nothing,
    },
    update::{
        a_revision_never_comes_back, an_update_by_a_stale_revision_conflicts_and_leaves_the_record,
        an_update_of_nothing_is_missing_and_creates_nothing, an_update_replaces_the_whole_record,
        every_write_changes_the_revision,
    },
};

/// Makes a test of each law of the [conformance kit](crate::test_util::conformance), from an async closure that makes a store.
///
/// The tests are `#[test]` functions of the module it stands in, each on a runtime of its own on which tokio's I/O and time work.
/// With a condition, `store_conformance!(if runs(), async || …)`, they pass without doing anything where it does not hold: for an engine
/// that is not there on every machine.
///
/// ```
/// # mod tests {
/// use sessions::MemoryStore;
///
/// sessions::store_conformance!(async || MemoryStore::new());
/// # }
/// ```
#[macro_export]
macro_rules! store_conformance {
    (if $runs:expr, $new_store:expr $(,)?) => {
        $crate::__store_conformance! { $runs, $new_store }
    };
    ($new_store:expr $(,)?) => {
        $crate::__store_conformance! { true, $new_store }
    };
}

/// What [`store_conformance!`](crate::store_conformance) is made of, and nobody else's business.
#[doc(hidden)]
#[macro_export]
macro_rules! __store_conformance {
    ($runs:expr, $new_store:expr) => {
        $crate::__store_conformance! { $runs, $new_store;
            a_created_record_loads_with_every_field
            a_body_of_any_bytes_comes_back
            a_deadline_far_ahead_is_kept
            an_oversized_body_is_kept_whole_or_refused
            creating_over_a_live_record_conflicts_and_leaves_it
            an_unknown_key_holds_nothing
            several_records_load_in_the_order_of_their_keys
            an_update_replaces_the_whole_record
            an_update_by_a_stale_revision_conflicts_and_leaves_the_record
            an_update_of_nothing_is_missing_and_creates_nothing
            every_write_changes_the_revision
            a_revision_never_comes_back
            a_touch_moves_deadline_and_last_seen_and_nothing_else
            a_touch_never_moves_a_time_back
            a_touch_leaves_the_revision
            a_touch_of_nothing_is_missing_and_creates_nothing
            a_renamed_record_lives_under_its_new_key_alone
            a_rename_by_a_stale_revision_conflicts_and_leaves_both_keys
            a_rename_of_nothing_is_missing_and_creates_nothing
            a_rename_onto_a_live_record_conflicts_and_leaves_both
            a_rename_that_is_given_up_on_leaves_one_record
            a_deleted_record_is_gone
            deleting_twice_is_as_good_as_once
            a_deleted_record_is_not_revived_by_an_update
            a_deleted_record_is_not_revived_by_a_touch
            a_deleted_record_is_not_revived_by_a_rename
            an_expired_record_cannot_be_loaded
            an_expired_record_cannot_be_updated
            an_expired_record_cannot_be_touched
            an_expired_record_cannot_be_renamed
            a_key_whose_record_expired_is_free
            a_sweep_deletes_the_dead_and_leaves_the_living
            a_sweep_keeps_to_its_limit
            a_store_that_forgets_by_itself_sweeps_nothing
            of_eight_creations_one_is_applied
            of_eight_updates_one_is_applied
            of_eight_renames_one_is_applied
            a_deletion_beside_updates_and_touches_leaves_nothing
            a_touch_beside_an_update_undoes_none_of_it
            an_answer_that_is_given_up_on_disturbs_nobody
            a_runtime_that_ended_takes_nothing_with_it
            sessions_are_listed_by_their_principal
            sessions_that_ended_are_not_listed
            the_session_unseen_for_longest_makes_room
            a_session_beyond_the_limit_is_refused
            only_live_sessions_count
            an_update_and_a_rename_are_admitted_like_a_creation
            a_write_that_fails_ends_nobody
            parallel_creations_keep_to_the_limit
            a_scan_gives_every_record_that_stays
        }
    };
    ($runs:expr, $new_store:expr; $($law:ident)*) => {$(
        // By its path: where it is used, `test` may be that of actix-web.
        #[::core::prelude::v1::test]
        fn $law() {
            if !$runs {
                return;
            }
            $crate::test_util::conformance::run($crate::test_util::conformance::$law($new_store));
        }
    )*};
}
