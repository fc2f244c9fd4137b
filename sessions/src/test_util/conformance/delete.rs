use crate::store::{Revision, SessionStore, StoreKey, Touched, Written};

use super::subject::{LIFETIME, Subject, new_key};

/// A deleted record cannot be loaded, at no time; its neighbor stays.
pub async fn a_deleted_record_is_gone<S: SessionStore>(new_store: impl AsyncFn() -> S) {
    let subject = Subject::new(new_store).await;
    let neighbor = subject.record();
    let (neighbor_key, revision) = subject.stored(&neighbor).await;
    let (key, _) = loaded_and_deleted(&subject).await;
    subject
        .assert_holds_nothing(&key, "`delete`: deletes whatever is under a key")
        .await;
    let clause = "`delete`: deletes what is under that key only";
    subject
        .assert_holds(&neighbor_key, &neighbor, revision, clause)
        .await;
}

/// Deleting what is not there, or no more, succeeds.
pub async fn deleting_twice_is_as_good_as_once<S: SessionStore>(new_store: impl AsyncFn() -> S) {
    let subject = Subject::new(new_store).await;
    subject.delete(&new_key()).await;
    let (key, _) = loaded_and_deleted(&subject).await;
    subject.delete(&key).await;
    subject
        .assert_holds_nothing(&key, "`delete`: nothing there is as good")
        .await;
}

/// A logout beats an update that was in flight.
pub async fn a_deleted_record_is_not_revived_by_an_update<S: SessionStore>(
    new_store: impl AsyncFn() -> S,
) {
    let subject = Subject::new(new_store).await;
    let (key, revision) = loaded_and_deleted(&subject).await;
    assert_eq!(
        subject.update(&key, &subject.record(), revision).await,
        Written::Missing,
        "`update`: `Missing` if none lives there, by whatever revision"
    );
    subject
        .assert_holds_nothing(&key, "`update`: it never creates")
        .await;
}

/// A logout beats a touch that was in flight.
pub async fn a_deleted_record_is_not_revived_by_a_touch<S: SessionStore>(
    new_store: impl AsyncFn() -> S,
) {
    let subject = Subject::new(new_store).await;
    let (key, _) = loaded_and_deleted(&subject).await;
    assert_eq!(
        subject
            .touch(&key, subject.after(2 * LIFETIME), subject.after(60))
            .await,
        Touched::Missing,
        "`touch`: `Missing` if none lives there"
    );
    subject
        .assert_holds_nothing(&key, "`touch`: it never revives")
        .await;
}

/// A logout beats a rename that was in flight.
pub async fn a_deleted_record_is_not_revived_by_a_rename<S: SessionStore>(
    new_store: impl AsyncFn() -> S,
) {
    let subject = Subject::new(new_store).await;
    let (old, revision) = loaded_and_deleted(&subject).await;
    let new = new_key();
    assert_eq!(
        subject
            .rename(&old, &new, &subject.record(), revision)
            .await,
        Written::Missing,
        "`rename`: `Missing` if none lives under `old`, by whatever revision"
    );
    for key in [old, new] {
        subject
            .assert_holds_nothing(&key, "`rename`: what is refused changes nothing")
            .await;
    }
}

/// The key of a record that was loaded and then deleted, and the revision it was loaded in.
async fn loaded_and_deleted<S: SessionStore>(subject: &Subject<S>) -> (StoreKey, Revision) {
    let (key, revision) = subject.stored(&subject.record()).await;
    let loaded = subject.load(&key).await;
    let revision = loaded.map_or(revision, |loaded| loaded.revision);
    subject.delete(&key).await;
    (key, revision)
}
