use crate::store::{Record, SessionStore, Touched, Write, Written};

use super::subject::{LIFETIME, Subject, applied, new_key};

const DEAD: &str = "whatever has `deadline <= now` is dead: no verb finds it, still stored or not";

/// From its deadline on, a record cannot be loaded; the second before, it can.
pub async fn an_expired_record_cannot_be_loaded<S: SessionStore>(new_store: impl AsyncFn() -> S) {
    let subject = Subject::new(new_store).await;
    let (key, _) = subject.stored(&subject.record()).await;
    assert!(
        subject
            .load_at(&key, subject.after(LIFETIME - 1))
            .await
            .is_some(),
        "`load`: the second before its deadline, a record lives"
    );
    for now in [subject.end(), subject.after(LIFETIME + 1)] {
        assert_eq!(subject.load_at(&key, now).await, None, "`load`: {DEAD}");
    }
}

/// An update of a dead record is missing, and leaves it dead.
pub async fn an_expired_record_cannot_be_updated<S: SessionStore>(new_store: impl AsyncFn() -> S) {
    let subject = Subject::new(new_store).await;
    let (key, revision) = subject.stored(&subject.record()).await;
    let next = Record {
        deadline: subject.after(2 * LIFETIME),
        ..subject.record()
    };
    let end = subject.end();
    let update = Write::update(&key, &next, revision, end);
    assert_eq!(
        subject.write(update).await,
        Written::Missing,
        "`update`: {DEAD}"
    );
    assert_eq!(
        subject.load_at(&key, end).await,
        None,
        "`update`: it never creates, nor revives"
    );
}

/// A touch of a dead record is missing, and leaves it dead.
pub async fn an_expired_record_cannot_be_touched<S: SessionStore>(new_store: impl AsyncFn() -> S) {
    let subject = Subject::new(new_store).await;
    let (key, _) = subject.stored(&subject.record()).await;
    let end = subject.end();
    assert_eq!(
        subject.touch(&key, subject.after(2 * LIFETIME), end).await,
        Touched::Missing,
        "`touch`: {DEAD}"
    );
    assert_eq!(
        subject.load_at(&key, end).await,
        None,
        "`touch`: it never revives"
    );
}

/// A rename of a dead record is missing, and creates nothing.
pub async fn an_expired_record_cannot_be_renamed<S: SessionStore>(new_store: impl AsyncFn() -> S) {
    let subject = Subject::new(new_store).await;
    let (old, revision) = subject.stored(&subject.record()).await;
    let next = Record {
        deadline: subject.after(2 * LIFETIME),
        ..subject.record()
    };
    let (new, end) = (new_key(), subject.end());
    let rename = Write::rename(&old, &new, &next, revision, end);
    assert_eq!(
        subject.write(rename).await,
        Written::Missing,
        "`rename`: {DEAD}"
    );
    for key in [old, new] {
        assert_eq!(
            subject.load_at(&key, end).await,
            None,
            "`rename`: what is refused changes nothing"
        );
    }
}

/// Where a dead record lies, another may be created or renamed to.
pub async fn a_key_whose_record_expired_is_free<S: SessionStore>(new_store: impl AsyncFn() -> S) {
    let subject = Subject::new(new_store).await;
    let (first, _) = subject.stored(&subject.record()).await;
    let (second, _) = subject.stored(&subject.record()).await;
    let end = subject.end();
    let next = || Record {
        deadline: subject.after(2 * LIFETIME),
        ..subject.record()
    };

    let created = next();
    let create = Write::create(&first, &created, end);
    let revision = applied(
        subject.write(create).await,
        "`create`: a key whose record is dead holds none that lives",
    );
    let renamed = next();
    let rename = Write::rename(&first, &second, &renamed, revision, end);
    applied(
        subject.write(rename).await,
        "`rename`: a key whose record is dead holds none that lives",
    );
    assert_eq!(
        subject
            .load_at(&second, end)
            .await
            .map(|loaded| loaded.record),
        Some(renamed),
        "`rename`: the record is under `new`, and nothing of the dead one is left"
    );
}
