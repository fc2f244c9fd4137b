use std::{collections::HashSet, sync::Arc};

use crate::{
    clock::Timestamp,
    store::{
        Abilities, Answer, Listed, Loaded, Principal, PrincipalIndex, Replaces, Revision,
        SessionStore, StoreError, StoreKey, Touched, Write, Written,
    },
};

use super::{
    mover::{Brought, InNew, InOld, Mover, is_state, state, still_old, unfinished},
    ticket::{Kind, Ticket, claimed_by},
};

/// Two stores as one, of which one is moved into and the other out of.
///
/// It reads both. [`prepare`](Self::prepare) writes a session where it lies, and a new one in the old store; [`new`](Self::new) writes the new store, and what is to be
/// written or touched is brought over first. Give the one and then the other to the application in place of its store, and let a
/// [`Migration`](super::Migration) move the rest.
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
/// # Who may run beside whom
///
/// Each row may be deployed machine by machine, when the one above it is everywhere:
///
/// | | reads | writes | may run beside |
/// | --- | --- | --- | --- |
/// | the old store alone | old | old | `prepare` |
/// | [`prepare`](Self::prepare) | old, new | a session where it lies, a new one in the old | the old store alone, **or** `new` |
/// | [`new`](Self::new) | new, old | new | `prepare`, **or** the new store alone |
/// | the new store alone, after a [`Migration`](super::Migration) that left nothing | new | new | `new` |
///
/// To leave one out is to log visitors out. A server that has the old store alone does not find what another has moved: the visitor is nobody there, gets a new
/// session, and the logout it was asked for ends nothing. And what it writes while the session is moved is lost. It is the same for one that has the new store alone and comes upon what lies in the old one
/// still. Whoever can stop all servers at once needs no `prepare`.
///
/// Before the first `new`, one may go back: nothing has moved. After it, finish, and then move into the other direction. Never both directions at once, and no pair within a pair.
///
/// # What it costs
///
/// | round trips | [`prepare`](Self::prepare): in the old store | in the new one | [`new`](Self::new): in the new store | in the old one |
/// | --- | --- | --- | --- | --- |
/// | load | 1 | 2 | 1 | 2 |
/// | load of an unknown token | 2 | | 3 | |
/// | update | 2 | 2 | 1 | 9, of which one is the write, and then never again |
/// | touch | 3 | 3 | 2 | 9 |
/// | create | 3 | | 3 | |
/// | renewal | 4 | 4 | 2 | 10 |
/// | delete | 2 | 2 | 2 | 2 |
///
/// # What it does not promise
///
/// - **A limit of sessions per principal** while it prepares: old and new are written then, and two engines cannot be counted in one step. So
///   [`limits`](PrincipalIndex::limits) is `false`, and a configuration with a limit is refused at start: take it out for as long as that takes. Afterwards a limit holds, if both stores can keep
///   one: all sessions of the principal are brought first, for the new store to count, which costs two lists of the old one, and fails where one of them is larger than the new store takes.
/// - **A list** of a principal's sessions, unless both stores have an index. Then it is whole.
/// - **More than the weaker of the two.** If either store fails, so does what has to ask it: nobody is told that a session is gone that may be in the
///   other. A memcached on the way may lose what it always may.
/// - **A count of what was swept**, where one of the two forgets by itself.
/// - That **two renewals of one session at the same moment**, one by a server that prepares and one by a server that moves, are both known to a logout with the token it had before
///   that, if it comes at that moment too.
#[derive(Clone, Debug)]
pub struct PairStore {
    new: Arc<dyn SessionStore>,
    old: Arc<dyn SessionStore>,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Prepare,
    Move,
}

impl PairStore {
    /// Moves into the first, out of the second: once every server at least [prepares](Self::prepare).
    #[must_use]
    pub fn new(new: impl SessionStore, old: impl SessionStore) -> Self {
        Self {
            new: Arc::new(new),
            old: Arc::new(old),
            phase: Phase::Move,
        }
    }

    /// Moves nothing, and finds what others move: for the time in which some servers have the old store alone, and then some a pair that moves.
    ///
    /// ```
    /// use sessions::{MemoryStore, Timestamp, migrate::PairStore, store::{SessionStore, StoreKey, Write}};
    /// # use std::sync::Arc;
    /// # use sessions::{Handle, store::{Record, WriteId}};
    ///
    /// # actix_web::rt::System::new().block_on(async {
    /// # let (key, now) = (StoreKey::from_bytes([7; 32]), Timestamp::from_seconds(0));
    /// # let record = Record {
    /// #     handle: Handle::from_bytes([1; 16]), write_id: WriteId::from_bytes([1; 16]), created: now, last_seen: now,
    /// #     deadline: Timestamp::from_seconds(60), principal: None, device: None, body: Vec::new(),
    /// # };
    /// # let (old, new) = (Arc::new(MemoryStore::new()), Arc::new(MemoryStore::new()));
    /// let pair = PairStore::prepare(new.clone(), old.clone()); // the new one first, as in `new`
    /// pair.write(Write::create(&key, &record, now)).await?;
    /// assert!(old.load(&key, now).await?.is_some()); // where servers without a pair find it
    /// assert!(new.load(&key, now).await?.is_none());
    /// # Ok::<(), sessions::store::StoreError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn prepare(new: impl SessionStore, old: impl SessionStore) -> Self {
        Self {
            phase: Phase::Prepare,
            ..Self::new(new, old)
        }
    }

    pub(super) fn old(&self) -> &dyn SessionStore {
        &*self.old
    }

    pub(super) fn moves(&self) -> bool {
        self.phase == Phase::Move
    }

    pub(super) fn mover(&self, now: Timestamp) -> Mover<'_> {
        Mover {
            new: &*self.new,
            old: &*self.old,
            now,
        }
    }

    async fn find(&self, key: &StoreKey, now: Timestamp) -> Result<Option<Loaded>, StoreError> {
        let mover = self.mover(now);
        // Where most are.
        if self.moves()
            && let Some(found) = mover.moved(key).await?
        {
            return Ok(Some(found));
        }
        match mover.in_old(key).await? {
            InOld::Session(found) => return Ok(Some(still_old(found))),
            InOld::Claimed(nonce, claimed) => {
                mover.finish(key, nonce, &claimed).await?;
            }
            InOld::Nothing => {}
        }
        // It may have moved while we looked.
        mover.moved(key).await
    }

    /// Has the new store count alone whom it admits.
    async fn admit(&self, write: &Write<'_>) -> Result<(), StoreError> {
        match write.counted() {
            Some((principal, _)) if self.moves() => self.mover(write.now).gather(principal).await,
            _ => Ok(()),
        }
    }

    /// Creates a session in the new store.
    async fn create_new(&self, write: Write<'_>) -> Result<Written, StoreError> {
        let (key, mover) = (write.key, self.mover(write.now));
        self.admit(&write).await?;
        if mover.stays(key).await? {
            return Ok(Written::Conflict);
        }
        let mut written = self.new.write(write).await?;
        if written == Written::Conflict
            && let InNew::Ticket(_, revision) = mover.in_new(key).await?
        {
            // Of a session that is no more.
            let update = Write {
                replaces: Replaces::Same(revision),
                ..write
            };
            written = self.new.write(update).await?;
        }
        let Written::Applied { revision, .. } = written else {
            return Ok(written);
        };
        // A server that prepares may have created one under this key meanwhile. It looks for ours, too, so that one of us makes way.
        Ok(match mover.stays(key).await {
            Ok(false) => written,
            Ok(true) => {
                mover
                    .withdraw(&*self.new, Kind::Ticket, key, revision)
                    .await
            }
            Err(_) => Written::Ambiguous,
        })
    }

    /// Creates a session in the old store, where it is found by servers that have no other.
    async fn create_old(&self, write: Write<'_>) -> Result<Written, StoreError> {
        let (key, mover) = (write.key, self.mover(write.now));
        if mover.moved(key).await?.is_some() {
            return Ok(Written::Conflict);
        }
        let written = self.old.write(write).await?;
        let Written::Applied { revision, evicted } = written else {
            return Ok(written);
        };
        // See `create_new`.
        Ok(match mover.moved(key).await {
            Ok(None) => Written::Applied {
                revision: state(write.record),
                evicted,
            },
            Ok(Some(_)) => mover.withdraw(&*self.old, Kind::Claim, key, revision).await,
            Err(_) => Written::Ambiguous,
        })
    }

    /// Whether a session lives in either store under the key that another is to be renamed to.
    async fn is_taken(&self, write: &Write<'_>) -> Result<bool, StoreError> {
        if self.moves() {
            self.mover(write.now).stays(write.key).await
        } else {
            Ok(self.find(write.key, write.now).await?.is_some())
        }
    }

    /// Puts a record in the place of the one under the key `old`, in the new store or where that lies.
    async fn replace(
        &self,
        write: Write<'_>,
        (old, expected): (&StoreKey, Revision),
    ) -> Result<Written, StoreError> {
        if self.moves() {
            self.replace_new(write, (old, expected)).await
        } else {
            self.replace_in_place(write, (old, expected)).await
        }
    }

    /// Replaces a session in the new store, where it is brought first unless it is there.
    async fn replace_new(
        &self,
        write: Write<'_>,
        (old, mut expected): (&StoreKey, Revision),
    ) -> Result<Written, StoreError> {
        let mover = self.mover(write.now);
        let (mut is_brought, mut is_translated) = (false, false);
        loop {
            match self.new.write(write.expecting(expected)).await? {
                Written::Missing => {}
                // It may be in the state that was loaded from the old store, for which the new one has another name; or what lies there is a
                // ticket; or it has come while the new one looked why it changed nothing.
                Written::Conflict if !is_translated => match mover.in_new(old).await? {
                    InNew::Session(found) if is_state(expected, found.record.write_id) => {
                        (expected, is_translated) = (found.revision, true);
                        continue;
                    }
                    InNew::Session(_) => return Ok(Written::Conflict),
                    InNew::Ticket(..) | InNew::Nothing => {}
                },
                written => return Ok(written),
            }
            if is_brought {
                return Ok(Written::Missing);
            }
            is_brought = true;
            match mover.bring(old, Some(expected)).await? {
                Brought::Moved(revision) => (expected, is_translated) = (revision, true),
                Brought::Gone => {}
                Brought::Conflict => return Ok(Written::Conflict),
            }
        }
    }

    /// Replaces a session where it lies.
    async fn replace_in_place(
        &self,
        write: Write<'_>,
        (old, expected): (&StoreKey, Revision),
    ) -> Result<Written, StoreError> {
        let mover = self.mover(write.now);
        let mut tried = None;
        loop {
            match mover.in_old(old).await? {
                // The same again: it is another key that is taken.
                InOld::Session(found)
                    if state(&found.record) != expected || tried == Some(found.revision) =>
                {
                    return Ok(Written::Conflict);
                }
                InOld::Session(found) => {
                    match self.old.write(write.expecting(found.revision)).await? {
                        Written::Applied { evicted, .. } => {
                            return Ok(Written::Applied {
                                revision: state(write.record),
                                evicted,
                            });
                        }
                        // Written, ended or claimed meanwhile.
                        Written::Conflict | Written::Missing => tried = Some(found.revision),
                        written @ (Written::Ambiguous | Written::Refused) => return Ok(written),
                    }
                }
                InOld::Claimed(nonce, claimed) => {
                    mover.finish(old, nonce, &claimed).await?;
                }
                InOld::Nothing => return self.replace_new(write, (old, expected)).await,
            }
        }
    }

    async fn touch_new(
        &self,
        key: &StoreKey,
        deadline: Timestamp,
        now: Timestamp,
    ) -> Result<Touched, StoreError> {
        let mover = self.mover(now);
        // A ticket can be touched, too, and that is of no use to the session.
        if mover.moved(key).await?.is_none() && mover.bring(key, None).await? == Brought::Conflict {
            return Err(unfinished());
        }
        self.new.touch(key, deadline, now).await
    }

    async fn touch_in_place(
        &self,
        key: &StoreKey,
        deadline: Timestamp,
        now: Timestamp,
    ) -> Result<Touched, StoreError> {
        let mover = self.mover(now);
        if let InOld::Session(_) = mover.in_old(key).await? {
            let touched = self.old.touch(key, deadline, now).await?;
            if touched == Touched::Applied && matches!(mover.in_new(key).await?, InNew::Nothing) {
                return Ok(Touched::Applied);
            }
            // Who moves it may have loaded it before that.
        }
        self.touch_new(key, deadline, now).await
    }
}

impl SessionStore for PairStore {
    fn write<'a>(&'a self, write: Write<'a>) -> Answer<'a, Written> {
        Answer::pending(async move {
            let Some((old, expected)) = write.old() else {
                return if self.moves() {
                    self.create_new(write).await
                } else {
                    self.create_old(write).await
                };
            };
            self.admit(&write).await?;
            if write.needs_free_key() && self.is_taken(&write).await? {
                let found = self.find(old, write.now).await?;
                return Ok(found.map_or(Written::Missing, |_| Written::Conflict));
            }
            self.replace(write, (old, expected)).await
        })
    }

    fn load<'a>(&'a self, key: &'a StoreKey, now: Timestamp) -> Answer<'a, Option<Loaded>> {
        Answer::pending(self.find(key, now))
    }

    fn touch<'a>(
        &'a self,
        key: &'a StoreKey,
        deadline: Timestamp,
        now: Timestamp,
    ) -> Answer<'a, Touched> {
        Answer::pending(async move {
            if self.moves() {
                self.touch_new(key, deadline, now).await
            } else {
                self.touch_in_place(key, deadline, now).await
            }
        })
    }

    /// In the order in which a session moves, so that none slips through.
    fn delete<'a>(&'a self, key: &'a StoreKey) -> Answer<'a, ()> {
        Answer::pending(async move {
            self.old.delete(key).await?;
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
            let mut loaded = if self.moves() {
                let loaded = self.new.load_many(keys, now).await?;
                let of_keys = keys.iter().zip(loaded);
                let sessions = of_keys.map(|(key, found)| {
                    found.filter(|found| Ticket::of_record(key, &found.record).is_none())
                });
                sessions.collect::<Vec<_>>()
            } else {
                let loaded = self.old.load_many(keys, now).await?;
                let of_keys = keys.iter().zip(loaded);
                let sessions = of_keys.map(|(key, found)| {
                    let session = found.filter(|found| claimed_by(key, &found.record).is_none());
                    session.map(still_old)
                });
                sessions.collect()
            };
            for (key, loaded) in keys.iter().zip(&mut loaded) {
                if loaded.is_none() {
                    *loaded = self.find(key, now).await?;
                }
            }
            Ok(loaded)
        })
    }

    /// A session that moves keeps its key. It is renamed in one of the two stores, before or after that.
    fn abilities(&self) -> Abilities<'_> {
        let (new, old) = (self.new.abilities(), self.old.abilities());
        Abilities {
            principals: new.principals.and(old.principals).map(|_| self as _),
            scan: None,
            expires_by_itself: new.expires_by_itself && old.expires_by_itself,
            renames_at_once: new.renames_at_once && (self.moves() || old.renames_at_once),
        }
    }
}

impl PrincipalIndex for PairStore {
    /// The old store first, as a session moves. One that moves meanwhile is found in both, and then it is the new one.
    fn list<'a>(&'a self, principal: &'a Principal, now: Timestamp) -> Answer<'a, Vec<Listed>> {
        Answer::pending(async move {
            let (new, old) = (self.new.abilities(), self.old.abilities());
            let Some((new, old)) = new.principals.zip(old.principals) else {
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

    /// While it prepares, sessions are created in both stores, which cannot be counted in one step. Afterwards they are brought together first.
    fn limits(&self) -> bool {
        let (new, old) = (self.new.abilities(), self.old.abilities());
        let both = new.principals.zip(old.principals);
        self.moves() && both.is_some_and(|(new, old)| new.limits() && old.limits())
    }
}
