use crate::store::{Record, SessionStore};

use super::subject::{Subject, new_principal};

/// A sweep deletes every dead record, at its deadline already, with and without a principal, and no living one.
pub async fn a_sweep_deletes_the_dead_and_leaves_the_living<S: SessionStore>(
    new_store: impl AsyncFn() -> S,
) {
    let subject = Subject::new(new_store).await;
    let (mut dead, mut living) = (Vec::new(), Vec::new());
    for index in 0..12 {
        let principal = (index % 2 == 0).then(new_principal);
        let record = Record {
            deadline: subject.after(3600 + index % 3),
            principal,
            ..subject.record()
        };
        let (key, revision) = subject.stored(&record).await;
        if index % 3 == 2 {
            living.push((key, record, revision));
        } else {
            dead.push(key);
        }
    }
    let now = subject.after(3601);
    let deleted = subject.sweep(100, now).await;
    for (key, record, revision) in &living {
        subject
            .assert_holds(
                key,
                record,
                *revision,
                "`delete_expired`: deletes dead records only",
            )
            .await;
    }
    if subject.store.abilities().expires_by_itself {
        return;
    }
    assert_eq!(
        deleted,
        dead.len(),
        "`delete_expired`: answers how many records it deleted"
    );
    for key in &dead {
        // Asked for a time at which it still lived: it must be gone, not hidden.
        subject
            .assert_holds_nothing(key, "`delete_expired`: deletes dead records")
            .await;
    }
    assert_eq!(
        subject.sweep(100, now).await,
        0,
        "`delete_expired`: there are no more"
    );
}

/// A sweep deletes no more than its limit, and as many as that while there are so many.
pub async fn a_sweep_keeps_to_its_limit<S: SessionStore>(new_store: impl AsyncFn() -> S) {
    let subject = Subject::new(new_store).await;
    for index in 0..7 {
        let record = Record {
            principal: (index % 2 == 0).then(new_principal),
            ..subject.record()
        };
        subject.stored(&record).await;
    }
    if subject.store.abilities().expires_by_itself {
        return;
    }
    let mut deleted = Vec::new();
    for limit in [0, 1, 3, 2, 100, 100] {
        deleted.push(subject.sweep(limit, subject.end()).await);
    }
    assert_eq!(
        deleted,
        [0, 1, 3, 2, 1, 0],
        "`delete_expired`: deletes up to `limit`; fewer when there are no more"
    );
}

/// A store that says its engine forgets by itself has nothing to sweep.
pub async fn a_store_that_forgets_by_itself_sweeps_nothing<S: SessionStore>(
    new_store: impl AsyncFn() -> S,
) {
    let subject = Subject::new(new_store).await;
    if !subject.store.abilities().expires_by_itself {
        return;
    }
    subject.stored(&subject.record()).await;
    assert_eq!(
        subject.sweep(100, subject.end()).await,
        0,
        "`expires_by_itself`: a store whose engine forgets by itself answers zero to `delete_expired`"
    );
}
