use sha2::{Digest as _, Sha256};

use crate::{
    clock::Timestamp,
    store::{Handle, Record, StoreKey, WriteId},
};

/// Where a session lies in the old store while it is on its way, and where its ticket lies in the new one: the complement of its key.
///
/// No token leads there, since keys are hashes. The complement of the complement is the key again.
pub(super) fn aside(key: &StoreKey) -> StoreKey {
    StoreKey::from_bytes(key.as_bytes().map(|byte| !byte))
}

/// Whether what lies under a key was put there on the way: a session in the old store, a ticket in the new one.
pub(super) fn is_aside(key: &StoreKey, record: &Record) -> bool {
    let (nonce, _) = split(record.write_id);
    ticket_name(&aside(key), nonce) == record.write_id
}

/// Names a ticket so that what was put aside by it is told from a session.
///
/// ```text
/// nonce 8 · the first 8 of SHA-256( key 32 · 0 · "moving" · nonce 8 )
/// ```
fn ticket_name(key: &StoreKey, nonce: [u8; 8]) -> WriteId {
    let mut hash = Sha256::new();
    hash.update(key.as_bytes());
    hash.update(b"\0moving");
    hash.update(nonce);
    let [a, b, c, d, e, f, g, h, ..] = <[u8; 32]>::from(hash.finalize());
    let [i, j, k, l, m, n, o, p] = nonce;
    WriteId::from_bytes([i, j, k, l, m, n, o, p, a, b, c, d, e, f, g, h])
}

fn split(write: WriteId) -> ([u8; 8], [u8; 8]) {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = *write.as_bytes();
    ([a, b, c, d, e, f, g, h], [i, j, k, l, m, n, o, p])
}

/// Lets one session into the new store, once: it lies there under the key's complement until the session takes its place.
///
/// A record like any other, so that a store needs no verb for it. Whoever ends the session takes the ticket away, and whoever still has the
/// session in hand then cannot bring it in.
///
/// ```text
/// write id = the ticket's name, which the session put aside has for its own
/// handle   = the session's write id
/// body     = the session's: what is too large for the new store, or has no room, shows before anything is put aside
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticket {
    pub(super) name: WriteId,
    /// The state of the session that it was made for.
    pub(super) of: WriteId,
}

impl Ticket {
    pub(super) fn new(key: &StoreKey, of: WriteId) -> Self {
        let (nonce, _) = split(WriteId::generate());
        Self {
            name: ticket_name(key, nonce),
            of,
        }
    }

    /// It lives as long as the session would.
    pub(super) fn to_record(self, session: &Record, now: Timestamp) -> Record {
        Record {
            handle: Handle::from_bytes(*self.of.as_bytes()),
            write_id: self.name,
            created: now,
            last_seen: now,
            deadline: session.deadline,
            principal: None,
            device: None,
            body: session.body.clone(),
        }
    }

    pub(super) fn of_record(found: &Record) -> Self {
        Self {
            name: found.write_id,
            of: WriteId::from_bytes(*found.handle.as_bytes()),
        }
    }

    /// The session as it is put aside.
    pub(super) fn put_aside(self, session: &Record) -> Record {
        Record {
            write_id: self.name,
            ..session.clone()
        }
    }

    /// The session as it was, from what was put aside by this ticket.
    pub(super) fn take_up(self, aside: Record) -> Option<Record> {
        (aside.write_id == self.name).then_some(Record {
            write_id: self.of,
            ..aside
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_aside_is_told_from_a_session() {
        let key = StoreKey::from_bytes([7; 32]);
        let session = Ticket {
            name: WriteId::from_bytes([1; 16]),
            of: WriteId::from_bytes([2; 16]),
        }
        .to_record(
            &Record {
                handle: Handle::from_bytes([3; 16]),
                write_id: WriteId::from_bytes([4; 16]),
                created: Timestamp::from_seconds(1),
                last_seen: Timestamp::from_seconds(1),
                deadline: Timestamp::from_seconds(2),
                principal: None,
                device: None,
                body: Vec::new(),
            },
            Timestamp::from_seconds(1),
        );
        let ticket = Ticket::new(&key, session.write_id);
        let put = ticket.put_aside(&session);
        assert!(is_aside(&aside(&key), &put));
        assert!(!is_aside(&key, &put));
        assert!(!is_aside(&key, &session));
        assert!(!is_aside(&aside(&key), &session));
        let found = ticket.to_record(&session, Timestamp::from_seconds(1));
        assert_eq!(Ticket::of_record(&found), ticket);
        assert_eq!(ticket.take_up(put), Some(session.clone()));
        assert_eq!(ticket.take_up(session), None);
        assert_eq!(aside(&aside(&key)), key);
    }

    #[test]
    fn a_ticket_has_fixed_bytes() {
        let name = ticket_name(&StoreKey::from_bytes([7; 32]), *b"01234567");
        let mut input = vec![7; 32];
        input.extend(b"\0moving01234567");
        assert_eq!(name.as_bytes()[..8], *b"01234567");
        assert_eq!(name.as_bytes()[8..], Sha256::digest(input)[..8]);
    }
}
