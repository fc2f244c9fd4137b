use std::{
    collections::HashMap,
    fmt,
    future::poll_fn,
    hash::{BuildHasher as _, RandomState},
    mem,
    sync::atomic::{AtomicUsize, Ordering},
    task::Poll,
};

use crate::{
    clock::Timestamp,
    store::{
        Abilities, AdmissionPolicy, Answer, Listed, Loaded, Principal, PrincipalIndex, Replaces,
        Revision, Scan, ScanCursor, Scanned, SessionStore, StoreError, StoreErrorKind, StoreKey,
        Touched, Write, Written,
    },
};

use super::{
    kept::Kept,
    owners::Owners,
    shards::{ByKey, Locked, Shards},
};

/// Keeps sessions in this process's memory: nothing to run, nothing to wait for.
///
/// They end with the process, and no other process sees them; for several processes, or for sessions that outlive a restart, take another
/// store. It holds a bounded number of sessions, a million unless [`capacity`](Self::capacity) says otherwise: when it is full and holds
/// nothing dead to throw out, a new session is refused with [`StoreErrorKind::Full`]. It never ends a living session to make room, because
/// then anybody who can start sessions could log everybody else out. A renewal takes a place of its own for a day. A session of 300 bytes takes 440 to 475 bytes of memory.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # actix_web::rt::System::new().block_on(async {
/// use sessions::{MemoryStore, Timestamp, store::{SessionStore, StoreKey}};
///
/// let store = MemoryStore::new().capacity(50_000);
/// let key = StoreKey::from_bytes([7; 32]);
/// assert_eq!(store.load(&key, Timestamp::from_seconds(1_700_000_000)).await?, None);
/// # Ok(())
/// # })
/// # }
/// ```
pub struct MemoryStore {
    /// By store key, dead ones until they are swept.
    records: Shards<HashMap<StoreKey, Kept, ByKey>>,
    /// By principal, the keys of exactly those records that have it.
    index: Shards<Owners>,
    /// Principals may be chosen by visitors: only a keyed hash spreads them.
    principal_hasher: RandomState,
    /// How many records there are, in all shards.
    count: AtomicUsize,
    capacity: usize,
    /// Where the next sweep goes on.
    next_sweep: AtomicUsize,
    /// Where the next search for room goes on.
    next_search: AtomicUsize,
}

impl MemoryStore {
    /// An empty store for up to a million sessions.
    #[must_use]
    pub fn new() -> Self {
        Self::with_shards(SHARDS)
    }

    /// Sets how many sessions it holds at most, living and not yet swept; a million by default.
    ///
    /// It bounds the number, not the size: multiply it by what a session may have to say, up to 1 MiB unless the session's options say less.
    #[must_use]
    pub fn capacity(mut self, sessions: usize) -> Self {
        self.capacity = sessions;
        self
    }

    fn with_shards(count: usize) -> Self {
        Self {
            records: Shards::new(count),
            index: Shards::new(count),
            principal_hasher: RandomState::new(),
            count: AtomicUsize::new(0),
            capacity: CAPACITY,
            next_sweep: AtomicUsize::new(0),
            next_search: AtomicUsize::new(0),
        }
    }

    fn shard_of_key(&self, key: &StoreKey) -> usize {
        // The last bytes choose the place within a shard: these are others.
        let [a, b, c, d, ..] = *key.as_bytes();
        self.records.number(u32::from_be_bytes([a, b, c, d]))
    }

    fn shard_of_principal(&self, principal: &[u8]) -> usize {
        // Half of a hash is a hash.
        self.index
            .number(self.principal_hasher.hash_one(principal) as u32)
    }

    fn load_one(&self, key: &StoreKey, now: Timestamp) -> Result<Option<Loaded>, StoreError> {
        let records = self.records.lock(self.shard_of_key(key));
        let kept = records.get(key).filter(|kept| kept.is_alive(now));
        kept.map(|kept| kept.to_record().map(Loaded::from))
            .transpose()
    }

    fn touch_one(&self, key: &StoreKey, deadline: Timestamp, now: Timestamp) -> Touched {
        let mut records = self.records.lock(self.shard_of_key(key));
        let Some(kept) = records.get_mut(key).filter(|kept| kept.is_alive(now)) else {
            return Touched::Missing;
        };
        kept.touch(deadline, now);
        Touched::Applied
    }

    fn write_one(&self, write: &Write<'_>) -> Result<Written, StoreError> {
        let mut kept = Some(Kept::new(write.record)?);
        if let Some(written) = self.replace(write, &mut kept) {
            return Ok(written);
        }
        // Only the index tells the rivals; whose records lie under the keys, only the records do, and most have no owner.
        let counted = write.counted();
        let mut index_shards = counted
            .map(|(of, _)| self.shard_of_principal(of.as_bytes()))
            .into_iter()
            .collect::<Vec<_>>();
        let mut searched = false;
        loop {
            match self.attempt(write, &mut kept, index_shards) {
                Attempt::Done(written) => return Ok(written),
                Attempt::Needs(shards) => index_shards = shards,
                Attempt::Full(shards) if !searched && self.make_room(write.now) => {
                    searched = true;
                    index_shards = shards;
                }
                Attempt::Full(_) => return Err(StoreError::new(StoreErrorKind::Full)),
            }
        }
    }

    /// Updates a record whose owner stays, as most updates do: one lock, and nothing to count; nothing where it is not one of those.
    fn replace(&self, write: &Write<'_>, kept: &mut Option<Kept>) -> Option<Written> {
        let Replaces::Same(expected) = write.replaces else {
            return None;
        };
        if write.admission.is_some() {
            return None;
        }
        let mut records = self.records.lock(self.shard_of_key(write.key));
        let found = records.get_mut(write.key);
        let Some(found) = found.filter(|found| found.is_alive(write.now)) else {
            return Some(Written::Missing);
        };
        if found.revision() != expected {
            return Some(Written::Conflict);
        }
        if found.principal() != principal_of(write) {
            return None;
        }
        let gone = mem::replace(found, kept.take()?);
        drop(records);
        // Freed when nobody waits for it.
        drop(gone);
        Some(Written::applied(write.record.write_id))
    }

    /// Does a write while holding these shards of the index, or says which others it takes.
    fn attempt(
        &self,
        write: &Write<'_>,
        kept: &mut Option<Kept>,
        index_shards: Vec<usize>,
    ) -> Attempt {
        let mut index = self.index.lock_all(index_shards);
        let rivals = self.rivals(write, &index);
        let old = write.old();
        let mut records = {
            let keys = [old.map_or(write.key, |(old, _)| old), write.key];
            let shards = keys.into_iter().chain(&rivals);
            self.records
                .lock_all(shards.map(|key| self.shard_of_key(key)).collect())
        };
        let find = |key: &StoreKey| records.get(self.shard_of_key(key))?.get(key);

        let replaced = find(write.key);
        if let Some((old, expected)) = old {
            match find(old).filter(|kept| kept.is_alive(write.now)) {
                None => return Attempt::Done(Written::Missing),
                Some(kept) if kept.revision() != expected => {
                    return Attempt::Done(Written::Conflict);
                }
                Some(_) => {}
            }
        }
        if write.needs_free_key() && replaced.is_some_and(|kept| kept.is_alive(write.now)) {
            return Attempt::Done(Written::Conflict);
        }

        let needed = self.index_shards(write, find);
        if !needed.iter().all(|shard| index.get(*shard).is_some()) {
            return Attempt::Needs(needed);
        }

        let mut victims = Vec::new();
        if let Some((_, admission)) = write.counted() {
            victims.extend(rivals.iter().filter_map(|key| {
                let kept = find(key).filter(|kept| kept.is_alive(write.now))?;
                Some((kept.last_seen(), *key))
            }));
            let limit = usize::try_from(admission.limit).unwrap_or(usize::MAX);
            let excess = (victims.len() + 1).saturating_sub(limit);
            if excess > 0 && admission.policy == AdmissionPolicy::Refuse {
                return Attempt::Done(Written::Refused);
            }
            victims.sort_unstable();
            victims.truncate(excess);
        }
        let moved = old.map(|(old, _)| old).filter(|old| *old != write.key);
        let leaving =
            victims.len() + usize::from(moved.is_some()) + usize::from(replaced.is_some());
        if !self.exchange(leaving) {
            return Attempt::Full(needed);
        }

        let mut evicted = Vec::with_capacity(victims.len());
        let leavers = victims.iter().map(|(_, key)| key);
        for key in leavers.chain(moved) {
            let shard = records.get_mut(self.shard_of_key(key));
            if let Some(gone) = shard.and_then(|shard| shard.remove(key)) {
                self.unlist(&mut index, key, &gone);
                if Some(key) != moved {
                    evicted.push(gone.handle());
                }
            }
        }
        let revision = Revision::from(write.record.write_id);
        if let (Some(shard), Some(kept)) =
            (records.get_mut(self.shard_of_key(write.key)), kept.take())
            && let Some(gone) = shard.insert(*write.key, kept)
        {
            self.unlist(&mut index, write.key, &gone);
        }
        self.enlist(&mut index, write);
        Attempt::Done(Written::Applied { revision, evicted })
    }

    /// The keys of the principal's other records, when they are to be counted.
    fn rivals(&self, write: &Write<'_>, index: &Locked<'_, Owners>) -> Vec<StoreKey> {
        let keys = write.counted().and_then(|(of, _)| {
            let of = of.as_bytes();
            Some(index.get(self.shard_of_principal(of))?.keys(of))
        });
        let old = write.old().map(|(old, _)| old);
        keys.into_iter()
            .flatten()
            .filter(|key| *key != write.key && Some(*key) != old)
            .copied()
            .collect()
    }

    /// The shards of the index that a write changes or counts in.
    fn index_shards<'a>(
        &self,
        write: &'a Write<'_>,
        find: impl Fn(&StoreKey) -> Option<&'a Kept>,
    ) -> Vec<usize> {
        let found = |key| find(key).and_then(Kept::principal);
        let (here, next) = (found(write.key), principal_of(write));
        if !write.needs_free_key() && write.admission.is_none() && here == next {
            return Vec::new();
        }
        let old = write.old().and_then(|(old, _)| found(old));
        [old, here, next]
            .into_iter()
            .flatten()
            .map(|of| self.shard_of_principal(of))
            .collect()
    }

    /// Counts one in and some out; `false` if there is no room.
    fn exchange(&self, leaving: usize) -> bool {
        match leaving.checked_sub(1) {
            None => self
                .count
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| {
                    (count < self.capacity).then_some(count + 1)
                })
                .is_ok(),
            Some(freed) => {
                self.count.fetch_sub(freed, Ordering::Relaxed);
                true
            }
        }
    }

    /// Does nothing where the index is not locked: the write does not change it then.
    fn enlist(&self, index: &mut Locked<'_, Owners>, write: &Write<'_>) {
        let Some(of) = principal_of(write) else {
            return;
        };
        if let Some(owners) = index.get_mut(self.shard_of_principal(of)) {
            owners.add(of, *write.key);
        }
    }

    fn unlist(&self, index: &mut Locked<'_, Owners>, key: &StoreKey, kept: &Kept) {
        let Some(of) = kept.principal() else { return };
        if let Some(owners) = index.get_mut(self.shard_of_principal(of)) {
            owners.remove(of, key);
        }
    }

    /// Removes what is under a key, if it is of that kind; says whether it was.
    fn remove(&self, key: &StoreKey, is_meant: impl Fn(&Kept) -> bool) -> bool {
        let mut index_shards = Vec::new();
        loop {
            let mut index = self.index.lock_all(index_shards);
            let mut records = self.records.lock(self.shard_of_key(key));
            let Some(kept) = records.get(key).filter(|kept| is_meant(kept)) else {
                return false;
            };
            let needed = kept.principal().map(|of| self.shard_of_principal(of));
            if needed.is_some_and(|shard| index.get(shard).is_none()) {
                index_shards = needed.into_iter().collect();
                continue;
            }
            self.unlist(&mut index, key, kept);
            let gone = records.remove(key);
            self.count.fetch_sub(1, Ordering::Relaxed);
            drop((records, index));
            // Freed when nobody waits for it, as below.
            drop(gone);
            return true;
        }
    }

    /// Removes up to `limit` dead records of a shard, and no more than a [`SLICE`] of them.
    ///
    /// Nothing is allocated or freed while the shard is locked: after a flood an allocator may take milliseconds for the one or the other.
    fn sweep(&self, shard: usize, limit: usize, now: Timestamp) -> Swept {
        let limit = limit.min(SLICE);
        let (looked_at, found) = {
            let records = self.records.lock(shard);
            let dead = records.values().filter(|kept| !kept.is_alive(now));
            (records.len(), dead.take(limit).count())
        };
        let (mut dead, mut owned) = (Vec::with_capacity(found), Vec::with_capacity(found));
        if found > 0 {
            let mut left = found;
            let mut records = self.records.lock(shard);
            let unowned = records.extract_if(|key, kept| {
                if left == 0 || kept.is_alive(now) {
                    return false;
                }
                left -= 1;
                let is_owned = kept.principal().is_some();
                if is_owned {
                    // The index comes first in the order of locks: later, one by one.
                    owned.push(*key);
                }
                !is_owned
            });
            dead.extend(unowned.take(found));
        }
        let mut deleted = dead.len();
        self.count.fetch_sub(deleted, Ordering::Relaxed);
        drop(dead);
        for key in owned {
            deleted += usize::from(self.remove(&key, |kept| !kept.is_alive(now)));
        }
        let is_last = found < limit;
        if is_last {
            self.shrink(shard);
        }
        Swept {
            deleted,
            looked_at,
            is_last,
        }
    }

    /// Gives back what a flood took of a shard, with room to grow again.
    fn shrink(&self, shard: usize) {
        let room = {
            let records = self.records.lock(shard);
            if records.len() >= records.capacity() / 4 {
                return;
            }
            records.len() * 2
        };
        let mut other = HashMap::with_capacity_and_hasher(room, ByKey::default());
        let mut records = self.records.lock(shard);
        // Others may have come meanwhile.
        if records.len() <= other.capacity() {
            other.extend(records.drain());
            mem::swap(&mut *records, &mut other);
        }
        drop(records);
        drop(other);
    }

    /// Looks for something dead to throw out, so far that a full store of the living costs each refusal little.
    fn make_room(&self, now: Timestamp) -> bool {
        let mut looked_at = 0;
        for _ in 0..self.records.count() {
            let shard = self.next_search.fetch_add(1, Ordering::Relaxed);
            let swept = self.sweep(shard % self.records.count(), usize::MAX, now);
            if swept.deleted > 0 {
                return true;
            }
            looked_at += swept.looked_at;
            if looked_at > SEARCH {
                break;
            }
        }
        false
    }
}

fn principal_of<'a>(write: &Write<'a>) -> Option<&'a [u8]> {
    write.record.principal.as_ref().map(Principal::as_bytes)
}

/// How far a write came.
enum Attempt {
    Done(Written),
    /// It needs these shards of the index.
    Needs(Vec<usize>),
    /// There is no room; it had these shards of the index.
    Full(Vec<usize>),
}

struct Swept {
    deleted: usize,
    looked_at: usize,
    /// There are no more in this shard.
    is_last: bool,
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

/// How many there are, and not who.
impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore")
            .field("sessions", &self.count.load(Ordering::Relaxed))
            .field("capacity", &self.capacity)
            .finish()
    }
}

impl SessionStore for MemoryStore {
    fn write<'a>(&'a self, write: Write<'a>) -> Answer<'a, Written> {
        Answer::ready(self.write_one(&write))
    }

    fn load<'a>(&'a self, key: &'a StoreKey, now: Timestamp) -> Answer<'a, Option<Loaded>> {
        Answer::ready(self.load_one(key, now))
    }

    fn touch<'a>(
        &'a self,
        key: &'a StoreKey,
        deadline: Timestamp,
        now: Timestamp,
    ) -> Answer<'a, Touched> {
        Answer::ready(Ok(self.touch_one(key, deadline, now)))
    }

    fn delete<'a>(&'a self, key: &'a StoreKey) -> Answer<'a, ()> {
        self.remove(key, |_| true);
        Answer::ready(Ok(()))
    }

    /// Goes from shard to shard and lets others work in between.
    fn delete_expired(&self, limit: usize, now: Timestamp) -> Answer<'_, usize> {
        Answer::pending(async move {
            let shards = self.records.count();
            let start = self.next_sweep.load(Ordering::Relaxed);
            let mut deleted = 0;
            for shard in (start..start + shards).map(|shard| shard % shards) {
                loop {
                    let swept = self.sweep(shard, limit - deleted, now);
                    deleted += swept.deleted;
                    if deleted == limit {
                        self.next_sweep.store(shard, Ordering::Relaxed);
                        return Ok(deleted);
                    }
                    let_others_work().await;
                    if swept.is_last {
                        break;
                    }
                }
            }
            Ok(deleted)
        })
    }

    fn load_many<'a>(
        &'a self,
        keys: &'a [StoreKey],
        now: Timestamp,
    ) -> Answer<'a, Vec<Option<Loaded>>> {
        Answer::ready(keys.iter().map(|key| self.load_one(key, now)).collect())
    }

    fn abilities(&self) -> Abilities<'_> {
        Abilities {
            principals: Some(self),
            scan: Some(self),
            renames_at_once: true,
            ..Abilities::default()
        }
    }
}

/// A shard at a time, which holds no more than a thousandth of all.
impl Scan for MemoryStore {
    fn step<'a>(&'a self, after: Option<&'a ScanCursor>, limit: usize) -> Answer<'a, Scanned> {
        let mut shard = after.and_then(ScanCursor::number).unwrap_or(0);
        let mut keys = Vec::new();
        while shard < self.records.count() && keys.len() < limit.max(1) {
            keys.extend(self.records.lock(shard).keys().copied());
            shard += 1;
        }
        let next = (shard < self.records.count()).then(|| shard.into());
        Answer::ready(Ok(Scanned { keys, next }))
    }
}

impl PrincipalIndex for MemoryStore {
    fn list<'a>(&'a self, principal: &'a Principal, now: Timestamp) -> Answer<'a, Vec<Listed>> {
        let of = principal.as_bytes();
        // As long as the index is locked, none of the records comes, goes or changes its owner.
        let index = self.index.lock(self.shard_of_principal(of));
        let listed = index.keys(of).filter_map(|key| {
            let found = self.load_one(key, now).transpose()?;
            Some(found.map(|Loaded { record, .. }| Listed {
                key: *key,
                handle: record.handle,
                created: record.created,
                last_seen: record.last_seen,
                device: record.device,
            }))
        });
        Answer::ready(listed.collect())
    }

    fn limits(&self) -> bool {
        true
    }
}

/// Gives the thread to whoever waits for it.
async fn let_others_work() {
    let mut have_worked = false;
    poll_fn(|context| {
        if have_worked {
            return Poll::Ready(());
        }
        have_worked = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// With a million sessions, a lock is held for a thousand of them at most.
const SHARDS: usize = 1024;

const CAPACITY: usize = 1_000_000;

/// How many dead records are removed while a lock is held.
const SLICE: usize = 256;

/// How many records a search for room looks at before it gives up.
const SEARCH: usize = 8192;

#[cfg(test)]
mod tests {
    use std::{pin::pin, task::Context, thread, time::Duration};

    use crate::store::{Admission, Handle, Record, WriteId};

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);
    const LATER: Timestamp = Timestamp::from_seconds(1_700_000_100);

    fn key(number: u64) -> StoreKey {
        let mut bytes = [0; StoreKey::LEN];
        for chunk in bytes.chunks_exact_mut(8) {
            chunk.copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
        }
        StoreKey::from_bytes(bytes)
    }

    fn record(number: u64, principal: Option<&str>) -> Record {
        let mut write_id = [0; 16];
        write_id[..8].copy_from_slice(&number.to_le_bytes());
        Record {
            handle: Handle::from_bytes(write_id),
            write_id: WriteId::from_bytes(write_id),
            created: NOW,
            last_seen: NOW,
            deadline: LATER,
            principal: principal.map(|of| Principal::from_bytes(of.as_bytes())),
            device: None,
            body: vec![7; 300],
        }
    }

    /// Polls until there is an answer, and counts how often others could have worked in between.
    fn answer<T>(answer: Answer<'_, T>) -> (Result<T, StoreError>, usize) {
        let mut answer = pin!(answer);
        let mut context = Context::from_waker(std::task::Waker::noop());
        let mut pauses = 0;
        loop {
            if let Poll::Ready(answer) = answer.as_mut().poll(&mut context) {
                return (answer, pauses);
            }
            pauses += 1;
        }
    }

    fn create(
        store: &MemoryStore,
        number: u64,
        principal: Option<&str>,
        now: Timestamp,
    ) -> Result<Written, StoreErrorKind> {
        let mut record = record(number, principal);
        record.deadline = now.saturating_add(Duration::from_secs(100));
        answer(store.write(Write::create(&key(number), &record, now)))
            .0
            .map_err(|error| error.kind())
    }

    #[test]
    fn a_full_store_refuses_the_new_and_keeps_the_living() {
        let store = MemoryStore::new().capacity(3);
        for number in 0..3 {
            create(&store, number, None, NOW).unwrap();
        }
        assert_eq!(create(&store, 3, None, NOW), Err(StoreErrorKind::Full));
        assert_eq!(create(&store, 2, None, NOW), Ok(Written::Conflict));
        for number in 0..3 {
            let loaded = answer(store.load(&key(number), NOW)).0.unwrap();
            assert!(loaded.is_some());
        }
        // Where one goes, one may come; nothing but a new session takes a place.
        let revision = Revision::from(record(0, None).write_id);
        let (key_0, next) = (key(0), record(9, None));
        let update = store.write(Write::update(&key_0, &next, revision, NOW));
        assert!(matches!(answer(update).0, Ok(Written::Applied { .. })));
        answer(store.delete(&key(1))).0.unwrap();
        answer(store.delete(&key(1))).0.unwrap();
        create(&store, 3, None, NOW).unwrap();
        assert_eq!(create(&store, 4, None, NOW), Err(StoreErrorKind::Full));
    }

    #[test]
    fn a_full_store_throws_out_the_dead_wherever_they_lie() {
        let store = MemoryStore::new().capacity(20);
        for number in 0..20 {
            create(&store, number, (number % 2 == 0).then_some("anna"), NOW).unwrap();
        }
        for number in 20..40 {
            create(&store, number, None, LATER).unwrap();
        }
        assert_eq!(create(&store, 40, None, LATER), Err(StoreErrorKind::Full));
        assert_eq!(
            format!("{store:?}"),
            "MemoryStore { sessions: 20, capacity: 20 }"
        );
        let anna = Principal::from_bytes(*b"anna");
        assert_eq!(answer(store.list(&anna, NOW)).0.unwrap(), []);
    }

    #[test]
    fn whom_an_eviction_makes_room_for_needs_no_other() {
        let store = MemoryStore::new().capacity(1);
        create(&store, 1, Some("anna"), NOW).unwrap();
        let admission = Some(Admission::new(1, AdmissionPolicy::EvictOldest));
        let next = record(2, Some("anna"));
        let key_2 = key(2);
        let create = Write::create(&key_2, &next, NOW).admitted_by(admission);
        let written = answer(store.write(create)).0;
        assert!(matches!(written, Ok(Written::Applied { evicted, .. }) if evicted.len() == 1));
    }

    #[test]
    fn a_sweep_lets_others_work_and_gives_memory_back() {
        let store = MemoryStore::with_shards(16);
        for number in 0..10_000 {
            create(&store, number, None, NOW).unwrap();
        }
        let (deleted, pauses) = answer(store.delete_expired(usize::MAX, LATER));
        assert_eq!(deleted.unwrap(), 10_000);
        assert!(pauses > 10_000 / SLICE, "{pauses}");
        let kept: usize = (0..16)
            .map(|shard| store.records.lock(shard).capacity())
            .sum();
        assert_eq!(kept, 0);
    }

    #[test]
    fn sweeps_with_a_limit_go_on_where_the_last_one_ended() {
        let store = MemoryStore::with_shards(16);
        for number in 0..100 {
            create(&store, number, Some("anna"), NOW).unwrap();
        }
        let mut deleted = Vec::new();
        while deleted.last() != Some(&0) {
            deleted.push(answer(store.delete_expired(30, LATER)).0.unwrap());
        }
        assert_eq!(deleted, [30, 30, 30, 10, 0]);
    }

    /// Few shards, few keys, few owners: all kinds of calls meet in every order of locks.
    #[test]
    fn threads_that_do_everything_at_once_end_and_leave_records_and_index_alike() {
        const OWNERS: [Option<&str>; 4] = [None, Some("anna"), Some("ben"), Some("cleo")];
        let store = MemoryStore::with_shards(3);
        thread::scope(|scope| {
            for thread in 0..6_u64 {
                let store = &store;
                scope.spawn(move || {
                    let mut state = thread + 1;
                    let mut random = |below: u64| {
                        state ^= state << 13;
                        state ^= state >> 7;
                        state ^= state << 17;
                        state % below
                    };
                    for step in 0..4_000 {
                        let (one, two) = (key(random(12)), key(random(12)));
                        let owner = OWNERS[usize::try_from(random(4)).unwrap()];
                        let next = record(thread << 32 | (step + 1), owner);
                        let admission = (random(2) == 0)
                            .then(|| Admission::new(2, AdmissionPolicy::EvictOldest));
                        let expected = |key| {
                            let loaded = answer(store.load(key, NOW)).0.unwrap();
                            loaded.map_or(Revision::from(0), |loaded| loaded.revision)
                        };
                        match random(8) {
                            kind @ 0..4 => {
                                let write = match kind {
                                    0 | 1 => Write::create(&one, &next, NOW),
                                    2 => Write::update(&one, &next, expected(&one), NOW),
                                    _ => Write::rename(&one, &two, &next, expected(&one), NOW),
                                };
                                drop(answer(store.write(write.admitted_by(admission))));
                            }
                            4 => drop(answer(store.delete(&one))),
                            5 => drop(answer(store.touch(&one, LATER, NOW))),
                            6 => {
                                let now = if random(20) == 0 { LATER } else { NOW };
                                drop(answer(store.delete_expired(2, now)));
                            }
                            _ => drop(answer(store.list(&Principal::from_bytes(*b"anna"), NOW))),
                        }
                    }
                });
            }
        });
        let (mut owned, mut listed, mut count) = (Vec::new(), Vec::new(), 0);
        for shard in 0..3 {
            for (key, kept) in &*store.records.lock(shard) {
                count += 1;
                owned.extend(kept.principal().map(|of| (of.to_vec(), *key)));
            }
        }
        for owner in OWNERS.into_iter().flatten() {
            let index = store.index.lock(store.shard_of_principal(owner.as_bytes()));
            listed.extend(
                index
                    .keys(owner.as_bytes())
                    .map(|key| (owner.as_bytes().to_vec(), *key)),
            );
        }
        owned.sort();
        listed.sort();
        assert_eq!(owned, listed);
        assert_eq!(store.count.load(Ordering::Relaxed), count);
    }
}
