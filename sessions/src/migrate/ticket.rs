use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::{
    clock::Timestamp,
    store::{Device, Handle, Principal, Record, StoreKey, WriteId},
};

/// Lets one session into the new store, once: it lies there under the session's key until the session takes its place.
///
/// It is a record like any other, so that a store needs no verb for it, and so is the session that was claimed by it in the old store. Their write
/// ids say what they are:
///
/// ```text
/// write id = nonce 8 · the first 8 of SHA-256( key 32 · 0 · "ticket" · nonce 8 )    a ticket, in the new store
///          | nonce 8 · the first 8 of SHA-256( key 32 · 0 · "claim" · nonce 8 )     a session that is on its way by that ticket, in the old one
///          | 16 random                                                              a session
/// ```
///
/// The rest of a ticket:
///
/// ```text
/// handle = the session's write id, which it gets back
/// body   = zeros, as long as the session's body and principal: what is too large for the new store, or has no room, shows before anything is claimed
/// ```
///
/// No session's body begins with a zero: who takes the new store alone, and comes upon a ticket that was left over, finds a session that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticket {
    pub(super) nonce: Nonce,
    /// The state of the session that it was made for.
    pub(super) of: WriteId,
    pub(super) deadline: Timestamp,
}

/// Tells one ticket from another.
pub(super) type Nonce = [u8; 8];

/// For how long what nobody is to find lies about.
const REST: Duration = Duration::from_secs(1);

impl Ticket {
    /// It lives as long as the session would.
    pub(super) fn new(session: &Record) -> Self {
        let (nonce, _) = split(WriteId::generate());
        Self {
            nonce,
            of: session.write_id,
            deadline: session.deadline,
        }
    }

    /// What a record in the new store is, if it is a ticket.
    pub(super) fn of_record(key: &StoreKey, record: &Record) -> Option<Self> {
        Some(Self {
            nonce: nonce(key, Kind::Ticket, record.write_id)?,
            of: WriteId::from_bytes(*record.handle.as_bytes()),
            deadline: record.deadline,
        })
    }

    pub(super) fn to_record(self, key: &StoreKey, session: &Record, now: Timestamp) -> Record {
        let principal = session
            .principal
            .as_ref()
            .map_or(&[][..], Principal::as_bytes);
        Record {
            handle: Handle::from_bytes(*self.of.as_bytes()),
            write_id: write_id(key, Kind::Ticket, self.nonce),
            created: now,
            last_seen: now,
            deadline: self.deadline,
            principal: None,
            device: session.device.clone(),
            body: vec![0; session.body.len() + principal.len()],
        }
    }

    /// The session as it is claimed.
    pub(super) fn claim(self, key: &StoreKey, session: &Record) -> Record {
        Record {
            write_id: write_id(key, Kind::Claim, self.nonce),
            ..session.clone()
        }
    }

    /// The session as it was, from what was claimed by this ticket.
    pub(super) fn release(self, claimed: &Record) -> Record {
        Record {
            write_id: self.of,
            ..claimed.clone()
        }
    }
}

/// By which ticket a record in the old store was claimed, if it was.
pub(super) fn claimed_by(key: &StoreKey, record: &Record) -> Option<Nonce> {
    nonce(key, Kind::Claim, record.write_id)
}

/// Neither a session nor of any use, in either store, and soon gone: takes the place of a record in a state that is known, where a deletion
/// would take whatever is there by then.
pub(super) fn nothing(key: &StoreKey, place: Kind, now: Timestamp) -> Record {
    let (nonce, _) = split(WriteId::generate());
    Record {
        handle: Handle::generate(),
        write_id: write_id(key, place, nonce),
        created: now,
        last_seen: now,
        deadline: now.saturating_add(REST),
        principal: None,
        device: None::<Device>,
        body: Vec::new(),
    }
}

/// What a write id says of its record.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// In the new store.
    Ticket,
    /// In the old store.
    Claim,
}

fn write_id(key: &StoreKey, kind: Kind, nonce: Nonce) -> WriteId {
    let mut hash = Sha256::new();
    hash.update(key.as_bytes());
    hash.update(match kind {
        Kind::Ticket => &b"\0ticket"[..],
        Kind::Claim => b"\0claim",
    });
    hash.update(nonce);
    let [a, b, c, d, e, f, g, h, ..] = <[u8; 32]>::from(hash.finalize());
    let [i, j, k, l, m, n, o, p] = nonce;
    WriteId::from_bytes([i, j, k, l, m, n, o, p, a, b, c, d, e, f, g, h])
}

fn nonce(key: &StoreKey, kind: Kind, write: WriteId) -> Option<Nonce> {
    let (nonce, _) = split(write);
    (write_id(key, kind, nonce) == write).then_some(nonce)
}

fn split(write: WriteId) -> (Nonce, [u8; 8]) {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = *write.as_bytes();
    ([a, b, c, d, e, f, g, h], [i, j, k, l, m, n, o, p])
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: StoreKey = StoreKey::from_bytes([7; 32]);
    const NOW: Timestamp = Timestamp::from_seconds(1);

    fn session() -> Record {
        Record {
            handle: Handle::from_bytes([3; 16]),
            write_id: WriteId::from_bytes([4; 16]),
            created: NOW,
            last_seen: NOW,
            deadline: Timestamp::from_seconds(2),
            principal: Some(Principal::from_bytes(*b"anna")),
            device: None,
            body: vec![1, 2, 3],
        }
    }

    #[test]
    fn a_session_a_ticket_and_a_claim_are_told_from_each_other() {
        let (session, other) = (session(), StoreKey::from_bytes([8; 32]));
        let ticket = Ticket::new(&session);
        let (record, claimed) = (
            ticket.to_record(&KEY, &session, NOW),
            ticket.claim(&KEY, &session),
        );
        assert_eq!(Ticket::of_record(&KEY, &record), Some(ticket));
        assert_eq!(claimed_by(&KEY, &claimed), Some(ticket.nonce));
        for no_ticket in [&session, &claimed] {
            assert_eq!(Ticket::of_record(&KEY, no_ticket), None);
        }
        for not_claimed in [&session, &record] {
            assert_eq!(claimed_by(&KEY, not_claimed), None);
        }
        assert_eq!(Ticket::of_record(&other, &record), None);
        assert_eq!(claimed_by(&other, &claimed), None);
        assert_eq!(ticket.release(&claimed), session);
    }

    #[test]
    fn a_ticket_is_as_large_as_its_session_and_holds_none_of_it() {
        let record = Ticket::new(&session()).to_record(&KEY, &session(), NOW);
        assert_eq!((record.body, record.principal), (vec![0; 7], None));
    }

    #[test]
    fn write_ids_have_fixed_bytes() {
        for (kind, word) in [(Kind::Ticket, &b"ticket"[..]), (Kind::Claim, b"claim")] {
            let id = write_id(&KEY, kind, *b"01234567");
            let input = [&[7; 32], &b"\0"[..], word, b"01234567"].concat();
            assert_eq!(id.as_bytes()[..8], *b"01234567");
            assert_eq!(id.as_bytes()[8..], Sha256::digest(input)[..8]);
        }
    }
}
