use std::{collections::HashSet, sync::Arc};

use crate::{
    clock::Timestamp,
    store::{
        Admission, Answer, Listed, Loaded, Principal, PrincipalIndex, Record, Revision,
        SessionStore, StoreError, StoreKey, Touched, Written,
    },
};

use super::{
    aside::aside,
    mover::{Brought, Mover, is_state, still_old},
};

/// Two stores as one, of which one is moved into and the other out of.
///
/// It reads the new store and then the old, and writes the new; what is to be written or touched is brought over first. Give it to the
/// application in place of its store, on every machine, before anything is moved; [`Migration`](super::Migration) moves the rest.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # actix_web::rt::System::new().block_on(async {
/// use std::sync::Arc;
/// use sessions::{MemoryStore, SessionMiddleware, Store, migrate::{Migration, PairStore}};
/// # let (files, postgres) = (MemoryStore::new(), MemoryStore::new());
///
/// let pair = PairStore::new(postgres, files); // the new one first
/// let sessions = SessionMiddleware::builder(Store::from(Arc::new(pair.clone()))).build()?;
///
/// // Meanwhile, beside the server or in a process of its own:
/// let moved = Migration::of(&pair).run().await?;
/// assert_eq!(moved.failed, 0);
/// # Ok(())
/// # })
/// # }
/// ```
///
/// # What it costs
///
/// | | round trips, once it is in the new store | while it is in the old one |
/// | --- | --- | --- |
/// | load | 1 | 2 |
/// | update, touch | 1 | 8, of which one is the write, and then never again |
/// | create; renewal | 3; 3 | 3; 10 |
/// | delete | 4 | 4 |
/// | load of an unknown token | 4 | |
///
/// # What it does not promise
///
/// - **A limit of sessions per principal.** Two engines cannot be counted in one step, so [`limits`](PrincipalIndex::limits) is `false`, and a configuration
///   with a limit is refused at start: take it out for as long as the move takes. Lists are whole, if both stores have an index.
/// - **Servers without a pair.** Who reads the old store alone does not find what was moved. Replace all of them at once.
/// - **More than the weaker of the two.** If either store fails, so does what has to ask it: nobody is told that a session is gone that may be in the
///   other. A memcached on the way may lose what it always may.
/// - **A count of what was swept**, where one of the two forgets by itself.
/// - Into a **Redis Cluster**, where a renewal is two steps, a session can be brought twice if two requests bring it at the same moment, and a third renews or
///   ends it between those steps: the token it had then opens it again. Move when few are there, and let a [`Migration`](super::Migration) do it.
/// - Out of a **Redis Cluster**, where it is two steps too, a process that dies between them leaves a session that can be read and touched, and not
///   written until it expires.
#[derive(Clone, Debug)]
pub struct PairStore {
    new: Arc<dyn SessionStore>,
    old: Arc<dyn SessionStore>,
}

impl PairStore {
    /// Moves into the first, out of the second.
    #[must_use]
    pub fn new(new: impl SessionStore, old: impl SessionStore) -> Self {
        Self {
            new: Arc::new(new),
            old: Arc::new(old),
        }
    }

    pub(super) fn old(&self) -> &dyn SessionStore {
        &*self.old
    }

    pub(super) fn mover(&self, now: Timestamp) -> Mover<'_> {
        Mover {
            new: &*self.new,
            old: &*self.old,
            now,
        }
    }

    async fn find(&self, key: &StoreKey, now: Timestamp) -> Result<Option<Loaded>, StoreError> {
        if let Some(found) = self.new.load(key, now).await? {
            return Ok(Some(found));
        }
        if let Some(found) = self.old.load(key, now).await? {
            return Ok(Some(still_old(found)));
        }
        if self.old.load(&aside(key), now).await?.is_some() {
            self.mover(now).finish(key).await?;
        }
        // It may have moved while we looked.
        self.new.load(key, now).await
    }

    /// Whether the old store has something under a key that is to be written to, or has it on its way.
    async fn is_taken(&self, key: &StoreKey, now: Timestamp) -> Result<bool, StoreError> {
        if self.old.load(key, now).await?.is_some() {
            return Ok(true);
        }
        if self.old.load(&aside(key), now).await?.is_some() {
            // Afterwards the new store knows.
            self.mover(now).finish(key).await?;
        }
        Ok(false)
    }

    /// Does a write to a session in the new store, where it is brought first unless it is there.
    async fn write<'a>(
        &self,
        key: &StoreKey,
        mut expected: Revision,
        now: Timestamp,
        write: impl Fn(Revision) -> Answer<'a, Written>,
    ) -> Result<Written, StoreError> {
        let (mut is_brought, mut is_translated) = (false, false);
        loop {
            match write(expected).await? {
                Written::Missing if !is_brought => {
                    is_brought = true;
                    let brought = self.mover(now).bring(key, Some(expected)).await?;
                    if brought == Brought::Conflict {
                        return Ok(Written::Conflict);
                    }
                }
                // It may be in the state that was loaded from the old store, for which the new one has another name; or have come while the new
                // one looked why it changed nothing.
                Written::Conflict if !is_translated => {
                    is_translated = true;
                    let found = self.new.load(key, now).await?;
                    match found.filter(|found| is_state(expected, found.record.write_id)) {
                        Some(found) => expected = found.revision,
                        None => return Ok(Written::Conflict),
                    }
                }
                written => return Ok(written),
            }
        }
    }
}

impl SessionStore for PairStore {
    fn create<'a>(
        &'a self,
        key: &'a StoreKey,
        record: &'a Record,
        admission: Option<Admission>,
        now: Timestamp,
    ) -> Answer<'a, Written> {
        Answer::pending(async move {
            if self.is_taken(key, now).await? {
                return Ok(Written::Conflict);
            }
            self.new.create(key, record, admission, now).await
        })
    }

    fn load<'a>(&'a self, key: &'a StoreKey, now: Timestamp) -> Answer<'a, Option<Loaded>> {
        Answer::pending(self.find(key, now))
    }

    fn update<'a>(
        &'a self,
        key: &'a StoreKey,
        record: &'a Record,
        expected: Revision,
        admission: Option<Admission>,
        now: Timestamp,
    ) -> Answer<'a, Written> {
        Answer::pending(self.write(key, expected, now, move |expected| {
            self.new.update(key, record, expected, admission, now)
        }))
    }

    fn touch<'a>(
        &'a self,
        key: &'a StoreKey,
        deadline: Timestamp,
        now: Timestamp,
    ) -> Answer<'a, Touched> {
        Answer::pending(async move {
            if self.new.touch(key, deadline, now).await? == Touched::Applied {
                return Ok(Touched::Applied);
            }
            match self.mover(now).bring(key, None).await? {
                Brought::Moved | Brought::Gone => self.new.touch(key, deadline, now).await,
                // It cannot be brought now, and must not die of that.
                Brought::Conflict => self.old.touch(key, deadline, now).await,
            }
        })
    }

    fn rename<'a>(
        &'a self,
        old: &'a StoreKey,
        new: &'a StoreKey,
        record: &'a Record,
        expected: Revision,
        admission: Option<Admission>,
        now: Timestamp,
    ) -> Answer<'a, Written> {
        Answer::pending(async move {
            if self.is_taken(new, now).await? {
                let found = self.find(old, now).await?;
                return Ok(found.map_or(Written::Missing, |_| Written::Conflict));
            }
            let write = |expected| self.new.rename(old, new, record, expected, admission, now);
            self.write(old, expected, now, write).await
        })
    }

    /// In the order in which a session moves, so that none slips through.
    fn delete<'a>(&'a self, key: &'a StoreKey) -> Answer<'a, ()> {
        Answer::pending(async move {
            let away = aside(key);
            self.old.delete(key).await?;
            self.old.delete(&away).await?;
            self.new.delete(&away).await?;
            self.new.delete(key).await
        })
    }

    fn delete_expired(&self, limit: usize, now: Timestamp) -> Answer<'_, usize> {
        Answer::pending(async move {
            let deleted = self.old.delete_expired(limit, now).await?;
            let rest = limit.saturating_sub(deleted);
            Ok(deleted + self.new.delete_expired(rest, now).await?)
        })
    }

    fn load_many<'a>(
        &'a self,
        keys: &'a [StoreKey],
        now: Timestamp,
    ) -> Answer<'a, Vec<Option<Loaded>>> {
        Answer::pending(async move {
            let mut loaded = self.new.load_many(keys, now).await?;
            for (key, loaded) in keys.iter().zip(&mut loaded) {
                if loaded.is_none() {
                    *loaded = self.find(key, now).await?;
                }
            }
            Ok(loaded)
        })
    }

    fn principals(&self) -> Option<&dyn PrincipalIndex> {
        let both = self.new.principals().and(self.old.principals());
        both.map(|_| self as _)
    }

    fn expires_by_itself(&self) -> bool {
        self.new.expires_by_itself() && self.old.expires_by_itself()
    }

    /// A session is brought under its own key first, and renamed in the new store alone.
    fn renames_at_once(&self) -> bool {
        self.new.renames_at_once()
    }
}

impl PrincipalIndex for PairStore {
    /// The old store first, as a session moves. One that moves meanwhile is found in both, and then it is the new one.
    fn list<'a>(&'a self, principal: &'a Principal, now: Timestamp) -> Answer<'a, Vec<Listed>> {
        Answer::pending(async move {
            let (Some(old), Some(new)) = (self.old.principals(), self.new.principals()) else {
                return Ok(Vec::new());
            };
            let before = old.list(principal, now).await?;
            let mut listed = new.list(principal, now).await?;
            let moved = listed
                .iter()
                .map(|listed| *listed.handle.as_bytes())
                .collect::<HashSet<_>>();
            let still_old = before.into_iter();
            listed.extend(still_old.filter(|old| !moved.contains(old.handle.as_bytes())));
            Ok(listed)
        })
    }

    /// Two engines cannot be counted in one step.
    fn limits(&self) -> bool {
        false
    }
}
