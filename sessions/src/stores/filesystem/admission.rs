use std::io;

use crate::{
    clock::Timestamp,
    store::{Admission, AdmissionPolicy, Principal, StoreKey},
};

use super::{
    directory::Directory,
    record_file::Head,
    records::{Found, Lock},
};

/// Who has to go before a principal may have one more session.
pub(super) enum Verdict {
    /// Once these are gone.
    Admitted(Vec<StoreKey>),
    Refused,
}

impl Directory {
    /// Counts the sessions of a principal whose lock is held, beside those under `own` keys.
    pub(super) fn judge(
        &self,
        principal: &Principal,
        admission: Admission,
        own: &[StoreKey],
        now: Timestamp,
    ) -> io::Result<Verdict> {
        let mut others = self.records_of(principal, now)?;
        others.retain(|(key, _)| !own.contains(key));
        let room = usize::try_from(admission.limit.max(1) - 1).unwrap_or(usize::MAX);
        let excess = others.len().saturating_sub(room);
        if excess > 0 && admission.policy == AdmissionPolicy::Refuse {
            return Ok(Verdict::Refused);
        }
        others.sort_by_key(|(_, head)| head.last_seen());
        let victims = others.into_iter().take(excess).map(|(key, _)| key);
        Ok(Verdict::Admitted(victims.collect()))
    }

    /// The victims as they are now that their locks are held; `None` if one is not the principal's anymore, so that fewer may have to go.
    pub(super) fn still_there(
        &self,
        victims: &[StoreKey],
        principal: &Principal,
        now: Timestamp,
    ) -> io::Result<Option<Vec<(StoreKey, Head)>>> {
        let mut found = Vec::with_capacity(victims.len());
        for key in victims {
            match self.peek(key, Lock::Held)? {
                Found::Record(head) if head.is_live(now) && head.principal() == Some(principal) => {
                    found.push((*key, *head));
                }
                _ => return Ok(None),
            }
        }
        Ok(Some(found))
    }
}
