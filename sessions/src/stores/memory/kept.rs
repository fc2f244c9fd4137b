use crate::{
    clock::Timestamp,
    store::{Device, Handle, Principal, Record, Revision, StoreError, StoreErrorKind, WriteId},
};

/// A record in one piece of memory: a third less than its fields in pieces of their own.
///
/// ```text
/// handle 16 · write id 16 · created 8 · last seen 8 · deadline 8 · parts 1 · principal · address · user agent · body
/// parts      bits: 1 principal, 2 device, 4 address, 8 user agent
/// principal, address, user agent   if there: length 4 · bytes
/// ```
pub(super) struct Kept(Box<[u8]>);

const WRITE_ID: usize = 16;
const CREATED: usize = 32;
const LAST_SEEN: usize = 40;
const DEADLINE: usize = 48;
const PARTS: usize = 56;
const HEAD: usize = 57;

const PRINCIPAL: u8 = 1;
const DEVICE: u8 = 2;
const ADDRESS: u8 = 4;
const USER_AGENT: u8 = 8;

impl Kept {
    /// Refuses a principal or a device of 4 GiB.
    pub(super) fn new(record: &Record) -> Result<Self, StoreError> {
        let device = record.device.as_ref();
        let texts = [
            (
                PRINCIPAL,
                record.principal.as_ref().map(Principal::as_bytes),
            ),
            (
                ADDRESS,
                device.and_then(|device| device.address.as_deref().map(str::as_bytes)),
            ),
            (
                USER_AGENT,
                device.and_then(|device| device.user_agent.as_deref().map(str::as_bytes)),
            ),
        ];
        let mut parts = if device.is_some() { DEVICE } else { 0 };
        let mut len = HEAD + record.body.len();
        for (part, text) in texts {
            if let Some(text) = text {
                parts |= part;
                len += 4 + text.len();
            }
        }
        let mut bytes = Vec::with_capacity(len);
        bytes.extend_from_slice(record.handle.as_bytes());
        bytes.extend_from_slice(record.write_id.as_bytes());
        for time in [record.created, record.last_seen, record.deadline] {
            bytes.extend_from_slice(&time.as_seconds().to_le_bytes());
        }
        bytes.push(parts);
        for text in texts.into_iter().filter_map(|(_, text)| text) {
            let len =
                u32::try_from(text.len()).map_err(|_| StoreError::new(StoreErrorKind::TooLarge))?;
            bytes.extend_from_slice(&len.to_le_bytes());
            bytes.extend_from_slice(text);
        }
        bytes.extend_from_slice(&record.body);
        Ok(Self(bytes.into_boxed_slice()))
    }

    pub(super) fn to_record(&self) -> Result<Record, StoreError> {
        self.read().ok_or(StoreError::new(StoreErrorKind::Corrupt))
    }

    pub(super) fn is_alive(&self, now: Timestamp) -> bool {
        self.time(DEADLINE) > now
    }

    pub(super) fn last_seen(&self) -> Timestamp {
        self.time(LAST_SEEN)
    }

    pub(super) fn handle(&self) -> Handle {
        Handle::from_bytes(self.array(0))
    }

    /// The write that left it so.
    pub(super) fn revision(&self) -> Revision {
        Revision::from_bytes(self.array(WRITE_ID))
    }

    pub(super) fn principal(&self) -> Option<&[u8]> {
        if self.0.get(PARTS)? & PRINCIPAL == 0 {
            return None;
        }
        take_text(&mut self.0.get(HEAD..)?)
    }

    /// Moves both times, each if that is later.
    pub(super) fn touch(&mut self, deadline: Timestamp, now: Timestamp) {
        for (at, time) in [(DEADLINE, deadline), (LAST_SEEN, now)] {
            let later = time.max(self.time(at));
            if let Some(bytes) = self.0.get_mut(at..at + 8) {
                bytes.copy_from_slice(&later.as_seconds().to_le_bytes());
            }
        }
    }

    fn time(&self, at: usize) -> Timestamp {
        Timestamp::from_seconds(u64::from_le_bytes(self.array(at)))
    }

    /// Of the head, which is always there.
    fn array<const N: usize>(&self, at: usize) -> [u8; N] {
        self.0
            .get(at..)
            .and_then(|bytes| bytes.first_chunk())
            .copied()
            .unwrap_or([0; N])
    }

    fn read(&self) -> Option<Record> {
        let parts = *self.0.get(PARTS)?;
        let mut rest = self.0.get(HEAD..)?;
        let mut text = |part| {
            if parts & part == 0 {
                Some(None)
            } else {
                take_text(&mut rest).map(Some)
            }
        };
        let principal = text(PRINCIPAL)?;
        let address = text(ADDRESS)?;
        let user_agent = text(USER_AGENT)?;
        let string =
            |bytes: Option<&[u8]>| bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        Some(Record {
            handle: self.handle(),
            write_id: WriteId::from_bytes(self.array(WRITE_ID)),
            created: self.time(CREATED),
            last_seen: self.time(LAST_SEEN),
            deadline: self.time(DEADLINE),
            principal: principal.map(Principal::from_bytes),
            device: (parts & DEVICE != 0).then(|| Device {
                address: string(address),
                user_agent: string(user_agent),
            }),
            body: rest.to_vec(),
        })
    }
}

fn take_text<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (len, after) = rest.split_first_chunk()?;
    let (text, after) = after.split_at_checked(u32::from_le_bytes(*len) as usize)?;
    *rest = after;
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_kept_with_every_part_it_may_have() {
        let texts = [None, Some(""), Some("::1")];
        for principal in [None, Some(&b""[..]), Some(b"anna")] {
            for device in [None, Some(())] {
                for (address, user_agent) in texts.into_iter().zip(texts.into_iter().rev()) {
                    let record = Record {
                        handle: Handle::from_bytes([1; 16]),
                        write_id: WriteId::from_bytes([2; 16]),
                        created: Timestamp::from_seconds(3),
                        last_seen: Timestamp::from_seconds(4),
                        deadline: Timestamp::from_seconds(u64::MAX),
                        principal: principal.map(Principal::from_bytes),
                        device: device.map(|()| Device {
                            address: address.map(str::to_owned),
                            user_agent: user_agent.map(str::to_owned),
                        }),
                        body: b"body".to_vec(),
                    };
                    let kept = Kept::new(&record).unwrap();
                    assert_eq!(kept.to_record().unwrap(), record);
                    assert_eq!(kept.principal(), principal);
                }
            }
        }
    }

    #[test]
    fn what_is_not_a_record_is_corrupt() {
        for bytes in [&[][..], &[0; PARTS], &[0xff; HEAD], &[0xff; HEAD + 8]] {
            let kept = Kept(bytes.into());
            let error = kept.to_record().unwrap_err();
            assert_eq!(error.kind(), StoreErrorKind::Corrupt);
            assert_eq!(kept.principal(), None);
        }
    }
}
