//! The kit's own test: for every law a store that breaks it, which the law must find out.

mod store;

use std::{
    any::Any,
    collections::BTreeSet,
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use self::store::{BrokenStore, Flaw};

/// Without a flaw, the store that is broken below keeps every law.
mod unbroken {
    use super::store::{BrokenStore, Flaw};

    sessions::store_conformance!(async || BrokenStore::new(Flaw::None));
}

/// Names for each law the flaws that it must find.
macro_rules! laws_find {
    ($($law:ident: $($flaw:ident)*;)*) => {
        const LAWS: &[&str] = &[$(stringify!($law)),*];

        $(#[test]
        fn $law() {
            $({
                let result = catch_unwind(AssertUnwindSafe(|| {
                    sessions::test_util::conformance::run(
                        sessions::test_util::conformance::$law(async || BrokenStore::new(Flaw::$flaw)),
                    );
                }));
                assert_caught(stringify!($flaw), result);
            })*
        })*
    };
}

laws_find! {
    a_created_record_loads_with_every_field: ForgetsAnEmptyDevice;
    a_body_of_any_bytes_comes_back: KeepsBodiesAsText;
    a_deadline_far_ahead_is_kept: CutsTimesTo32Bits;
    an_oversized_body_is_kept_whole_or_refused: CutsLargeBodies;
    creating_over_a_live_record_conflicts_and_leaves_it: CreatesOverTheLiving;
    an_unknown_key_holds_nothing: CutsKeys;
    several_records_load_in_the_order_of_their_keys: LoadsManyInReverse LoadsManyWithoutGaps;
    an_update_replaces_the_whole_record: UpdateKeepsTheOwner;
    an_update_by_a_stale_revision_conflicts_and_leaves_the_record: UpdatesByAnyRevision;
    an_update_of_nothing_is_missing_and_creates_nothing: UpdateCreates;
    every_write_changes_the_revision: TakesTheContentForTheRevision;
    a_revision_never_comes_back: CountsEqualWrites TakesTheContentForTheRevision;
    a_touch_moves_deadline_and_last_seen_and_nothing_else: TouchLeavesLastSeen TouchIsAWrite;
    a_touch_never_moves_a_time_back: TouchMovesBack;
    a_touch_leaves_the_revision: TouchIsAWrite;
    a_touch_of_nothing_is_missing_and_creates_nothing: TouchCreates;
    a_renamed_record_lives_under_its_new_key_alone: RenameLeavesTheOld;
    a_rename_by_a_stale_revision_conflicts_and_leaves_both_keys: RenamesByAnyRevision;
    a_rename_of_nothing_is_missing_and_creates_nothing: RenameCreates;
    a_rename_onto_a_live_record_conflicts_and_leaves_both: RenamesOverTheLiving;
    a_rename_that_is_given_up_on_leaves_one_record: SaysItRenamesAtOnce;
    a_deleted_record_is_gone: DeletesNothing;
    deleting_twice_is_as_good_as_once: DeletesOnlyWhatIsThere DeletesNothing;
    a_deleted_record_is_not_revived_by_an_update: DeletesWithAWayBack UpdateCreates;
    a_deleted_record_is_not_revived_by_a_touch: DeletesWithAWayBack TouchCreates;
    a_deleted_record_is_not_revived_by_a_rename: DeletesWithAWayBack RenameCreates;
    an_expired_record_cannot_be_loaded: LoadsTheDead;
    an_expired_record_cannot_be_updated: UpdatesTheDead;
    an_expired_record_cannot_be_touched: TouchesTheDead;
    an_expired_record_cannot_be_renamed: RenamesTheDead;
    a_key_whose_record_expired_is_free: CreatesNotOverTheDead;
    a_sweep_deletes_the_dead_and_leaves_the_living: SweepsTheLiving SweepsNotTheDead;
    a_sweep_keeps_to_its_limit: SweepsWithoutLimit SweepsNotTheDead;
    a_store_that_forgets_by_itself_sweeps_nothing: SaysItForgets;
    of_eight_creations_one_is_applied: CreateIsTwoSteps;
    of_eight_updates_one_is_applied: UpdateIsTwoSteps UpdatesByAnyRevision;
    of_eight_renames_one_is_applied: RenameIsTwoSteps RenameLeavesTheOld;
    a_deletion_beside_updates_and_touches_leaves_nothing: TouchPutsBack UpdateCreates;
    a_touch_beside_an_update_undoes_none_of_it: TouchIsTwoSteps;
    an_answer_that_is_given_up_on_disturbs_nobody: OwesALoad OwesATouch OwesAnUpdate OwesACreation OwesADeletion OwesARename;
    a_runtime_that_ended_takes_nothing_with_it: EndsWithARuntime;
    sessions_are_listed_by_their_principal: ListsWithoutTouches UpdateKeepsTheOwner;
    sessions_that_ended_are_not_listed: ListsTheDead DeletesNothing UpdateKeepsTheOwner;
    the_session_unseen_for_longest_makes_room: TouchLeavesLastSeen EvictsInSilence AdmitsEverybody;
    a_session_beyond_the_limit_is_refused: AdmitsEverybody;
    only_live_sessions_count: CountsTheDead DeletesNothing;
    an_update_and_a_rename_are_admitted_like_a_creation: AdmitsUpdatesAndRenames;
    a_write_that_fails_ends_nobody: EvictsBeforeItChecks;
    parallel_creations_keep_to_the_limit: AdmissionIsTwoSteps EvictsInSilence AdmitsEverybody;
    a_scan_gives_every_record_that_stays: ScansOnlyTheBeginning ScansForEver;
}

/// The law must have panicked, and said which clause is broken.
fn assert_caught(flaw: &str, result: Result<(), Box<dyn Any + Send>>) {
    let panic = result.expect_err(&format!("{flaw} was not found out"));
    let message = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .expect("a message");
    assert!(
        message.contains('`'),
        "{flaw} was found out, and no clause was named: {message}"
    );
}

#[test]
fn every_law_is_in_the_macro_and_has_a_store_that_breaks_it() {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../sessions/src/test_util/conformance");
    let (mut written, mut macro_text) = (BTreeSet::new(), String::new());
    for file in fs::read_dir(&folder).unwrap() {
        let path = file.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        if path.ends_with("mod.rs") {
            let start = text.find("macro_rules! store_conformance").unwrap();
            macro_text = text[start..].to_owned();
        }
        let items = syn::parse_file(&text).unwrap().items;
        written.extend(items.iter().filter_map(|item| match item {
            syn::Item::Fn(law)
                if matches!(law.vis, syn::Visibility::Public(_)) && law.sig.asyncness.is_some() =>
            {
                Some(law.sig.ident.to_string())
            }
            _ => None,
        }));
    }
    let broken = LAWS.iter().map(|&law| law.to_owned()).collect();
    assert_eq!(written, broken, "each law has a store that breaks it");
    let made = macro_text
        .split_whitespace()
        .filter(|word| written.contains(*word))
        .map(str::to_owned)
        .collect::<BTreeSet<_>>();
    assert_eq!(made, written, "the macro makes a test of each law");
}

#[test]
fn the_chapter_for_authors_names_every_law() {
    let chapter = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sessions/docs/custom-store.md");
    let chapter = fs::read_to_string(chapter).unwrap();
    let named = chapter.split('`').collect::<BTreeSet<_>>();
    for law in LAWS {
        assert!(named.contains(law), "{law} is explained nowhere");
    }
}
