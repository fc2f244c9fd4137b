use crate::store::{
    Admission,
    AdmissionPolicy::{self, EvictOldest, Refuse},
    Handle, Listed, Record, SessionStore, StoreKey, Write, Written,
};

use super::{
    runner::race,
    subject::{
        LIFETIME, Subject, answered, applied, handles, new_device, new_key, new_principal,
        stale_revision, write,
    },
};

/// A session is listed under its principal, with what a list shows, after a create, a touch, an update and a rename; and under no other.
///
/// Like every law about principals, it asks nothing of a store that has no index.
pub async fn sessions_are_listed_by_their_principal<S: SessionStore>(
    new_store: impl AsyncFn() -> S,
) {
    let subject = Subject::new(new_store).await;
    let Some(index) = subject.store.abilities().principals else {
        return;
    };
    let (anna, ben) = (new_principal(), new_principal());
    subject.stored(&subject.record_of(&ben)).await;
    subject.stored(&subject.record()).await;
    let record = Record {
        created: subject.now,
        device: Some(new_device()),
        ..subject.record_of(&anna)
    };
    let (key, revision) = subject.stored(&record).await;
    let seen = subject.after(60);
    subject.touch(&key, subject.end(), seen).await;
    let listed = answered("list", index.list(&anna, subject.now).await);
    assert_eq!(
        listed,
        [Listed {
            key,
            handle: record.handle,
            created: record.created,
            last_seen: seen,
            device: record.device.clone(),
        }],
        "`list`: the live sessions of a principal, as they were last written and touched"
    );

    // Somebody logs in: the principal comes with an update, or with the rename.
    let nobody = [subject.record(), subject.record()];
    let (first, first_revision) = subject.stored(&nobody[0]).await;
    let (second, second_revision) = subject.stored(&nobody[1]).await;
    let owned = nobody.clone().map(|record| Record {
        principal: Some(anna.clone()),
        ..subject.successor(&record)
    });
    applied(
        subject.update(&first, &owned[0], first_revision).await,
        "`update`: the record gets an owner",
    );
    applied(
        subject
            .rename(&second, &new_key(), &owned[1], second_revision)
            .await,
        "`rename`: the record gets an owner",
    );
    let third = new_key();
    applied(
        subject
            .rename(&key, &third, &subject.successor(&record), revision)
            .await,
        "`rename`: the record keeps its owner",
    );
    let all = [record.handle, owned[0].handle, owned[1].handle];
    assert_eq!(
        subject.listed(index, &anna).await,
        handles(all),
        "`list`: what was created, updated or renamed before the call is answered for"
    );
    let listed = answered("list", index.list(&anna, subject.now).await);
    for listed in &listed {
        let found = subject.load(&listed.key).await;
        assert_eq!(
            found.map(|found| found.record.handle),
            Some(listed.handle),
            "`list`: names the key that the session is found by"
        );
    }
}

/// A session that was deleted, has expired, was renamed away or got another owner is not listed under the old one.
pub async fn sessions_that_ended_are_not_listed<S: SessionStore>(new_store: impl AsyncFn() -> S) {
    let subject = Subject::new(new_store).await;
    let Some(index) = subject.store.abilities().principals else {
        return;
    };
    let (anna, ben) = (new_principal(), new_principal());
    let stays = subject.record_of(&anna);
    subject.stored(&stays).await;

    let (deleted, _) = subject.stored(&subject.record_of(&anna)).await;
    subject.delete(&deleted).await;
    let late = subject.after(60);
    let expiring = Record {
        deadline: late,
        ..subject.record_of(&anna)
    };
    subject.stored(&expiring).await;
    let mut to_ben = Vec::new();
    for owner in [Some(&ben), None] {
        let moved = subject.record_of(&anna);
        let next = Record {
            principal: owner.cloned(),
            ..subject.successor(&moved)
        };
        let (key, revision) = subject.stored(&moved).await;
        applied(
            subject.update(&key, &next, revision).await,
            "`update`: the record changes its owner",
        );
        to_ben.extend(owner.map(|_| next.handle));
        let moved = subject.record_of(&anna);
        let next = Record {
            principal: owner.cloned(),
            ..subject.successor(&moved)
        };
        let (key, revision) = subject.stored(&moved).await;
        applied(
            subject.rename(&key, &new_key(), &next, revision).await,
            "`rename`: the record changes its owner",
        );
        to_ben.extend(owner.map(|_| next.handle));
    }
    let listed = answered("list", index.list(&anna, late).await);
    assert_eq!(
        handles(listed.iter().map(|listed| listed.handle)),
        handles([stays.handle]),
        "`list`: what was deleted, expired or changed owner before the call is answered for"
    );
    assert_eq!(
        subject.listed(index, &ben).await,
        handles(to_ben),
        "`list`: what changed owner is listed under the new one"
    );
}

/// Beyond the limit those sessions end whose visitors were not seen for longest, as many as needed, and they are named.
///
/// Like every law about limits, it asks nothing of a store whose index does not limit.
pub async fn the_session_unseen_for_longest_makes_room<S: SessionStore>(
    new_store: impl AsyncFn() -> S,
) {
    let subject = Subject::new(new_store).await;
    let Some(index) = subject.limiting_index() else {
        return;
    };
    let anna = new_principal();
    let bystander = subject.record_of(&new_principal());
    let (bystander_key, bystander_revision) = subject.stored(&bystander).await;
    let mut known = Vec::new();
    for seen in [10, 20, 30] {
        let record = Record {
            last_seen: subject.after(seen),
            ..subject.record_of(&anna)
        };
        let (key, _) = subject.stored(&record).await;
        known.push((key, record.handle));
    }
    let [(first, _), (second, second_handle), (third, third_handle)] = known[..] else {
        return;
    };
    // The oldest was seen again.
    subject
        .touch(&first, subject.end(), subject.after(40))
        .await;

    let newcomer = subject.record_of(&anna);
    let written = admit(&subject, &newcomer, 3, EvictOldest).await;
    assert_eq!(
        evicted(&written),
        Some(handles([second_handle])),
        "`create`: ends the session whose visitor was not seen for longest, and names it"
    );
    subject
        .assert_holds_nothing(&second, "`create`: the session that made room has ended")
        .await;
    let written = admit(&subject, &subject.record_of(&anna), 2, EvictOldest).await;
    assert_eq!(
        evicted(&written),
        // The newcomer was last seen when the law began.
        Some(handles([newcomer.handle, third_handle])),
        "`create`: ends as many others as needed"
    );
    subject
        .assert_holds_nothing(&third, "`create`: the session that made room has ended")
        .await;
    assert_eq!(
        subject.listed(index, &anna).await.len(),
        2,
        "`list`: what made room is not listed"
    );
    subject
        .assert_holds(
            &bystander_key,
            &bystander,
            bystander_revision,
            "`create`: only sessions of the same principal make room",
        )
        .await;
}

/// With the policy to refuse, one session more than the limit is refused, and nobody has to go.
pub async fn a_session_beyond_the_limit_is_refused<S: SessionStore>(
    new_store: impl AsyncFn() -> S,
) {
    let subject = Subject::new(new_store).await;
    let Some(index) = subject.limiting_index() else {
        return;
    };
    let anna = new_principal();
    let records = [(); 3].map(|()| subject.record_of(&anna));
    for record in &records[..2] {
        let (written, _) = admit(&subject, record, 2, Refuse).await;
        assert_eq!(
            evicted(&(written, new_key())),
            Some(Vec::new()),
            "`create`: up to the limit, everybody is admitted"
        );
    }
    let (written, key) = admit(&subject, &records[2], 2, Refuse).await;
    assert_eq!(
        written,
        Written::Refused,
        "`create`: beyond the limit it answers `Refused`"
    );
    subject
        .assert_holds_nothing(&key, "`create`: what is refused changes nothing")
        .await;
    assert_eq!(
        subject.listed(index, &anna).await,
        handles(records[..2].iter().map(|record| record.handle)),
        "`create`: what is refused changes nothing"
    );
    let nobody = subject.record();
    for _ in 0..2 {
        let (written, _) = admit(&subject, &nobody, 1, Refuse).await;
        applied(
            written,
            "`create`: a record without a principal is admitted",
        );
    }
}

/// Sessions that were deleted, have expired or got another owner take no place.
pub async fn only_live_sessions_count<S: SessionStore>(new_store: impl AsyncFn() -> S) {
    let subject = Subject::new(new_store).await;
    if subject.limiting_index().is_none() {
        return;
    }
    let (anna, ben) = (new_principal(), new_principal());
    let (deleted, _) = subject.stored(&subject.record_of(&anna)).await;
    subject.delete(&deleted).await;
    let moved = subject.record_of(&anna);
    let (key, revision) = subject.stored(&moved).await;
    let moved = Record {
        principal: Some(ben.clone()),
        ..subject.successor(&moved)
    };
    applied(
        subject.update(&key, &moved, revision).await,
        "`update`: the record changes its owner",
    );
    for policy in [Refuse, EvictOldest] {
        let owner = new_principal();
        subject.stored(&subject.record_of(&owner)).await;
        for owner in [&owner, &anna] {
            let late = Record {
                deadline: subject.after(2 * LIFETIME),
                ..subject.record_of(owner)
            };
            let key = new_key();
            let admission = Some(Admission::new(1, policy));
            let create = Write::create(&key, &late, subject.end()).admitted_by(admission);
            let written = subject.write(create).await;
            assert_eq!(
                evicted(&(written, key)),
                Some(Vec::new()),
                "`create`: counts the live sessions only, and ends no dead one"
            );
            subject.delete(&key).await;
        }
    }
}

/// An update and a rename are counted like a creation, the record they replace is not, and it never makes room for its successor.
pub async fn an_update_and_a_rename_are_admitted_like_a_creation<S: SessionStore>(
    new_store: impl AsyncFn() -> S,
) {
    let subject = Subject::new(new_store).await;
    let Some(index) = subject.limiting_index() else {
        return;
    };
    let now = subject.now;
    for renames in [false, true] {
        let anna = new_principal();
        let older = Record {
            last_seen: subject.after(20),
            ..subject.record_of(&anna)
        };
        subject.stored(&older).await;
        let write = async |record: &Record, next: &Record, limit, policy| {
            let (key, revision) = subject.stored(record).await;
            let admission = Some(Admission::new(limit, policy));
            let new = if renames { new_key() } else { key };
            let write = if renames {
                Write::rename(&key, &new, next, revision, now)
            } else {
                Write::update(&key, next, revision, now)
            };
            let written = subject.write(write.admitted_by(admission)).await;
            (written, new, key, revision)
        };
        let verb = if renames { "rename" } else { "update" };

        // It replaces one of the two that are allowed.
        let own = Record {
            last_seen: subject.after(10),
            ..subject.record_of(&anna)
        };
        let next = subject.successor(&own);
        for policy in [Refuse, EvictOldest] {
            let (written, key, ..) = write(&own, &next, 2, policy).await;
            assert_eq!(
                evicted(&(written, key)),
                Some(Vec::new()),
                "`{verb}`: the replaced record counts no longer"
            );
            subject.delete(&key).await;
        }

        // Somebody logs in beside one that is there already.
        let nobody = subject.record();
        let login = Record {
            principal: Some(anna.clone()),
            ..subject.successor(&nobody)
        };
        let (written, _, key, revision) = write(&nobody, &login, 1, Refuse).await;
        assert_eq!(
            written,
            Written::Refused,
            "`{verb}`: beyond the limit it answers `Refused`"
        );
        let clause = "what is refused changes nothing";
        subject
            .assert_holds(&key, &nobody, revision, &format!("`{verb}`: {clause}"))
            .await;
        let (written, key, ..) = write(&nobody, &login, 1, EvictOldest).await;
        assert_eq!(
            evicted(&(written, key)),
            Some(handles([older.handle])),
            "`{verb}`: beyond the limit it ends the oldest, and names it"
        );
        assert_eq!(
            subject.listed(index, &anna).await,
            handles([login.handle]),
            "`{verb}`: the oldest has made room"
        );
    }
}

/// A write that conflicts or finds nothing ends no session of its principal.
pub async fn a_write_that_fails_ends_nobody<S: SessionStore>(new_store: impl AsyncFn() -> S) {
    let subject = Subject::new(new_store).await;
    let Some(index) = subject.limiting_index() else {
        return;
    };
    let anna = new_principal();
    let records = [subject.record_of(&anna), subject.record_of(&anna)];
    let (first, revision) = subject.stored(&records[0]).await;
    let (second, _) = subject.stored(&records[1]).await;
    let next = subject.record_of(&anna);
    let now = subject.now;
    let admission = Some(Admission::new(1, EvictOldest));
    let (new, another, stale) = (new_key(), new_key(), stale_revision());
    let writes = [
        Write::create(&first, &next, now),
        Write::update(&first, &next, stale, now),
        Write::update(&new, &next, stale, now),
        Write::rename(&first, &new, &next, stale, now),
        Write::rename(&first, &second, &next, revision, now),
        Write::rename(&new, &another, &next, stale, now),
    ];
    let mut answers = Vec::new();
    for write in writes {
        answers.push(subject.write(write.admitted_by(admission)).await);
    }
    let clause = "a write that conflicts or finds nothing answers so, whatever the limit";
    assert_eq!(
        answers,
        [
            Written::Conflict,
            Written::Conflict,
            Written::Missing,
            Written::Conflict,
            Written::Conflict,
            Written::Missing
        ],
        "`create`, `update`, `rename`: {clause}"
    );
    assert_eq!(
        subject.listed(index, &anna).await,
        handles(records.map(|record| record.handle)),
        "`create`, `update`, `rename`: what is refused changes nothing, and nobody had to make room"
    );
}

/// Sixteen creations of one principal at once leave exactly as many sessions as the limit allows, and everybody is accounted for.
pub async fn parallel_creations_keep_to_the_limit<S: SessionStore>(new_store: impl AsyncFn() -> S) {
    const RACERS: usize = 16;
    const LIMIT: u32 = 3;
    let subject = Subject::new(new_store).await;
    let Some(index) = subject.limiting_index() else {
        return;
    };
    let now = subject.now;
    // Those of the first race stay through the second, in which an engine's connections go on being used.
    let mut races = Vec::new();
    for policy in [EvictOldest, Refuse] {
        let owners = (0..super::runner::ROUNDS)
            .map(|_| new_principal())
            .collect::<Vec<_>>();
        let records = owners
            .iter()
            .map(|owner| {
                (0..RACERS)
                    .map(|_| (new_key(), subject.record_of(owner)))
                    .collect::<Vec<_>>()
            })
            .collect::<Vec<_>>();
        let written = records.clone();
        let race = race(&subject.store, RACERS, async move |store, racer, round| {
            let (key, record) = &written[round][racer];
            let admission = Some(Admission::new(LIMIT, policy));
            let create = Write::create(key, record, now).admitted_by(admission);
            write(&store, create).await
        })
        .await;
        for ((answers, records), owner) in race.rounds.iter().zip(&records).zip(&owners) {
            let mut gone = Vec::<Handle>::new();
            for (answer, (_, record)) in answers.iter().zip(records) {
                match answer {
                    Written::Applied { evicted, .. } => gone.extend(evicted),
                    other => {
                        assert_eq!(
                            (other, policy),
                            (&Written::Refused, Refuse),
                            "`create`: beyond the limit it answers as the policy says"
                        );
                        gone.push(record.handle);
                    }
                }
            }
            let mut living = Vec::new();
            for (key, record) in records {
                living.extend(subject.load(key).await.map(|_| record.handle));
            }
            assert_eq!(
                living.len(),
                LIMIT as usize,
                "`create`: parallel calls never exceed the limit together, and reach it"
            );
            let living_listed = subject.listed(index, owner).await;
            assert_eq!(
                living_listed,
                handles(living.iter().copied()),
                "`list`: the index and the records do not differ"
            );
            let everybody = records.iter().map(|(_, record)| record.handle);
            assert_eq!(
                handles(gone.into_iter().chain(living)),
                handles(everybody),
                "`create`: every session lives, was refused, or is named once as having made room"
            );
        }
        races.push(race);
    }
}

/// Creates a record, under a key of its own, within a limit.
async fn admit<S: SessionStore>(
    subject: &Subject<S>,
    record: &Record,
    limit: u32,
    policy: AdmissionPolicy,
) -> (Written, StoreKey) {
    let key = new_key();
    let admission = Some(Admission::new(limit, policy));
    (subject.create(&key, record, admission).await, key)
}

/// Who made room; `None` if the write was not applied.
fn evicted((written, _): &(Written, StoreKey)) -> Option<Vec<String>> {
    match written {
        Written::Applied { evicted, .. } => Some(handles(evicted.iter().copied())),
        Written::Conflict | Written::Missing | Written::Refused | Written::Ambiguous => None,
    }
}
