use std::fmt;

use rand::RngExt as _;

use crate::clock::Timestamp;

use super::{Handle, Principal};

/// What a store keeps under a key.
///
/// The store looks into none of it but `deadline` and, if it can index, `principal`.
#[derive(Clone, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a store must keep every field: a new one has to be a new version of the contract"
)]
pub struct Record {
    /// Names the session in public.
    pub handle: Handle,
    /// Says which write this is; chosen at random by the writer. A store without a version of its own may use it as [`Revision`].
    pub write_id: WriteId,
    /// When the session began.
    pub created: Timestamp,
    /// When its visitor was last seen, to within the touch interval.
    pub last_seen: Timestamp,
    /// From when on the record must never be loaded again.
    pub deadline: Timestamp,
    /// Whom the session belongs to.
    pub principal: Option<Principal>,
    /// Where its visitor was last seen from, if that is to be kept.
    pub device: Option<Device>,
    /// Everything else, perhaps sealed. Up to the size that the session's options allow, 1 MiB by default.
    pub body: Vec<u8>,
}

impl Record {
    /// Whether it may be found at this time: it is dead from its deadline on.
    #[must_use]
    pub fn is_alive(&self, now: Timestamp) -> bool {
        self.deadline > now
    }

    /// Moves the deadline and `last_seen`, each to the later of what it is and what is given; says whether either was.
    pub fn touch(&mut self, deadline: Timestamp, now: Timestamp) -> bool {
        let before = (self.deadline, self.last_seen);
        self.deadline = self.deadline.max(deadline);
        self.last_seen = self.last_seen.max(now);
        before != (self.deadline, self.last_seen)
    }
}

/// The body's length only: the bytes are somebody's data.
impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            handle,
            write_id,
            created,
            last_seen,
            deadline,
            principal,
            device,
            body,
        } = self;
        f.debug_struct("Record")
            .field("handle", handle)
            .field("write_id", write_id)
            .field("created", created)
            .field("last_seen", last_seen)
            .field("deadline", deadline)
            .field("principal", principal)
            .field("device", device)
            .field("body", &format_args!("{} bytes", body.len()))
            .finish()
    }
}

/// Names one write among all others.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct WriteId([u8; Self::LEN]);

impl WriteId {
    /// How many bytes it has.
    pub const LEN: usize = 16;

    pub(crate) fn generate() -> Self {
        // It must not repeat, and need not be secret: a reseeding generator is enough.
        // As one number: an array is drawn byte by byte.
        Self(rand::rng().random::<u128>().to_ne_bytes())
    }

    /// Takes bytes that [`as_bytes`](Self::as_bytes) gave.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}

impl fmt::Debug for WriteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, ..] = self.0;
        write!(f, "WriteId({a:02x}{b:02x}..)")
    }
}

/// A store's own word for the state a record is in: every applied write changes it to one it never was, a touch does not.
///
/// Only the store that gave it looks into it. If a state came back together with its content, whoever loaded the record in it the first time
/// would overwrite, unseen, what happened in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Revision([u8; 16]);

impl Revision {
    /// Takes any sixteen bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl From<u64> for Revision {
    fn from(counter: u64) -> Self {
        Self(u128::from(counter).to_be_bytes())
    }
}

impl From<WriteId> for Revision {
    fn from(write: WriteId) -> Self {
        Self(write.0)
    }
}

/// Where a visitor was seen from: for the page that lists "your devices".
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a store must keep every field: a new one has to be a new version of the contract"
)]
pub struct Device {
    /// The peer's address, as text.
    pub address: Option<String>,
    /// What the browser says it is, cut to 256 bytes.
    pub user_agent: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        let time = Timestamp::from_seconds(1);
        Record {
            handle: Handle::from_bytes([0; 16]),
            write_id: WriteId::from_bytes([1; 16]),
            created: time,
            last_seen: time,
            deadline: time,
            principal: Some(Principal::from_bytes(*b"ada")),
            device: None,
            body: vec![201, 202, 203],
        }
    }

    #[test]
    fn a_record_is_dead_from_its_deadline_on() {
        assert!(record().is_alive(Timestamp::from_seconds(0)));
        assert!(!record().is_alive(record().deadline));
    }

    #[test]
    fn a_touch_moves_each_time_forward_only_and_nothing_else() {
        let at = Timestamp::from_seconds;
        let touched = [
            ((1, 1), (1, 1), false),
            ((0, 0), (1, 1), false),
            ((5, 0), (5, 1), true),
            ((0, 4), (1, 4), true),
            ((5, 4), (5, 4), true),
        ];
        for ((deadline, now), (until, seen), has_moved) in touched {
            let mut touched = record();
            assert_eq!(touched.touch(at(deadline), at(now)), has_moved);
            let expected = Record {
                deadline: at(until),
                last_seen: at(seen),
                ..record()
            };
            assert_eq!(touched, expected);
        }
    }

    #[test]
    fn what_is_shown_of_a_record_is_not_its_data() {
        let shown = "Record { handle: Handle(00000000000000000000000000000000), write_id: WriteId(0101..), created: Timestamp(1), \
                     last_seen: Timestamp(1), deadline: Timestamp(1), principal: Some(Principal(..)), device: None, body: 3 bytes }";
        assert_eq!(format!("{:?}", record()), shown);
    }
}
