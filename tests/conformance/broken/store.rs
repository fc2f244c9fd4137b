use std::{
    collections::{HashMap, VecDeque},
    future::{Future, pending},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use actix_web::rt::{
    self,
    task::{JoinHandle, yield_now},
    time::sleep,
};
use futures_util::lock;
use sessions::{
    MemoryStore, Timestamp,
    store::{
        Abilities, Admission, AdmissionPolicy, Answer, Listed, Loaded, Principal, PrincipalIndex,
        Record, Replaces, Revision, Scan, ScanCursor, Scanned, SessionStore, StoreError,
        StoreErrorKind, StoreKey, Touched, Write, WriteId, Written,
    },
};

/// What a store may get wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    None,
    ForgetsAnEmptyDevice,
    KeepsBodiesAsText,
    CutsTimesTo32Bits,
    CutsLargeBodies,
    CutsKeys,
    CreatesOverTheLiving,
    LoadsManyInReverse,
    LoadsManyWithoutGaps,
    UpdateKeepsTheOwner,
    UpdatesByAnyRevision,
    UpdateCreates,
    TakesTheContentForTheRevision,
    CountsEqualWrites,
    TouchLeavesLastSeen,
    TouchMovesBack,
    TouchIsAWrite,
    TouchCreates,
    RenameLeavesTheOld,
    RenamesByAnyRevision,
    RenameCreates,
    RenamesOverTheLiving,
    DeletesNothing,
    DeletesOnlyWhatIsThere,
    DeletesWithAWayBack,
    LoadsTheDead,
    UpdatesTheDead,
    TouchesTheDead,
    RenamesTheDead,
    CreatesNotOverTheDead,
    SweepsTheLiving,
    SweepsNotTheDead,
    SweepsWithoutLimit,
    SaysItForgets,
    CreateIsTwoSteps,
    UpdateIsTwoSteps,
    RenameIsTwoSteps,
    SaysItRenamesAtOnce,
    TouchIsTwoSteps,
    TouchPutsBack,
    ListsWithoutTouches,
    ListsTheDead,
    EvictsInSilence,
    AdmitsEverybody,
    CountsTheDead,
    AdmitsUpdatesAndRenames,
    EvictsBeforeItChecks,
    AdmissionIsTwoSteps,
    ScansOnlyTheBeginning,
    ScansForEver,
    OwesALoad,
    OwesATouch,
    OwesAnUpdate,
    OwesACreation,
    OwesADeletion,
    OwesARename,
    EndsWithARuntime,
}

/// A memory store with one flaw.
#[derive(Debug)]
pub(crate) struct BrokenStore {
    store: MemoryStore,
    flaw: Flaw,
    /// What was deleted, for the way back.
    trash: Mutex<HashMap<StoreKey, Record>>,
    /// How many writes of the same body a write came after.
    equals: Mutex<HashMap<WriteId, u8>>,
    /// The answers that came and were not read, on the one connection there is: `None` for those that are not a record.
    unread: lock::Mutex<VecDeque<Option<Loaded>>>,
    /// What drives the connection, on the runtime that it was first needed on.
    driver: Mutex<Option<JoinHandle<()>>>,
}

/// By this clock, nothing has ever died.
const EVER: Timestamp = Timestamp::from_seconds(0);

impl BrokenStore {
    pub(crate) fn new(flaw: Flaw) -> Self {
        Self {
            store: MemoryStore::new(),
            flaw,
            trash: Mutex::default(),
            equals: Mutex::default(),
            unread: lock::Mutex::default(),
            driver: Mutex::default(),
        }
    }

    fn has(&self, flaw: Flaw) -> bool {
        self.flaw == flaw
    }

    fn now(&self, flaw: Flaw, now: Timestamp) -> Timestamp {
        if self.has(flaw) { EVER } else { now }
    }

    fn key(&self, key: &StoreKey) -> StoreKey {
        let mut bytes = *key.as_bytes();
        if self.has(Flaw::CutsKeys) {
            bytes[StoreKey::LEN - 1] = 0;
        }
        StoreKey::from_bytes(bytes)
    }

    /// A record as it is kept.
    fn kept(&self, record: &Record) -> Record {
        let mut record = record.clone();
        match self.flaw {
            Flaw::ForgetsAnEmptyDevice => {
                record.device = record
                    .device
                    .filter(|device| device.address.is_some() || device.user_agent.is_some());
            }
            Flaw::KeepsBodiesAsText => {
                record.body = String::from_utf8_lossy(&record.body)
                    .into_owned()
                    .into_bytes();
            }
            Flaw::CutsTimesTo32Bits => {
                let end = Timestamp::from_seconds(u64::from(u32::MAX));
                record.deadline = record.deadline.min(end);
            }
            Flaw::CutsLargeBodies => record.body.truncate(1024 * 1024),
            _ => {}
        }
        record
    }

    /// A revision as a caller sees it.
    fn shown(&self, loaded: &Loaded) -> Revision {
        if !self.has(Flaw::TakesTheContentForTheRevision) && !self.has(Flaw::CountsEqualWrites) {
            return loaded.revision;
        }
        let mut bytes = [0; 16];
        for (place, byte) in loaded.record.body.iter().enumerate() {
            bytes[place % 16] ^= byte;
        }
        let equals = self.equals.lock().unwrap_or_else(PoisonError::into_inner);
        bytes[0] ^= equals.get(&loaded.record.write_id).unwrap_or(&0);
        Revision::from_bytes(bytes)
    }

    /// Notes whether a write leaves the body as it is: a new state then, whereas another body has one of its own, which it had before.
    fn note(&self, loaded: Option<&Loaded>, record: &Record) {
        let Some(Loaded { record: before, .. }) = loaded else {
            return;
        };
        if self.has(Flaw::CountsEqualWrites) && before.body == record.body {
            let mut equals = self.equals.lock().unwrap_or_else(PoisonError::into_inner);
            let count = equals.get(&before.write_id).unwrap_or(&0) + 1;
            equals.insert(record.write_id, count);
        }
    }

    /// The true revision, if the caller names the one that it is shown as.
    async fn meant(
        &self,
        key: &StoreKey,
        expected: Revision,
        any: Flaw,
        now: Timestamp,
    ) -> Result<Revision, StoreError> {
        let loaded = self.store.load(key, now).await?;
        Ok(match loaded {
            Some(loaded) if self.has(any) || self.shown(&loaded) == expected => loaded.revision,
            _ => expected,
        })
    }

    /// What a write does, and then the wait for its answer.
    fn sent<'a, T: Send + 'a>(
        &'a self,
        owes: Flaw,
        write: impl Future<Output = Result<T, StoreError>> + Send + 'a,
    ) -> Answer<'a, T> {
        Answer::pending(async move {
            self.connect()?;
            let done = write.await;
            if self.has(owes) {
                self.read(None, owes).await;
            }
            done
        })
    }

    /// The answer that is read next where `answer` is the last to come: under a lock, which is let go when the caller gives up.
    async fn read(&self, answer: Option<Loaded>, owes: Flaw) -> Option<Loaded> {
        let mut unread = self.unread.lock().await;
        unread.push_back(answer);
        if self.has(owes) {
            yield_now().await;
        }
        unread.pop_front().flatten()
    }

    fn connect(&self) -> Result<(), StoreError> {
        if !self.has(Flaw::EndsWithARuntime) {
            return Ok(());
        }
        let mut driver = self.driver.lock().unwrap_or_else(PoisonError::into_inner);
        let driver = driver.get_or_insert_with(|| rt::spawn(pending()));
        if driver.is_finished() {
            return Err(StoreError::new(StoreErrorKind::Unavailable));
        }
        Ok(())
    }

    /// Writes whatever is there.
    async fn put(
        &self,
        key: &StoreKey,
        record: &Record,
        now: Timestamp,
    ) -> Result<Written, StoreError> {
        self.store.delete(key).await?;
        self.store.write(Write::create(key, record, now)).await
    }

    /// Replaces what is there, without a look at its revision.
    async fn force(
        &self,
        key: &StoreKey,
        record: &Record,
        now: Timestamp,
    ) -> Result<Written, StoreError> {
        while let Some(loaded) = self.store.load(key, now).await? {
            let written = self
                .store
                .write(Write::update(key, record, loaded.revision, now))
                .await?;
            if written != Written::Conflict {
                return Ok(written);
            }
        }
        Ok(Written::Missing)
    }

    async fn bring_back(&self, key: &StoreKey, now: Timestamp) -> Result<(), StoreError> {
        let trash = || self.trash.lock().unwrap_or_else(PoisonError::into_inner);
        let record = trash().remove(key);
        if let Some(record) = record {
            self.store.write(Write::create(key, &record, now)).await?;
        }
        Ok(())
    }

    /// Ends the oldest before the write is checked, or counts in a step of its own.
    async fn admit(
        &self,
        record: &Record,
        admission: Option<Admission>,
        now: Timestamp,
    ) -> Result<Option<Written>, StoreError> {
        let (Some(admission), Some(principal)) = (admission, &record.principal) else {
            return Ok(None);
        };
        let mut listed = self.store.list(principal, now).await?;
        listed.sort_by_key(|listed| listed.last_seen);
        let excess = (listed.len() + 1).saturating_sub(admission.limit as usize);
        if excess > 0 && admission.policy == AdmissionPolicy::Refuse {
            return Ok(Some(Written::Refused));
        }
        dawdle().await;
        for listed in listed.iter().take(excess) {
            self.store.delete(&listed.key).await?;
        }
        Ok(None)
    }

    fn answered(&self, record: &Record, written: Written) -> Written {
        let Written::Applied { revision, evicted } = written else {
            return written;
        };
        Written::Applied {
            revision: self.shown(&Loaded {
                record: record.clone(),
                revision,
            }),
            evicted: if self.has(Flaw::EvictsInSilence) {
                Vec::new()
            } else {
                evicted
            },
        }
    }

    async fn create(&self, write: Write<'_>) -> Result<Written, StoreError> {
        let Write {
            key,
            record,
            mut admission,
            now,
            ..
        } = write;
        let (key, record) = (&self.key(key), &self.kept(record));
        let mut clock = self.now(Flaw::CreatesNotOverTheDead, now);
        match self.flaw {
            Flaw::CreatesOverTheLiving => self.store.delete(key).await?,
            Flaw::CreateIsTwoSteps => {
                if self.store.load(key, now).await?.is_some() {
                    return Ok(Written::Conflict);
                }
                dawdle().await;
                return self.put(key, record, now).await;
            }
            Flaw::AdmitsEverybody => admission = None,
            Flaw::CountsTheDead if admission.is_some() => clock = EVER,
            Flaw::EvictsBeforeItChecks | Flaw::AdmissionIsTwoSteps => {
                if let Some(refused) = self.admit(record, admission, now).await? {
                    return Ok(refused);
                }
                admission = None;
            }
            _ => {}
        }
        let written = self
            .store
            .write(Write::create(key, record, clock).admitted_by(admission))
            .await?;
        Ok(self.answered(record, written))
    }

    async fn update(&self, write: Write<'_>, expected: Revision) -> Result<Written, StoreError> {
        let Write {
            key,
            record,
            mut admission,
            now,
            ..
        } = write;
        let (key, mut record) = (&self.key(key), self.kept(record));
        let now = self.now(Flaw::UpdatesTheDead, now);
        self.bring_back(key, now).await?;
        let loaded = self.store.load(key, now).await?;
        let expected = self
            .meant(key, expected, Flaw::UpdatesByAnyRevision, now)
            .await?;
        self.note(loaded.as_ref(), &record);
        match self.flaw {
            Flaw::UpdateKeepsTheOwner => {
                record.principal = loaded.and_then(|loaded| loaded.record.principal);
            }
            Flaw::UpdateCreates if loaded.is_none() => {
                return self.store.write(Write::create(key, &record, now)).await;
            }
            Flaw::UpdateIsTwoSteps => match loaded {
                None => return Ok(Written::Missing),
                Some(loaded) if loaded.revision != expected => return Ok(Written::Conflict),
                Some(_) => {
                    dawdle().await;
                    return self.force(key, &record, now).await;
                }
            },
            Flaw::AdmitsUpdatesAndRenames => admission = None,
            _ => {}
        }
        let written = self
            .store
            .write(Write::update(key, &record, expected, now).admitted_by(admission))
            .await?;
        Ok(self.answered(&record, written))
    }

    async fn rename(
        &self,
        write: Write<'_>,
        (old, expected): (&StoreKey, Revision),
    ) -> Result<Written, StoreError> {
        let Write {
            key: new,
            record,
            mut admission,
            now,
            ..
        } = write;
        let (old, new, record) = (&self.key(old), &self.key(new), &self.kept(record));
        let now = self.now(Flaw::RenamesTheDead, now);
        self.bring_back(old, now).await?;
        let loaded = self.store.load(old, now).await?;
        let expected = self
            .meant(old, expected, Flaw::RenamesByAnyRevision, now)
            .await?;
        self.note(loaded.as_ref(), record);
        match self.flaw {
            Flaw::RenameLeavesTheOld => {
                return self
                    .store
                    .write(Write::create(new, record, now).admitted_by(admission))
                    .await;
            }
            Flaw::RenameCreates if loaded.is_none() => {
                self.store.write(Write::create(new, record, now)).await?;
            }
            Flaw::RenamesOverTheLiving => self.store.delete(new).await?,
            Flaw::SaysItRenamesAtOnce => {
                let written = self.store.write(Write::create(new, record, now)).await?;
                if let Written::Applied { .. } = written {
                    dawdle().await;
                    self.store.delete(old).await?;
                }
                return Ok(written);
            }
            Flaw::RenameIsTwoSteps => match loaded {
                None => return Ok(Written::Missing),
                Some(loaded) if loaded.revision != expected => return Ok(Written::Conflict),
                Some(_) => {
                    dawdle().await;
                    self.store.delete(old).await?;
                    return self.store.write(Write::create(new, record, now)).await;
                }
            },
            Flaw::AdmitsUpdatesAndRenames => admission = None,
            _ => {}
        }
        let written = self
            .store
            .write(Write::rename(old, new, record, expected, now).admitted_by(admission))
            .await?;
        Ok(self.answered(record, written))
    }
}

impl SessionStore for BrokenStore {
    fn write<'a>(&'a self, write: Write<'a>) -> Answer<'a, Written> {
        match write.replaces {
            Replaces::Nothing => self.sent(Flaw::OwesACreation, self.create(write)),
            Replaces::Same(expected) => self.sent(Flaw::OwesAnUpdate, self.update(write, expected)),
            Replaces::Other(old, expected) => {
                self.sent(Flaw::OwesARename, self.rename(write, (old, expected)))
            }
        }
    }

    fn load<'a>(&'a self, key: &'a StoreKey, now: Timestamp) -> Answer<'a, Option<Loaded>> {
        Answer::pending(async move {
            let now = self.now(Flaw::LoadsTheDead, now);
            self.connect()?;
            let loaded = self.store.load(&self.key(key), now).await?;
            let loaded = loaded.map(|loaded| Loaded {
                revision: self.shown(&loaded),
                record: loaded.record,
            });
            Ok(self.read(loaded, Flaw::OwesALoad).await)
        })
    }

    fn touch<'a>(
        &'a self,
        key: &'a StoreKey,
        deadline: Timestamp,
        now: Timestamp,
    ) -> Answer<'a, Touched> {
        self.sent(Flaw::OwesATouch, async move {
            let key = &self.key(key);
            let clock = self.now(Flaw::TouchesTheDead, now);
            self.bring_back(key, clock).await?;
            let Some(Loaded { mut record, .. }) = self.store.load(key, clock).await? else {
                if self.has(Flaw::TouchCreates) {
                    let record = Record {
                        handle: sessions::Handle::from_bytes([0; 16]),
                        write_id: WriteId::from_bytes([0; 16]),
                        created: now,
                        last_seen: now,
                        deadline,
                        principal: None,
                        device: None,
                        body: Vec::new(),
                    };
                    self.store.write(Write::create(key, &record, now)).await?;
                }
                return Ok(Touched::Missing);
            };
            match self.flaw {
                Flaw::TouchLeavesLastSeen => return self.store.touch(key, deadline, EVER).await,
                Flaw::TouchMovesBack => (record.deadline, record.last_seen) = (deadline, now),
                Flaw::TouchIsAWrite => {
                    let mut write_id = *record.write_id.as_bytes();
                    write_id[0] ^= 1;
                    record.write_id = WriteId::from_bytes(write_id);
                }
                Flaw::TouchIsTwoSteps | Flaw::TouchPutsBack => {
                    record.deadline = record.deadline.max(deadline);
                    dawdle().await;
                    if self.has(Flaw::TouchPutsBack) {
                        self.put(key, &record, now).await?;
                        return Ok(Touched::Applied);
                    }
                }
                _ => return self.store.touch(key, deadline, clock).await,
            }
            self.force(key, &record, now).await?;
            Ok(Touched::Applied)
        })
    }

    fn delete<'a>(&'a self, key: &'a StoreKey) -> Answer<'a, ()> {
        self.sent(Flaw::OwesADeletion, async move {
            let key = &self.key(key);
            let loaded = self.store.load(key, EVER).await?;
            match (self.flaw, loaded) {
                (Flaw::DeletesNothing, _) => return Ok(()),
                (Flaw::DeletesOnlyWhatIsThere, None) => {
                    return Err(StoreError::new(StoreErrorKind::Refused));
                }
                (Flaw::DeletesWithAWayBack, Some(loaded)) => {
                    let mut trash = self.trash.lock().unwrap_or_else(PoisonError::into_inner);
                    trash.insert(*key, loaded.record);
                }
                _ => {}
            }
            self.store.delete(key).await
        })
    }

    fn delete_expired(&self, limit: usize, now: Timestamp) -> Answer<'_, usize> {
        match self.flaw {
            Flaw::SweepsTheLiving => {
                let next_week = now.saturating_add(Duration::from_secs(7 * 24 * 60 * 60));
                self.store.delete_expired(limit, next_week)
            }
            Flaw::SweepsNotTheDead => Answer::ready(Ok(0)),
            Flaw::SweepsWithoutLimit => self.store.delete_expired(usize::MAX, now),
            _ => self.store.delete_expired(limit, now),
        }
    }

    fn load_many<'a>(
        &'a self,
        keys: &'a [StoreKey],
        now: Timestamp,
    ) -> Answer<'a, Vec<Option<Loaded>>> {
        Answer::pending(async move {
            let mut loaded = self.store.load_many(keys, now).await?;
            match self.flaw {
                Flaw::LoadsManyInReverse => loaded.reverse(),
                Flaw::LoadsManyWithoutGaps => loaded.retain(Option::is_some),
                _ => {}
            }
            Ok(loaded)
        })
    }

    fn abilities(&self) -> Abilities<'_> {
        Abilities {
            principals: Some(self),
            scan: Some(self),
            expires_by_itself: self.has(Flaw::SaysItForgets),
            renames_at_once: true,
        }
    }
}

impl Scan for BrokenStore {
    fn step<'a>(&'a self, after: Option<&'a ScanCursor>, limit: usize) -> Answer<'a, Scanned> {
        Answer::pending(async move {
            let scan = &self.store;
            match self.flaw {
                Flaw::ScansOnlyTheBeginning => {
                    let mut scanned = scan.step(after, limit).await?;
                    scanned.next = None;
                    Ok(scanned)
                }
                Flaw::ScansForEver => {
                    let mut scanned = scan.step(None, limit).await?;
                    scanned.next = Some(ScanCursor::from_bytes([0]));
                    Ok(scanned)
                }
                _ => scan.step(after, limit).await,
            }
        })
    }
}

impl PrincipalIndex for BrokenStore {
    fn list<'a>(&'a self, principal: &'a Principal, now: Timestamp) -> Answer<'a, Vec<Listed>> {
        Answer::pending(async move {
            let now = self.now(Flaw::ListsTheDead, now);
            let mut listed = self.store.list(principal, now).await?;
            if self.has(Flaw::ListsWithoutTouches) {
                for listed in &mut listed {
                    listed.last_seen = listed.created;
                }
            }
            Ok(listed)
        })
    }

    fn limits(&self) -> bool {
        true
    }
}

/// Leaves the others time to come between two steps.
async fn dawdle() {
    sleep(Duration::from_millis(5)).await;
}
