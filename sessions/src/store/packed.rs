use crate::clock::Timestamp;

use super::{Device, Handle, Loaded, Principal, Record, WriteId};
#[cfg(any(feature = "redb", feature = "redis"))]
use super::{Listed, StoreKey};

/// A record as one string of bytes, for engines that keep a value under a key; docs/formats.md draws it, too.
///
/// ```text
///  0   1      version of this format
///  1   parts  1 has a principal, 2 has a device, 4 has an address, 8 has a user agent
///  2   16     write id, which is the revision
/// 18   16     handle
/// 34   8      created      ┐
/// 42   8      last seen    ├ seconds since the Unix epoch; a touch writes over the last two
/// 50   8      deadline     ┘
/// 58   principal · address · user agent, each that is there: length 2 · bytes
///      body, to the end
/// ```
///
/// Numbers are big-endian. `None` if a length does not fit.
pub(crate) fn encode(record: &Record) -> Option<Vec<u8>> {
    let device = record.device.as_ref();
    let labels = [
        (
            HAS_PRINCIPAL,
            record.principal.as_ref().map(Principal::as_bytes),
        ),
        (
            HAS_ADDRESS,
            device.and_then(|device| device.address.as_deref().map(str::as_bytes)),
        ),
        (
            HAS_USER_AGENT,
            device.and_then(|device| device.user_agent.as_deref().map(str::as_bytes)),
        ),
    ];
    let mut parts = if device.is_some() { HAS_DEVICE } else { 0 };
    let mut len = FIXED_LEN + record.body.len();
    for (part, label) in labels {
        if let Some(label) = label {
            parts |= part;
            len += 2 + label.len();
        }
    }
    let mut bytes = Vec::with_capacity(len);
    bytes.extend_from_slice(&[VERSION, parts]);
    bytes.extend_from_slice(record.write_id.as_bytes());
    bytes.extend_from_slice(record.handle.as_bytes());
    for time in [record.created, record.last_seen, record.deadline] {
        bytes.extend_from_slice(&time.as_seconds().to_be_bytes());
    }
    for label in labels.into_iter().filter_map(|(_, label)| label) {
        bytes.extend_from_slice(&u16::try_from(label.len()).ok()?.to_be_bytes());
        bytes.extend_from_slice(label);
    }
    bytes.extend_from_slice(&record.body);
    Some(bytes)
}

/// Writes over the two times that a touch moves; `false` where there are none.
#[cfg(any(feature = "memcached", feature = "redb"))]
pub(crate) fn write_times(bytes: &mut [u8], last_seen: Timestamp, deadline: Timestamp) -> bool {
    let [last_seen, deadline] = [last_seen, deadline].map(|time| time.as_seconds().to_be_bytes());
    let Some(times) = bytes.get_mut(LAST_SEEN_AT..FIXED_LEN) else {
        return false;
    };
    for (place, byte) in times.iter_mut().zip(last_seen.into_iter().chain(deadline)) {
        *place = byte;
    }
    true
}

/// Before the labels.
const FIXED_LEN: usize = 58;

#[cfg(any(feature = "memcached", feature = "redb"))]
const LAST_SEEN_AT: usize = 42;

const VERSION: u8 = 1;

const HAS_PRINCIPAL: u8 = 1;
const HAS_DEVICE: u8 = 2;
const HAS_ADDRESS: u8 = 4;
const HAS_USER_AGENT: u8 = 8;

/// A record that was read, and its body still where it was.
pub(crate) struct Packed<'a> {
    /// Without its body.
    pub(crate) record: Record,
    body: &'a [u8],
}

impl<'a> Packed<'a> {
    /// `None` for what is no record of this version.
    pub(crate) fn decode(bytes: &'a [u8]) -> Option<Self> {
        let mut rest = bytes;
        let [version, parts] = take(&mut rest)?;
        if version != VERSION || parts >= 16 {
            return None;
        }
        let write_id = WriteId::from_bytes(take(&mut rest)?);
        let handle = Handle::from_bytes(take(&mut rest)?);
        let mut time = || {
            Some(Timestamp::from_seconds(u64::from_be_bytes(take(
                &mut rest,
            )?)))
        };
        let (created, last_seen, deadline) = (time()?, time()?, time()?);
        let mut label = |part| {
            if parts & part == 0 {
                return Some(None);
            }
            let len = u16::from_be_bytes(take(&mut rest)?);
            let (label, after) = rest.split_at_checked(len.into())?;
            rest = after;
            Some(Some(label))
        };
        let principal = label(HAS_PRINCIPAL)?;
        let address = label(HAS_ADDRESS)?;
        let user_agent = label(HAS_USER_AGENT)?;
        let text = |label: Option<&[u8]>| match label {
            Some(label) => Some(Some(str::from_utf8(label).ok()?.to_owned())),
            None => Some(None),
        };
        let device = Device {
            address: text(address)?,
            user_agent: text(user_agent)?,
        };
        Some(Self {
            record: Record {
                handle,
                write_id,
                created,
                last_seen,
                deadline,
                principal: principal.map(Principal::from_bytes),
                device: (parts & HAS_DEVICE != 0).then_some(device),
                body: Vec::new(),
            },
            body: rest,
        })
    }

    pub(crate) fn is_alive(&self, now: Timestamp) -> bool {
        self.record.is_alive(now)
    }

    #[cfg(any(feature = "redb", feature = "redis"))]
    pub(crate) fn belongs_to(&self, principal: &Principal) -> bool {
        self.record.principal.as_ref() == Some(principal)
    }

    pub(crate) fn into_loaded(self) -> Loaded {
        Loaded::from(Record {
            body: self.body.to_vec(),
            ..self.record
        })
    }

    #[cfg(any(feature = "redb", feature = "redis"))]
    pub(crate) fn into_listed(self, key: StoreKey) -> Listed {
        Listed {
            key,
            handle: self.record.handle,
            created: self.record.created,
            last_seen: self.record.last_seen,
            device: self.record.device,
        }
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (bytes, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        Record {
            handle: Handle::from_bytes([1; 16]),
            write_id: WriteId::from_bytes([2; 16]),
            created: Timestamp::from_seconds(3),
            last_seen: Timestamp::from_seconds(4),
            deadline: Timestamp::from_seconds(5),
            principal: Some(Principal::from_bytes(*b"anna")),
            device: Some(Device {
                address: Some("::1".to_owned()),
                user_agent: Some("nc".to_owned()),
            }),
            body: b"body".to_vec(),
        }
    }

    /// The example of docs/formats.md.
    #[test]
    fn a_record_has_the_bytes_that_are_drawn() {
        let record = Record {
            handle: Handle::from_bytes(*b"0123456789abcdef"),
            write_id: WriteId::from_bytes(*b"fedcba9876543210"),
            created: Timestamp::from_seconds(1_700_000_000),
            last_seen: Timestamp::from_seconds(1_700_000_100),
            deadline: Timestamp::from_seconds(1_700_604_900),
            principal: Some(Principal::from_bytes(*b"ada")),
            device: Some(Device {
                address: Some("::1".to_owned()),
                user_agent: Some("curl".to_owned()),
            }),
            body: b"two apples".to_vec(),
        };
        let drawn = "01 0f\
            66656463626139383736353433323130 30313233343536373839616263646566\
            000000006553f100 000000006553f164 00000000655d2be4\
            0003 616461 0003 3a3a31 0004 6375726c 74776f206170706c6573";
        let written = encode(&record).unwrap();
        let written = written.iter().map(|byte| format!("{byte:02x}"));
        assert_eq!(written.collect::<String>(), drawn.replace(' ', ""));
    }

    #[test]
    fn a_record_comes_back_with_every_part_it_may_have() {
        let texts = [None, Some(""), Some("::1")];
        for principal in [None, Some(&b""[..]), Some(b"anna")] {
            for device in [None, Some(())] {
                for (address, user_agent) in texts.into_iter().zip(texts.into_iter().rev()) {
                    let record = Record {
                        principal: principal.map(Principal::from_bytes),
                        device: device.map(|()| Device {
                            address: address.map(str::to_owned),
                            user_agent: user_agent.map(str::to_owned),
                        }),
                        ..record()
                    };
                    let bytes = encode(&record).unwrap();
                    let packed = Packed::decode(&bytes).unwrap();
                    assert!(packed.is_alive(Timestamp::from_seconds(4)));
                    assert!(!packed.is_alive(record.deadline));
                    assert_eq!(packed.into_loaded().record, record);
                }
            }
        }
    }

    #[cfg(any(feature = "memcached", feature = "redb"))]
    #[test]
    fn times_are_written_over_and_nothing_else() {
        let mut bytes = encode(&record()).unwrap();
        let [seen, until] = [6, 7].map(Timestamp::from_seconds);
        assert!(write_times(&mut bytes, seen, until));
        let moved = Record {
            last_seen: seen,
            deadline: until,
            ..record()
        };
        assert_eq!(bytes, encode(&moved).unwrap());
        assert!(!write_times(&mut [1; 57], seen, until));
    }

    #[test]
    fn what_is_cut_is_no_record() {
        let record = Record {
            body: Vec::new(),
            ..record()
        };
        let bytes = encode(&record).unwrap();
        for len in 0..bytes.len() {
            assert!(Packed::decode(&bytes[..len]).is_none(), "{len} bytes");
        }
        assert!(Packed::decode(&bytes).is_some());
    }

    #[test]
    fn what_is_not_ours_is_no_record() {
        let mut newer = encode(&record()).unwrap();
        newer[0] = 2;
        let mut unknown_part = encode(&record()).unwrap();
        unknown_part[1] = 16;
        for bytes in [newer, unknown_part, vec![0xff; 200], vec![1; 200]] {
            assert!(Packed::decode(&bytes).is_none());
        }
    }

    #[test]
    fn a_label_longer_than_its_length_can_say_is_refused() {
        let record = Record {
            principal: Some(Principal::from_bytes(vec![7; 65_536])),
            ..record()
        };
        assert_eq!(encode(&record), None);
    }
}
