use crate::store::{Record, SessionStore, Write, Written};

use super::{
    runner::{MOST_POLLS, is_done_after},
    subject::{Subject, applied, new_device, new_key, new_principal, stale_revision},
};

/// After a rename the old key is dead and the new one holds the new record.
pub async fn a_renamed_record_lives_under_its_new_key_alone<S: SessionStore>(
    new_store: impl AsyncFn() -> S,
) {
    let subject = Subject::new(new_store).await;
    let record = subject.record();
    let (old, revision) = subject.stored(&record).await;
    let next = Record {
        deadline: subject.after(3600),
        principal: Some(new_principal()),
        device: Some(new_device()),
        ..subject.successor(&record)
    };
    let new = new_key();
    let revision = applied(
        subject.rename(&old, &new, &next, revision).await,
        "`rename`: replaces a record that is still in the state `expected`",
    );
    subject
        .assert_holds_nothing(
            &old,
            "`rename`: answers `Applied` only when the old is dead",
        )
        .await;
    subject
        .assert_holds(&new, &next, revision, "`rename`: the record is under `new`")
        .await;
}

/// By a revision that is not the record's, a rename conflicts; the old key holds what it held, the new one nothing.
pub async fn a_rename_by_a_stale_revision_conflicts_and_leaves_both_keys<S: SessionStore>(
    new_store: impl AsyncFn() -> S,
) {
    let subject = Subject::new(new_store).await;
    let first = subject.record();
    let (old, stale) = subject.stored(&first).await;
    let second = subject.successor(&first);
    let revision = applied(
        subject.update(&old, &second, stale).await,
        "`update`: replaces the record that was created",
    );
    let new = new_key();
    assert_eq!(
        subject
            .rename(&old, &new, &subject.successor(&first), stale)
            .await,
        Written::Conflict,
        "`rename`: `Conflict` if the record is in another state than `expected`"
    );
    let clause = "`rename`: what is refused changes nothing";
    subject.assert_holds(&old, &second, revision, clause).await;
    subject.assert_holds_nothing(&new, clause).await;
}

/// A rename of a key that holds nothing is missing, and neither key holds anything after.
pub async fn a_rename_of_nothing_is_missing_and_creates_nothing<S: SessionStore>(
    new_store: impl AsyncFn() -> S,
) {
    let subject = Subject::new(new_store).await;
    let (old, new) = (new_key(), new_key());
    assert_eq!(
        subject
            .rename(&old, &new, &subject.record(), stale_revision())
            .await,
        Written::Missing,
        "`rename`: `Missing` if none lives under `old`"
    );
    for key in [old, new] {
        subject
            .assert_holds_nothing(&key, "`rename`: what is refused changes nothing")
            .await;
    }
}

/// Where two keys change in one step, a rename that its caller gave up on, however far it had come, leaves one of two records.
pub async fn a_rename_that_is_given_up_on_leaves_one_record<S: SessionStore>(
    new_store: impl AsyncFn() -> S,
) {
    const CLAUSE: &str =
        "`renames_at_once`: both keys change in one step, also where the caller gives up";
    let subject = Subject::new(new_store).await;
    if !subject.store.abilities().renames_at_once {
        return;
    }
    for polls in 1..=MOST_POLLS {
        let record = subject.record();
        let (old, revision) = subject.stored(&record).await;
        let new = new_key();
        let next = subject.successor(&record);
        let rename = Write::rename(&old, &new, &next, revision, subject.now);
        let is_done = is_done_after(polls, subject.store.write(rename)).await;
        // Comes after whatever is still under way, and finds both keys as that leaves them.
        let again = subject.rename(&old, &new, &next, revision).await;
        let (old, new) = (subject.load(&old).await, subject.load(&new).await);
        assert_ne!(old.is_some(), new.is_some(), "{CLAUSE}: then {again:?}");
        if is_done {
            return;
        }
    }
}

/// A rename onto a key that is taken conflicts, and both records stay.
pub async fn a_rename_onto_a_live_record_conflicts_and_leaves_both<S: SessionStore>(
    new_store: impl AsyncFn() -> S,
) {
    let subject = Subject::new(new_store).await;
    let (record, other) = (subject.record(), subject.record());
    let (old, revision) = subject.stored(&record).await;
    let (taken, taken_revision) = subject.stored(&other).await;
    assert_eq!(
        subject
            .rename(&old, &taken, &subject.successor(&record), revision)
            .await,
        Written::Conflict,
        "`rename`: `Conflict` if a record lives under `new`"
    );
    let clause = "`rename`: what is refused changes nothing";
    subject.assert_holds(&old, &record, revision, clause).await;
    subject
        .assert_holds(&taken, &other, taken_revision, clause)
        .await;
}
