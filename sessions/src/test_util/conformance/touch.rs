use crate::store::{Loaded, Record, SessionStore, Touched};

use super::subject::{LIFETIME, Subject, applied, new_device, new_key, new_principal};

/// A touch moves the two times forward and leaves every other field and the state; the record lives until its new deadline.
pub async fn a_touch_moves_deadline_and_last_seen_and_nothing_else<S: SessionStore>(
    new_store: impl AsyncFn() -> S,
) {
    let subject = Subject::new(new_store).await;
    let record = Record {
        device: Some(new_device()),
        ..subject.record_of(&new_principal())
    };
    let (key, revision) = subject.stored(&record).await;
    let (deadline, now) = (subject.after(2 * LIFETIME), subject.after(60));
    assert_eq!(
        subject.touch(&key, deadline, now).await,
        Touched::Applied,
        "`touch`: a record that lives there is touched"
    );
    let touched = Loaded {
        record: Record {
            deadline,
            last_seen: now,
            ..record
        },
        revision,
    };
    assert_eq!(
        subject.load_at(&key, now).await.as_ref(),
        Some(&touched),
        "`touch`: moves the deadline and `last_seen`; the revision and everything else stay"
    );
    assert_eq!(
        subject.load_at(&key, subject.end()).await,
        Some(touched),
        "`touch`: the record lives at least until the deadline"
    );
}

/// A touch with an earlier deadline, or by a clock that is behind, is applied and leaves the time that is there.
pub async fn a_touch_never_moves_a_time_back<S: SessionStore>(new_store: impl AsyncFn() -> S) {
    let subject = Subject::new(new_store).await;
    let record = Record {
        last_seen: subject.after(60),
        ..subject.record()
    };
    let (key, revision) = subject.stored(&record).await;
    for (deadline, now) in [
        (subject.after(3600), subject.now),
        (subject.after(3600), subject.after(30)),
        (subject.end(), subject.after(60)),
    ] {
        assert_eq!(
            subject.touch(&key, deadline, now).await,
            Touched::Applied,
            "`touch`: an earlier time is no failure"
        );
        subject
            .assert_holds(
                &key,
                &record,
                revision,
                "`touch`: an earlier time leaves what is there",
            )
            .await;
    }
    // Each time by itself.
    subject
        .touch(&key, subject.after(3600), subject.after(90))
        .await;
    subject
        .touch(&key, subject.after(2 * LIFETIME), subject.now)
        .await;
    let record = Record {
        last_seen: subject.after(90),
        deadline: subject.after(2 * LIFETIME),
        ..record
    };
    let clause = "`touch`: each of the two times moves if it is later";
    subject.assert_holds(&key, &record, revision, clause).await;
}

/// A touch between load and update does not stand in the update's way.
pub async fn a_touch_leaves_the_revision<S: SessionStore>(new_store: impl AsyncFn() -> S) {
    let subject = Subject::new(new_store).await;
    let record = subject.record();
    let (key, revision) = subject.stored(&record).await;
    subject
        .touch(&key, subject.after(2 * LIFETIME), subject.after(60))
        .await;
    let next = subject.successor(&record);
    let revision = applied(
        subject.update(&key, &next, revision).await,
        "`touch`: the revision stays, and an update by it is applied",
    );
    let clause = "`update`: the record's deadline replaces the old one, touched or not";
    subject.assert_holds(&key, &next, revision, clause).await;
}

/// A touch of a key that holds nothing is missing, and the key still holds nothing.
pub async fn a_touch_of_nothing_is_missing_and_creates_nothing<S: SessionStore>(
    new_store: impl AsyncFn() -> S,
) {
    let subject = Subject::new(new_store).await;
    let key = new_key();
    assert_eq!(
        subject.touch(&key, subject.end(), subject.now).await,
        Touched::Missing,
        "`touch`: `Missing` if none lives there"
    );
    subject
        .assert_holds_nothing(&key, "`touch`: it never creates")
        .await;
}
