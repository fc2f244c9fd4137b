use crate::{
    clock::Timestamp,
    store::{
        Loaded, Record, Revision, SessionStore, StoreError, StoreErrorKind, StoreKey, WriteId,
        Written,
    },
};

use super::aside::{Ticket, aside, is_aside};

/// Brings one session from the old store to the new one.
///
/// ```text
///        old store                      new store
/// 0      key: session                   –
/// 1      key: session                   aside: ticket          create
/// 2      aside: session, its ticket     aside: ticket          rename in the old: from here on it is on its way
/// 3      aside: the same                key: session           rename in the new: the ticket becomes the session
/// 4      –                              key: session           delete
/// ```
///
/// Whatever is left behind at any step, whoever asks next goes on from there. What makes it safe:
///
/// - Step 2 names the revision that was loaded, so that a session which was written or ended meanwhile stays what it is.
/// - Step 3 takes the ticket's revision, so that it happens once, and not at all after the session ended: who ends it deletes
///   in the order in which it moves, and the ticket before the session's new place.
/// - Who looks for a session looks in that order too, and ends where it began: it cannot pass by unseen.
/// - Nobody writes or touches a session in the old store. So nothing is lost that came between steps 0 and 2.
pub(super) struct Mover<'a> {
    pub(super) new: &'a dyn SessionStore,
    pub(super) old: &'a dyn SessionStore,
    pub(super) now: Timestamp,
}

/// What became of a session that was to be brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Brought {
    /// It was in the old store, and is in the new one.
    Moved,
    /// It is in the old store, in another state than was expected, or under the hands of others.
    Conflict,
    /// It is not in the old store: in the new one, or nowhere.
    Gone,
}

/// How often it is tried anew because others are at it too.
const TRIES: usize = 8;

impl Mover<'_> {
    /// Brings what the old store has under a key.
    pub(super) async fn bring(
        &self,
        key: &StoreKey,
        expected: Option<Revision>,
    ) -> Result<Brought, StoreError> {
        for _ in 0..TRIES {
            let Some(found) = self.old.load(key, self.now).await? else {
                return self.finish(key).await;
            };
            if is_aside(key, &found.record) {
                // A scan came upon it. Where a rename is two steps, the session may be under its key yet.
                let key = aside(key);
                return match self.old.load(&key, self.now).await? {
                    Some(_) => Ok(Brought::Conflict),
                    None => self.finish(&key).await,
                };
            }
            if expected.is_some_and(|expected| expected != state(&found.record)) {
                return Ok(Brought::Conflict);
            }
            let Some((ticket, revision)) = self.ticket(key, &found.record).await? else {
                continue;
            };
            let (away, put) = (aside(key), ticket.put_aside(&found.record));
            let written = self
                .old
                .rename(key, &away, &put, found.revision, None, self.now)
                .await?;
            match written {
                Written::Applied { .. } => {
                    if self.take_up(key, &found.record, revision).await? {
                        return Ok(Brought::Moved);
                    }
                    // Somebody else did, or has ended it.
                    return self.finish(key).await;
                }
                Written::Missing | Written::Conflict => {}
                Written::Ambiguous | Written::Refused => return Err(unfinished()),
            }
        }
        Ok(Brought::Conflict)
    }

    /// Brings in what is on its way, and clears away what was left.
    ///
    /// The caller has seen that the old store has nothing under the key itself.
    pub(super) async fn finish(&self, key: &StoreKey) -> Result<Brought, StoreError> {
        let away = aside(key);
        for _ in 0..TRIES {
            // The ticket first: one that is made later lets nothing in that was put aside before.
            let ticket = self.new.load(&away, self.now).await?;
            // A scan names what was put aside, too. If that is gone by now, its complement is the session's own place.
            let ticket = ticket.filter(|found| is_aside(&away, &found.record));
            let put = self.old.load(&away, self.now).await?;
            let Some(put) = put.filter(|put| is_aside(&away, &put.record)) else {
                if ticket.is_some() {
                    // The session has ended, or it is in and somebody was too late with another ticket.
                    self.new.delete(&away).await?;
                }
                return Ok(Brought::Gone);
            };
            let session = ticket.and_then(|found| {
                let session = Ticket::of_record(&found.record).take_up(put.record)?;
                Some((session, found.revision))
            });
            let Some((session, revision)) = session else {
                // It is in, by that ticket, or it has ended; only this was left.
                self.old.delete(&away).await?;
                return Ok(Brought::Gone);
            };
            if self.take_up(key, &session, revision).await? {
                return Ok(Brought::Moved);
            }
            if self.new.load(key, self.now).await?.is_some() {
                self.old.delete(&away).await?;
                return Ok(Brought::Gone);
            }
        }
        Err(unfinished())
    }

    /// Makes the session of its ticket; `false` if that was taken already.
    async fn take_up(
        &self,
        key: &StoreKey,
        session: &Record,
        ticket: Revision,
    ) -> Result<bool, StoreError> {
        let away = aside(key);
        let written = self
            .new
            .rename(&away, key, session, ticket, None, self.now)
            .await?;
        match written {
            Written::Applied { .. } => {
                // If this fails, somebody will find it, or nobody before its deadline.
                _ = self.old.delete(&away).await;
                Ok(true)
            }
            Written::Missing | Written::Conflict => Ok(false),
            Written::Ambiguous | Written::Refused => Err(unfinished()),
        }
    }

    /// A ticket for a session in its present state, of one's own or of somebody who has begun; `None` if that has changed under our hands.
    async fn ticket(
        &self,
        key: &StoreKey,
        session: &Record,
    ) -> Result<Option<(Ticket, Revision)>, StoreError> {
        let away = aside(key);
        let ticket = Ticket::new(key, session.write_id);
        let record = ticket.to_record(session, self.now);
        let written = match self.new.load(&away, self.now).await? {
            None => self.new.create(&away, &record, None, self.now).await?,
            Some(found) => {
                let theirs = Ticket::of_record(&found.record);
                if theirs.of == session.write_id {
                    if found.record.deadline < session.deadline {
                        self.new.touch(&away, session.deadline, self.now).await?;
                    }
                    return Ok(Some((theirs, found.revision)));
                }
                // For a state that has passed, so that nobody can use it anymore.
                self.new
                    .update(&away, &record, found.revision, None, self.now)
                    .await?
            }
        };
        match written {
            Written::Applied { revision, .. } => Ok(Some((ticket, revision))),
            Written::Conflict | Written::Missing => Ok(None),
            // If it was made, the next who comes uses it.
            Written::Ambiguous | Written::Refused => Err(unfinished()),
        }
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
fn unfinished() -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable)
}
