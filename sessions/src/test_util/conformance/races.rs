use crate::store::{Loaded, Record, SessionStore, Write, Written};

use super::{
    runner::{ROUNDS, race},
    subject::{LIFETIME, Subject, answered, new_key, write},
};

const RACERS: usize = 8;

const ONE_WINS: &str = "of several writers that name the same state, one is applied";

/// Of eight creations under one key at once, one is applied, and its record is there.
pub async fn of_eight_creations_one_is_applied<S: SessionStore>(new_store: impl AsyncFn() -> S) {
    let subject = Subject::new(new_store).await;
    let (now, records) = (subject.now, contenders(&subject));
    let keys: [_; ROUNDS] = std::array::from_fn(|_| new_key());
    let written = records.clone();
    let race = race(&subject.store, RACERS, async move |store, racer, round| {
        let (key, record) = (&keys[round], &written[round][racer]);
        write(&store, Write::create(key, record, now)).await
    })
    .await;
    for ((answers, records), key) in race.rounds.iter().zip(&records).zip(&keys) {
        let winner = only_winner("create", answers, &[Written::Conflict], records);
        let found = subject.load(key).await;
        assert_eq!(found, Some(winner), "`create`: {ONE_WINS}");
    }
}

/// Of eight updates by one revision at once, one is applied, and its record is there.
pub async fn of_eight_updates_one_is_applied<S: SessionStore>(new_store: impl AsyncFn() -> S) {
    let subject = Subject::new(new_store).await;
    let (now, records) = (subject.now, contenders(&subject));
    let mut begun = Vec::new();
    for _ in 0..ROUNDS {
        begun.push(subject.stored(&subject.record()).await);
    }
    let (states, written) = (begun.clone(), records.clone());
    let race = race(&subject.store, RACERS, async move |store, racer, round| {
        let ((key, revision), record) = (&states[round], &written[round][racer]);
        write(&store, Write::update(key, record, *revision, now)).await
    })
    .await;
    for ((answers, records), (key, _)) in race.rounds.iter().zip(&records).zip(&begun) {
        let winner = only_winner("update", answers, &[Written::Conflict], records);
        let found = subject.load(key).await;
        assert_eq!(found, Some(winner), "`update`: {ONE_WINS}");
    }
}

/// Of eight renames of one record at once, one is applied: its new key lives, no other, and not the old one.
pub async fn of_eight_renames_one_is_applied<S: SessionStore>(new_store: impl AsyncFn() -> S) {
    let subject = Subject::new(new_store).await;
    let (now, records) = (subject.now, contenders(&subject));
    let keys: [[_; RACERS]; ROUNDS] = std::array::from_fn(|_| std::array::from_fn(|_| new_key()));
    let mut begun = Vec::new();
    for _ in 0..ROUNDS {
        begun.push(subject.stored(&subject.record()).await);
    }
    let (states, written) = (begun.clone(), records.clone());
    let race = race(&subject.store, RACERS, async move |store, racer, round| {
        let ((old, revision), record) = (&states[round], &written[round][racer]);
        let rename = Write::rename(old, &keys[round][racer], record, *revision, now);
        write(&store, rename).await
    })
    .await;
    let losses = [Written::Conflict, Written::Missing];
    for (round, (answers, records)) in race.rounds.iter().zip(&records).enumerate() {
        let winner = only_winner("rename", answers, &losses, records);
        subject
            .assert_holds_nothing(&begun[round].0, "`rename`: the old key is dead")
            .await;
        let mut found = Vec::new();
        for key in &keys[round] {
            found.extend(subject.load(key).await);
        }
        assert_eq!(found, [winner], "`rename`: {ONE_WINS}");
    }
}

/// A deletion among updates and touches leaves nothing behind, whatever they were answered.
pub async fn a_deletion_beside_updates_and_touches_leaves_nothing<S: SessionStore>(
    new_store: impl AsyncFn() -> S,
) {
    let subject = Subject::new(new_store).await;
    let (now, deadline) = (subject.now, subject.after(2 * LIFETIME));
    let records = contenders(&subject);
    let mut begun = Vec::new();
    for _ in 0..ROUNDS {
        begun.push(subject.stored(&subject.record()).await);
    }
    let states = begun.clone();
    let _race = race(&subject.store, RACERS, async move |store, racer, round| {
        let ((key, revision), record) = (&states[round], &records[round][racer]);
        if racer == RACERS / 2 {
            answered("delete", store.delete(key).await);
        } else if racer % 2 == 0 {
            write(&store, Write::update(key, record, *revision, now)).await;
        } else {
            answered("touch", store.touch(key, deadline, now).await);
        }
    })
    .await;
    for (key, _) in &begun {
        subject
            .assert_holds_nothing(
                key,
                "`delete`: a deleted record is not revived by a write in flight",
            )
            .await;
    }
}

/// A touch that meets an update undoes none of it: a touch changes two times and writes nothing else back.
pub async fn a_touch_beside_an_update_undoes_none_of_it<S: SessionStore>(
    new_store: impl AsyncFn() -> S,
) {
    let subject = Subject::new(new_store).await;
    let (now, deadline) = (subject.now, subject.after(2 * LIFETIME));
    let records = contenders(&subject);
    let mut begun = Vec::new();
    for _ in 0..ROUNDS {
        begun.push(subject.stored(&subject.record()).await);
    }
    let (states, written) = (begun.clone(), records.clone());
    let race = race(&subject.store, RACERS, async move |store, racer, round| {
        let ((key, revision), record) = (&states[round], &written[round][racer]);
        if racer == RACERS / 2 {
            return Some(write(&store, Write::update(key, record, *revision, now)).await);
        }
        answered("touch", store.touch(key, deadline, now).await);
        None
    })
    .await;
    for (round, (answers, records)) in race.rounds.iter().zip(&records).enumerate() {
        let written = answers.iter().flatten().cloned().collect::<Vec<_>>();
        let records = records.get(RACERS / 2..).unwrap_or_default();
        let mut expected = only_winner("update", &written, &[], records);
        let found = subject.load(&begun[round].0).await;
        if let Some(found) = &found {
            // Touched after, or not.
            expected.record.deadline = found.record.deadline;
        }
        assert_eq!(
            found,
            Some(expected),
            "`touch`: the revision and everything else stay, of an update beside it too"
        );
    }
}

/// A record for each racer of each round.
fn contenders<S: SessionStore>(subject: &Subject<S>) -> Vec<Vec<Record>> {
    (0..ROUNDS)
        .map(|_| (0..RACERS).map(|_| subject.record()).collect())
        .collect()
}

/// What the only writer that was applied has left.
fn only_winner(verb: &str, answers: &[Written], losses: &[Written], records: &[Record]) -> Loaded {
    let mut winners = Vec::new();
    for (answer, record) in answers.iter().zip(records) {
        match answer {
            Written::Applied { revision, .. } => winners.push(Loaded {
                record: record.clone(),
                revision: *revision,
            }),
            loss => assert!(
                losses.contains(loss),
                "`{verb}`: in a race it answered {loss:?}; {ONE_WINS}"
            ),
        }
    }
    let count = winners.len();
    match winners.pop() {
        Some(winner) if count == 1 => winner,
        _ => panic!("`{verb}`: {ONE_WINS}; here {count} were"),
    }
}
