use crate::{
    clock::Timestamp,
    store::{Device, Loaded, Principal, Record, SessionStore, StoreErrorKind, Write, Written},
};

use super::subject::{Subject, applied, new_device, new_key, new_principal};

/// A record loads as it was created, with and without each field that may be missing, and in the state that was answered.
pub async fn a_created_record_loads_with_every_field<S: SessionStore>(
    new_store: impl AsyncFn() -> S,
) {
    let subject = Subject::new(new_store).await;
    let devices = [
        None,
        Some(new_device()),
        Some(Device {
            address: None,
            user_agent: Some(String::new()),
        }),
        Some(Device {
            address: Some("192.0.2.7".to_owned()),
            user_agent: None,
        }),
        Some(Device {
            address: None,
            user_agent: None,
        }),
    ];
    for principal in [None, Some(new_principal())] {
        for device in &devices {
            let record = Record {
                created: Timestamp::from_seconds(1_000_000_007),
                last_seen: Timestamp::from_seconds(1_500_000_011),
                principal: principal.clone(),
                device: device.clone(),
                ..subject.record()
            };
            let (key, revision) = subject.stored(&record).await;
            subject
                .assert_holds(
                    &key,
                    &record,
                    revision,
                    "`load`: the record under a key as it was last written",
                )
                .await;
        }
    }
}

/// A body of 0, 1 or 65,536 bytes, with every value of a byte, loads as it was created and as it was updated; so does a principal of 512.
pub async fn a_body_of_any_bytes_comes_back<S: SessionStore>(new_store: impl AsyncFn() -> S) {
    let subject = Subject::new(new_store).await;
    let every_byte = (0..=u8::MAX).cycle();
    for len in [0, 1, 256, 64 * 1024] {
        let record = Record {
            principal: Some(Principal::from_bytes(
                every_byte.clone().take(len.min(512)).collect::<Vec<_>>(),
            )),
            body: every_byte.clone().take(len).collect(),
            ..subject.record()
        };
        let (key, revision) = subject.stored(&record).await;
        let loaded = subject.load(&key).await;
        assert!(
            loaded.is_some_and(|loaded| loaded.record == record),
            "`load`: a record with a body of {len} bytes comes back as it was created"
        );
        let next = Record {
            body: record.body.iter().rev().copied().collect(),
            ..subject.successor(&record)
        };
        applied(
            subject.update(&key, &next, revision).await,
            "`update`: replaces the record that was created",
        );
        let loaded = subject.load(&key).await;
        assert!(
            loaded.is_some_and(|loaded| loaded.record == next),
            "`load`: a record with a body of {len} bytes comes back as it was updated"
        );
    }
}

/// A deadline in the year 2500 is not cut to what a narrower number holds, and the record lives until then.
pub async fn a_deadline_far_ahead_is_kept<S: SessionStore>(new_store: impl AsyncFn() -> S) {
    let subject = Subject::new(new_store).await;
    let year_2500 = 16_725_225_600;
    let record = Record {
        deadline: Timestamp::from_seconds(year_2500),
        ..subject.record()
    };
    let (key, revision) = subject.stored(&record).await;
    let clause = "`load`: a deadline far ahead is kept";
    subject.assert_holds(&key, &record, revision, clause).await;
    let last_moment = Timestamp::from_seconds(year_2500 - 1);
    assert!(
        subject.load_at(&key, last_moment).await.is_some(),
        "{clause}, and the record lives until then"
    );
}

/// A body over 1 MiB comes back whole, or the write fails as [`StoreErrorKind::TooLarge`] and changes nothing.
pub async fn an_oversized_body_is_kept_whole_or_refused<S: SessionStore>(
    new_store: impl AsyncFn() -> S,
) {
    let subject = Subject::new(new_store).await;
    let (small_key, small_revision) = subject.stored(&subject.record()).await;
    let small = subject.load(&small_key).await;
    for len in [1024 * 1024 + 1, 4 * 1024 * 1024] {
        let record = Record {
            body: (0..=u8::MAX).cycle().take(len).collect(),
            ..subject.record()
        };
        let clause = "a record that is too large is kept whole or refused as `TooLarge`";
        let key = new_key();
        let create = Write::create(&key, &record, subject.now);
        match subject.store.write(create).await {
            Ok(Written::Applied { revision, .. }) => {
                let loaded = subject.load(&key).await;
                assert!(
                    loaded == Some(Loaded { record, revision }),
                    "`create`: {clause}; of {len} bytes, others came back"
                );
                continue;
            }
            Ok(other) => {
                assert_eq!(
                    other,
                    Written::applied(small_revision),
                    "`create`: {clause}"
                );
            }
            Err(error) => {
                assert_eq!(error.kind(), StoreErrorKind::TooLarge, "`create`: {clause}");
            }
        }
        assert_eq!(subject.load(&key).await, None, "`create`: {clause}");
        let update = Write::update(&small_key, &record, small_revision, subject.now);
        let updated = subject.store.write(update).await;
        assert_eq!(
            updated.map_err(|error| error.kind()),
            Err(StoreErrorKind::TooLarge),
            "`update`: {clause}"
        );
        assert_eq!(subject.load(&small_key).await, small, "`update`: {clause}");
    }
}

/// A second record under a key that holds one conflicts, and the first stays.
pub async fn creating_over_a_live_record_conflicts_and_leaves_it<S: SessionStore>(
    new_store: impl AsyncFn() -> S,
) {
    let subject = Subject::new(new_store).await;
    let record = subject.record();
    let (key, revision) = subject.stored(&record).await;
    assert_eq!(
        subject.create(&key, &subject.record(), None).await,
        Written::Conflict,
        "`create`: `Conflict` if a record lives there"
    );
    subject
        .assert_holds(
            &key,
            &record,
            revision,
            "`create`: what is refused changes nothing",
        )
        .await;
}
