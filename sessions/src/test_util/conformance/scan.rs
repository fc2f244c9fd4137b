use std::collections::BTreeSet;

use crate::store::{Scan, ScanCursor, SessionStore, StoreKey};

use super::subject::{Subject, answered, applied, new_key, new_principal};

/// A scan gives the key of every record that lives all the while, once or more, whatever else happens to those and to others, and it ends.
pub async fn a_scan_gives_every_record_that_stays<S: SessionStore>(new_store: impl AsyncFn() -> S) {
    let subject = Subject::new(new_store).await;
    let Some(scan) = subject.store.abilities().scan else {
        return;
    };
    let empty = step(scan, None, 5).await;
    assert!(
        empty.0.is_empty(),
        "`scan`: an empty store has no records, this one gave {} keys",
        empty.0.len()
    );
    let (mut staying, mut leaving) = (Vec::new(), Vec::new());
    for index in 0..30 {
        let record = match index % 2 {
            0 => subject.record(),
            _ => subject.record_of(&new_principal()),
        };
        let (key, revision) = subject.stored(&record).await;
        match index % 3 {
            0 => leaving.push(key),
            _ => staying.push((key, record, revision)),
        }
    }
    let (mut given, mut after, mut steps) = (BTreeSet::new(), None, 0);
    loop {
        let (keys, next) = step(scan, after.as_ref(), 4).await;
        given.extend(keys);
        // What happens meanwhile: a session ends, another begins, one is written, one comes and goes.
        if let Some(key) = leaving.pop() {
            subject.delete(&key).await;
        }
        if steps < 10 {
            subject.stored(&subject.record()).await;
        }
        if let Some((key, record, revision)) = staying.get_mut(steps) {
            let next = subject.successor(record);
            let written = subject.update(key, &next, *revision).await;
            *revision = applied(written, "`update`: replaces the record");
            let other = new_key();
            let transient = subject.successor(&next);
            subject.create(&other, &transient, None).await;
            subject.delete(&other).await;
        }
        steps += 1;
        assert!(
            steps < 100_000,
            "`scan`: comes to an end, and not by {steps} steps for 40 records"
        );
        match next {
            Some(cursor) => after = Some(cursor),
            None => break,
        }
    }
    let missed = staying.iter().filter(|(key, ..)| !given.contains(key));
    assert_eq!(
        missed.count(),
        0,
        "`scan`: gives the key of every record that lives from its beginning to its end"
    );
}

async fn step(
    scan: &dyn Scan,
    after: Option<&ScanCursor>,
    limit: usize,
) -> (Vec<StoreKey>, Option<ScanCursor>) {
    let scanned = answered("scan", scan.step(after, limit).await);
    (scanned.keys, scanned.next)
}
