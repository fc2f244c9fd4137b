use std::io;

use crate::{
    clock::Timestamp,
    store::{Admission, Principal, Record, Revision, StoreKey, Write, Written},
};

use super::{
    admission::Verdict,
    directory::Directory,
    layout::{PrincipalId, first_byte},
    locks::Held,
    record_file::{Head, Unreadable, encode},
    records::{Found, Lock, corrupt, record_stripe},
    temporary::Temporary,
};

/// A [`Write`] that goes to another thread.
pub(super) struct Change {
    key: StoreKey,
    record: Record,
    /// The record that it is to take the place of, and the state that one has to be in.
    old: Option<(StoreKey, Revision)>,
    admission: Option<Admission>,
    now: Timestamp,
}

/// How far a look at the records got.
enum Look {
    Ready(Ready),
    Answer(Written),
    /// The principal is a new one to the record, so that its lock is needed, which comes before the record's: from the start.
    WithoutClaim,
    /// Somebody who was to go is gone already.
    Outrun,
}

/// Everything that must hold does, for as long as the locks are held.
struct Ready {
    _held: Held,
    /// What was there before, dead or alive.
    before: Option<Box<Head>>,
    evicted: Vec<(StoreKey, Head)>,
}

impl From<Write<'_>> for Change {
    fn from(write: Write<'_>) -> Self {
        Self {
            key: *write.key,
            record: write.record.clone(),
            old: write.old().map(|(old, expected)| (*old, expected)),
            admission: write.admission,
            now: write.now,
        }
    }
}

impl Change {
    pub(super) fn apply(&self, directory: &Directory) -> io::Result<Written> {
        // The long part first, while nobody has to wait for it.
        let bytes = encode(&self.record).ok_or(io::ErrorKind::FileTooLarge)?;
        let folder = directory.layout().record_folder(first_byte(&self.key));
        let temporary = Temporary::write(directory, &folder, &bytes)?;

        let claim = |principal| directory.hold([PrincipalId::of(principal).stripe()]);
        let principal = self.record.principal.as_ref();
        let mut claimed = match principal {
            Some(principal) if self.needs_claim() => Some(claim(principal)?),
            _ => None,
        };
        loop {
            match (self.look(directory, claimed.is_some())?, principal) {
                (Look::Ready(ready), principal) => {
                    let added = principal.filter(|_| claimed.is_some());
                    return self.commit(directory, temporary, added, &ready);
                }
                (Look::Answer(answer), _) => return Ok(answer),
                (Look::WithoutClaim, Some(principal)) => claimed = Some(claim(principal)?),
                // With the claim the principal's sessions can only become fewer, and so do the tries.
                (Look::WithoutClaim | Look::Outrun, _) => {}
            }
        }
    }

    /// Whether it is certain that the principal gets another record, or has its records counted.
    fn needs_claim(&self) -> bool {
        let stays = self.old.is_some_and(|(old, _)| old == self.key);
        self.admission.is_some() || !stays
    }

    /// The keys it is about: two for a renewal.
    fn own_keys(&self) -> [StoreKey; 2] {
        [self.old.map_or(self.key, |(old, _)| old), self.key]
    }

    fn look(&self, directory: &Directory, claimed: bool) -> io::Result<Look> {
        let principal = self.record.principal.as_ref();
        let verdict = match (principal, self.admission) {
            (Some(principal), Some(admission)) => {
                directory.judge(principal, admission, &self.own_keys(), self.now)?
            }
            _ => Verdict::Admitted(Vec::new()),
        };
        let victims = match &verdict {
            Verdict::Admitted(victims) => victims.as_slice(),
            Verdict::Refused => &[],
        };
        let own = self.own_keys();
        let held = directory.hold(own.iter().chain(victims).map(record_stripe))?;
        let before = match self.replaced(directory)? {
            Ok(before) => before,
            Err(answer) => return Ok(Look::Answer(answer)),
        };
        if matches!(verdict, Verdict::Refused) {
            return Ok(Look::Answer(Written::Refused));
        }
        let Some(principal) = principal else {
            return Ok(Look::Ready(Ready {
                _held: held,
                before,
                evicted: Vec::new(),
            }));
        };
        if !claimed && before.as_deref().and_then(Head::principal) != Some(principal) {
            return Ok(Look::WithoutClaim);
        }
        Ok(directory
            .still_there(victims, principal, self.now)?
            .map_or(Look::Outrun, |evicted| {
                Look::Ready(Ready {
                    _held: held,
                    before,
                    evicted,
                })
            }))
    }

    /// What is to be replaced, or why it cannot be.
    fn replaced(&self, directory: &Directory) -> io::Result<Result<Option<Box<Head>>, Written>> {
        let Some((old, expected)) = self.old else {
            return self.vacant(directory);
        };
        let before = match directory.peek(&old, Lock::Held)? {
            Found::Record(head) if head.is_live(self.now) => head,
            Found::Record(_) | Found::Nothing => return Ok(Err(Written::Missing)),
            Found::Unreadable(why) => return Err(corrupt(why)),
        };
        if before.revision() != expected {
            return Ok(Err(Written::Conflict));
        }
        if old != self.key
            && let Err(answer) = self.vacant(directory)?
        {
            return Ok(Err(answer));
        }
        Ok(Ok(Some(before)))
    }

    /// What is under the key itself, which must not live.
    fn vacant(&self, directory: &Directory) -> io::Result<Result<Option<Box<Head>>, Written>> {
        Ok(match directory.peek(&self.key, Lock::Held)? {
            Found::Record(head) if head.is_live(self.now) => Err(Written::Conflict),
            Found::Record(head) => Ok(Some(head)),
            Found::Nothing | Found::Unreadable(Unreadable::Damaged) => Ok(None),
            // It may live for those who can read it.
            Found::Unreadable(Unreadable::Newer) => Err(Written::Conflict),
        })
    }

    /// Does it, in the order in which a death in between does the least harm.
    ///
    /// A hint may be at nothing. Who had to make room may be there until the principal's next session is admitted. A renewed session may be
    /// there twice, the second time under a token that nobody was given. No session is lost. Nothing is changed before the record is in its
    /// place, and whatever goes wrong after that is no error anymore.
    fn commit(
        &self,
        directory: &Directory,
        temporary: Temporary,
        added: Option<&Principal>,
        ready: &Ready,
    ) -> io::Result<Written> {
        if let Some(principal) = added {
            directory.hint(principal, &self.key)?;
        }
        temporary.place(&directory.layout().record(&self.key))?;
        Ok(match self.settle(directory, ready) {
            Ok(()) => Written::Applied {
                revision: self.record.write_id.into(),
                evicted: ready
                    .evicted
                    .iter()
                    .map(|(_, head)| head.handle())
                    .collect(),
            },
            // It is there; the disk may not have it yet, or another record is still there, too.
            Err(_) => Written::Ambiguous,
        })
    }

    /// What follows once the record is there.
    fn settle(&self, directory: &Directory, ready: &Ready) -> io::Result<()> {
        directory.sync_folder(&directory.layout().record_folder(first_byte(&self.key)))?;
        for (key, head) in &ready.evicted {
            directory.remove(key, Some(head))?;
        }
        let before = ready.before.as_deref();
        if let Some((old, _)) = self.old
            && old != self.key
        {
            return directory.remove(&old, before);
        }
        if let Some(principal) = before.and_then(Head::principal)
            && self.record.principal.as_ref() != Some(principal)
        {
            directory.forget(principal, &self.key);
        }
        Ok(())
    }
}
