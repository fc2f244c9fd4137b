use crate::{
    clock::Timestamp,
    store::{Record, SessionStore, Written},
};

use super::subject::{Subject, applied, new_device, new_key, new_principal, stale_revision};

/// By the revision that was loaded, an update replaces every field, and times may then lie earlier than they did.
pub async fn an_update_replaces_the_whole_record<S: SessionStore>(new_store: impl AsyncFn() -> S) {
    let subject = Subject::new(new_store).await;
    let bare = subject.record();
    let full = Record {
        created: Timestamp::from_seconds(1_000_000_007),
        last_seen: Timestamp::from_seconds(1_000_000_009),
        deadline: subject.after(3600),
        principal: Some(new_principal()),
        device: Some(new_device()),
        body: b"another".to_vec(),
        ..subject.record()
    };
    for (first, second) in [(&bare, &full), (&full, &bare)] {
        let (key, _) = subject.stored(first).await;
        let loaded = subject.load(&key).await;
        let revision = loaded.map_or_else(stale_revision, |loaded| loaded.revision);
        let revision = applied(
            subject.update(&key, second, revision).await,
            "`update`: replaces a record that is still in the state `expected`",
        );
        subject
            .assert_holds(&key, second, revision, "`update`: replaces the record")
            .await;
    }
}

/// By a revision that is not the record's, or no more, an update conflicts and changes nothing.
pub async fn an_update_by_a_stale_revision_conflicts_and_leaves_the_record<S: SessionStore>(
    new_store: impl AsyncFn() -> S,
) {
    let subject = Subject::new(new_store).await;
    let first = subject.record();
    let (key, stale) = subject.stored(&first).await;
    let second = subject.successor(&first);
    let revision = applied(
        subject.update(&key, &second, stale).await,
        "`update`: replaces the record that was created",
    );
    for expected in [stale, stale_revision()] {
        assert_eq!(
            subject
                .update(&key, &subject.successor(&first), expected)
                .await,
            Written::Conflict,
            "`update`: `Conflict` if the record is in another state than `expected`"
        );
    }
    subject
        .assert_holds(
            &key,
            &second,
            revision,
            "`update`: what is refused changes nothing",
        )
        .await;
}

/// An update of a key that holds nothing is missing, and the key still holds nothing.
pub async fn an_update_of_nothing_is_missing_and_creates_nothing<S: SessionStore>(
    new_store: impl AsyncFn() -> S,
) {
    let subject = Subject::new(new_store).await;
    let key = new_key();
    assert_eq!(
        subject
            .update(&key, &subject.record(), stale_revision())
            .await,
        Written::Missing,
        "`update`: `Missing` if none lives there"
    );
    subject
        .assert_holds_nothing(&key, "`update`: it never creates")
        .await;
}

/// Create, update and rename each leave the record in a new state, even where they change nothing but the write's name; and it loads in the
/// state they answered.
pub async fn every_write_changes_the_revision<S: SessionStore>(new_store: impl AsyncFn() -> S) {
    let subject = Subject::new(new_store).await;
    let first = subject.record();
    let (key, revision) = subject.stored(&first).await;
    let mut seen = vec![revision];
    let again = || Record {
        write_id: subject.record().write_id,
        ..first.clone()
    };
    let (mut key, mut revision) = (key, revision);
    for step in 0..6 {
        let record = again();
        let written = if step % 2 == 0 {
            subject.update(&key, &record, revision).await
        } else {
            let old = key;
            key = new_key();
            subject.rename(&old, &key, &record, revision).await
        };
        revision = applied(written, "a write by the latest revision is applied");
        assert!(
            !seen.contains(&revision),
            "`Revision`: every applied write changes it"
        );
        seen.push(revision);
        subject
            .assert_holds(
                &key,
                &record,
                revision,
                "`Written`: the record is now in this state",
            )
            .await;
    }
}

/// A record that goes from one content to another and back is in a new state each time, and whoever saw it in the first cannot write any more.
pub async fn a_revision_never_comes_back<S: SessionStore>(new_store: impl AsyncFn() -> S) {
    let subject = Subject::new(new_store).await;
    let contents = [subject.record(), subject.record()];
    let (key, first) = subject.stored(&contents[0]).await;
    let mut seen = vec![first];
    let mut revision = first;
    for step in 1..=6 {
        let record = Record {
            write_id: subject.record().write_id,
            ..contents[step % 2].clone()
        };
        revision = applied(
            subject.update(&key, &record, revision).await,
            "`update`: a write by the latest revision is applied",
        );
        assert!(
            !seen.contains(&revision),
            "`Revision`: every applied write changes it to one it never was, also where the content is an old one"
        );
        seen.push(revision);
        assert_eq!(
            subject.update(&key, &contents[1], first).await,
            Written::Conflict,
            "`update`: `Conflict` if the record is in another state than `expected`, though its content may be the same"
        );
        let clause = "`update`: what is refused changes nothing";
        subject.assert_holds(&key, &record, revision, clause).await;
    }
}
