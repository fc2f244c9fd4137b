use crate::store::{Record, SessionStore, StoreKey};

use super::subject::{Subject, answered, new_key};

/// A key that was never used holds nothing; nor does one that differs from a used one in its first or in its last bit.
pub async fn an_unknown_key_holds_nothing<S: SessionStore>(new_store: impl AsyncFn() -> S) {
    let subject = Subject::new(new_store).await;
    let clause = "`load`: `None` if no record lives there";
    subject.assert_holds_nothing(&new_key(), clause).await;
    let (key, _) = subject.stored(&subject.record()).await;
    let (mut first, mut last) = (*key.as_bytes(), *key.as_bytes());
    first[0] ^= 1 << 7;
    last[StoreKey::LEN - 1] ^= 1;
    for neighbour in [first, last] {
        subject
            .assert_holds_nothing(&StoreKey::from_bytes(neighbour), clause)
            .await;
    }
}

/// A hundred keys, some of them unknown, expired or named twice, are answered in their order.
pub async fn several_records_load_in_the_order_of_their_keys<S: SessionStore>(
    new_store: impl AsyncFn() -> S,
) {
    let subject = Subject::new(new_store).await;
    let late = subject.after(60);
    let (mut keys, mut expected) = (Vec::new(), Vec::new());
    for index in 0..99 {
        let (key, record) = match index % 10 {
            3 => (new_key(), None),
            7 => {
                let dead = Record {
                    deadline: late,
                    ..subject.record()
                };
                (subject.stored(&dead).await.0, None)
            }
            _ => {
                let record = subject.record();
                (subject.stored(&record).await.0, Some(record))
            }
        };
        keys.push(key);
        expected.push(record);
    }
    keys.extend(keys.first().copied());
    expected.extend(expected.first().cloned());

    let loaded = answered("load_many", subject.store.load_many(&keys, late).await);
    let records = loaded.iter().map(|loaded| {
        let loaded = loaded.as_ref()?;
        Some(loaded.record.clone())
    });
    assert_eq!(
        records.collect::<Vec<_>>(),
        expected,
        "`load_many`: answers in the order of the keys, `None` where no record lives"
    );
    for (key, loaded) in keys.iter().zip(loaded) {
        assert_eq!(
            subject.load_at(key, late).await,
            loaded,
            "`load_many`: answers what `load` answers"
        );
    }
    let none = answered("load_many", subject.store.load_many(&[], late).await);
    assert_eq!(none, Vec::new(), "`load_many`: no keys, no records");
}
