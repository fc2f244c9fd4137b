use crate::{
    clock::Timestamp,
    store::{
        Loaded, Principal, Record, Revision, SessionStore, StoreError, StoreErrorKind, StoreKey,
        Write, WriteId, Written,
    },
};

use super::ticket::{Kind, Nonce, Ticket, claimed_by, nothing};

/// Brings one session from the old store to the new one, under the same key.
///
/// ```text
///        old store              new store
/// 0      session                –
/// 1      session                ticket           create
/// 2      session, claimed       ticket           update in the old: from here on it is on its way
/// 3      session, claimed       session          update in the new: it takes the ticket's place
/// 4      –                      session          delete
/// ```
///
/// Each step changes one record, which every engine can do at once. Whatever is left behind at any of them, whoever asks next goes on
/// from there. What makes it safe:
///
/// - Step 2 names the revision that was loaded, so that a session which was written or ended meanwhile stays what it is.
/// - Step 3 names the ticket's revision, so that it happens once, and not at all after the session ended: who ends it deletes in the old store and then
///   in the new one, the ticket or what has taken its place.
/// - A session is claimed by a ticket that lies there already, and a ticket is replaced only where its time has passed. So a session that was
///   claimed and has no ticket is in, or has ended.
/// - Who looks for a session looks in the old store and then in the new one: it cannot pass by unseen.
/// - Who touches a session in the old store looks for a ticket afterwards, and who moves it loads it after he has laid one down: one of the two sees
///   the other.
pub(super) struct Mover<'a> {
    pub(super) new: &'a dyn SessionStore,
    pub(super) old: &'a dyn SessionStore,
    pub(super) now: Timestamp,
}

/// What became of a session that was to be brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Brought {
    /// It was in the old store, and is in the new one, in this state.
    Moved(Revision),
    /// It is in the old store, in another state than was expected, or under the hands of others.
    Conflict,
    /// It is not in the old store: in the new one, or nowhere.
    Gone,
}

/// What the old store has under a key.
#[derive(Debug)]
pub(super) enum InOld {
    Session(Loaded),
    /// On its way, or left over.
    Claimed(Nonce, Record),
    Nothing,
}

/// What the new store has under a key.
#[derive(Debug)]
pub(super) enum InNew {
    Session(Loaded),
    Ticket(Ticket, Revision),
    Nothing,
}

/// How often it is tried anew because others are at it too.
const TRIES: usize = 16;

impl Mover<'_> {
    pub(super) async fn in_old(&self, key: &StoreKey) -> Result<InOld, StoreError> {
        let found = self.old.load(key, self.now).await?;
        Ok(found.map_or(InOld::Nothing, |found| {
            match claimed_by(key, &found.record) {
                Some(nonce) => InOld::Claimed(nonce, found.record),
                None => InOld::Session(found),
            }
        }))
    }

    pub(super) async fn in_new(&self, key: &StoreKey) -> Result<InNew, StoreError> {
        let found = self.new.load(key, self.now).await?;
        Ok(found.map_or(InNew::Nothing, |found| {
            match Ticket::of_record(key, &found.record) {
                Some(ticket) => InNew::Ticket(ticket, found.revision),
                None => InNew::Session(found),
            }
        }))
    }

    /// The session in the new store.
    pub(super) async fn moved(&self, key: &StoreKey) -> Result<Option<Loaded>, StoreError> {
        Ok(match self.in_new(key).await? {
            InNew::Session(found) => Some(found),
            InNew::Ticket(..) | InNew::Nothing => None,
        })
    }

    /// Whether a session lives under a key in the old store; one that is on its way comes into the new one first.
    pub(super) async fn stays(&self, key: &StoreKey) -> Result<bool, StoreError> {
        match self.in_old(key).await? {
            InOld::Session(_) => return Ok(true),
            InOld::Claimed(nonce, claimed) => {
                self.finish(key, nonce, &claimed).await?;
            }
            InOld::Nothing => {}
        }
        Ok(false)
    }

    /// Brings what the old store has under a key.
    pub(super) async fn bring(
        &self,
        key: &StoreKey,
        expected: Option<Revision>,
    ) -> Result<Brought, StoreError> {
        let mut laid_down = None;
        for _ in 0..TRIES {
            // The ticket first: the state of a session that is loaded after it tells whether its time has passed.
            let there = match laid_down.take() {
                Some((ticket, revision)) => InNew::Ticket(ticket, revision),
                None => self.in_new(key).await?,
            };
            let found = match self.in_old(key).await? {
                InOld::Session(found) => found,
                InOld::Claimed(nonce, claimed) => {
                    let finished = self.finish(key, nonce, &claimed).await?;
                    // In which state, the caller has to look.
                    return Ok(expected.map_or(finished, |_| Brought::Gone));
                }
                InOld::Nothing => {
                    if let InNew::Ticket(_, revision) = there {
                        // It has ended, or came in by another ticket, and nobody will ever use this one.
                        self.take_away(self.new, Kind::Ticket, key, revision)
                            .await?;
                    }
                    return Ok(Brought::Gone);
                }
            };
            if expected.is_some_and(|expected| expected != state(&found.record)) {
                return Ok(Brought::Conflict);
            }
            match there {
                InNew::Ticket(ticket, revision) if ticket.of == found.record.write_id => {
                    if let Some(brought) = self.claim(key, ticket, revision, &found).await? {
                        return Ok(brought);
                    }
                }
                InNew::Ticket(_, revision) => {
                    laid_down = self.ticket(key, &found, Some(revision)).await?
                }
                InNew::Nothing => laid_down = self.ticket(key, &found, None).await?,
                // Of two who created it at once, in one store each, this one takes precedence.
                InNew::Session(_) => return Ok(Brought::Gone),
            }
        }
        Ok(Brought::Conflict)
    }

    /// Lays down a ticket, or replaces one whose time has passed; `None` if somebody else was faster.
    async fn ticket(
        &self,
        key: &StoreKey,
        session: &Loaded,
        passed: Option<Revision>,
    ) -> Result<Option<(Ticket, Revision)>, StoreError> {
        let ticket = Ticket::new(&session.record);
        let record = ticket.to_record(key, &session.record, self.now);
        let write = match passed {
            None => Write::create(key, &record, self.now),
            Some(passed) => Write::update(key, &record, passed, self.now),
        };
        match self.new.write(write).await? {
            Written::Applied { revision, .. } => Ok(Some((ticket, revision))),
            Written::Conflict | Written::Missing => Ok(None),
            // If it lies there, the next who comes uses it.
            Written::Ambiguous | Written::Refused => Err(unfinished()),
        }
    }

    /// Puts a session on its way; `None` if it is no longer in the state that was loaded.
    async fn claim(
        &self,
        key: &StoreKey,
        ticket: Ticket,
        revision: Revision,
        found: &Loaded,
    ) -> Result<Option<Brought>, StoreError> {
        let session = &found.record;
        if ticket.deadline < session.deadline {
            // It was touched since. A ticket that died before it would take it along.
            self.new.touch(key, session.deadline, self.now).await?;
        }
        let claimed = ticket.claim(key, session);
        let update = Write::update(key, &claimed, found.revision, self.now);
        match self.old.write(update).await? {
            Written::Applied { .. } => {}
            Written::Missing | Written::Conflict => return Ok(None),
            Written::Ambiguous | Written::Refused => return Err(unfinished()),
        }
        let released = self.release(key, ticket, revision, &claimed).await?;
        Ok(Some(match released {
            Some(brought) => brought,
            None => self.finish(key, ticket.nonce, &claimed).await?,
        }))
    }

    /// Brings in what is on its way, and clears away what was left over.
    pub(super) async fn finish(
        &self,
        key: &StoreKey,
        nonce: Nonce,
        claimed: &Record,
    ) -> Result<Brought, StoreError> {
        for _ in 0..TRIES {
            match self.in_new(key).await? {
                InNew::Ticket(ticket, revision) if ticket.nonce == nonce => {
                    let released = self.release(key, ticket, revision, claimed).await?;
                    if let Some(brought) = released {
                        return Ok(brought);
                    }
                }
                // It is in, or it has ended.
                InNew::Session(_) | InNew::Ticket(..) | InNew::Nothing => {
                    self.old.delete(key).await?;
                    return Ok(Brought::Gone);
                }
            }
        }
        Err(unfinished())
    }

    /// Puts the session in the place of its ticket; `None` if that is not there anymore.
    async fn release(
        &self,
        key: &StoreKey,
        ticket: Ticket,
        revision: Revision,
        claimed: &Record,
    ) -> Result<Option<Brought>, StoreError> {
        let session = ticket.release(claimed);
        let update = Write::update(key, &session, revision, self.now);
        match self.new.write(update).await? {
            Written::Applied { revision, .. } => {
                // If this fails, somebody will find it, or nobody before its deadline.
                _ = self.old.delete(key).await;
                Ok(Some(Brought::Moved(revision)))
            }
            Written::Missing | Written::Conflict => Ok(None),
            Written::Ambiguous | Written::Refused => Err(unfinished()),
        }
    }

    /// Takes back what was created where somebody else has created it, too.
    pub(super) async fn withdraw(
        &self,
        store: &dyn SessionStore,
        place: Kind,
        key: &StoreKey,
        created: Revision,
    ) -> Written {
        match self.take_away(store, place, key, created).await {
            Ok(()) => Written::Conflict,
            Err(_) => Written::Ambiguous,
        }
    }

    /// Takes a record out of a store if it is still in this state.
    async fn take_away(
        &self,
        store: &dyn SessionStore,
        place: Kind,
        key: &StoreKey,
        expected: Revision,
    ) -> Result<(), StoreError> {
        let record = nothing(key, place, self.now);
        let update = Write::update(key, &record, expected, self.now);
        match store.write(update).await? {
            Written::Applied { .. } | Written::Conflict | Written::Missing => Ok(()),
            Written::Ambiguous | Written::Refused => Err(unfinished()),
        }
    }

    /// Brings all sessions of a principal, so that the new store alone can count them. Nobody creates one in the old store meanwhile.
    pub(super) async fn gather(&self, principal: &Principal) -> Result<(), StoreError> {
        let Some(index) = self.old.abilities().principals else {
            return Ok(());
        };
        let mut was_empty = false;
        for _ in 0..TRIES {
            let listed = index.list(principal, self.now).await?;
            for session in &listed {
                self.bring(&session.key, None).await?;
            }
            // Twice: the first may have passed over one whose record changed between a look at the index and a look at the records.
            if listed.is_empty() && was_empty {
                return Ok(());
            }
            was_empty = listed.is_empty();
        }
        Err(unfinished())
    }
}

/// The state of a session in the old store, as the pair names it.
///
/// Not the store's own revision: one of the new store might be equal to it and mean something else. No two writes have one write id.
pub(super) fn state(record: &Record) -> Revision {
    Revision::from(record.write_id)
}

/// As the pair gives it.
pub(super) fn still_old(found: Loaded) -> Loaded {
    Loaded {
        revision: state(&found.record),
        ..found
    }
}

/// Whether a session is in the state that was loaded from the old store.
pub(super) fn is_state(expected: Revision, write: WriteId) -> bool {
    expected == Revision::from(write)
}

/// Nothing was done of what was asked for; the session may be on its way.
pub(super) fn unfinished() -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable)
}
