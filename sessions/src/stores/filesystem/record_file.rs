use std::ops::Range;

use sha2::{Digest as _, Sha256};

use crate::{
    clock::Timestamp,
    store::{Device, Handle, Listed, Loaded, Principal, Record, Revision, StoreKey, WriteId},
};

/// The bytes of a record's file.
///
/// ```text
///   0  "SESS"  magic
///   4  1       version of this format
///   5  flags   1 has a principal, 2 has a device, 4 has an address, 8 has a user agent
///   6  2       length of the principal
///   8  2       length of the address
///  10  2       length of the user agent
///  12  4       length of the body
///  16  16      handle
///  32  16      write id, which is the revision
///  48  8       created      ┐
///  56  8       last seen    ├ as written; seconds since the Unix epoch
///  64  8       deadline     ┘
///  72  8       check of the body:  first bytes of SHA-256( body )
///  80  8       check of the head:  first bytes of SHA-256( bytes 0..80 · labels )
///  88  8       last seen    ┐ as touched; zeros until then
///  96  8       deadline     ┘
/// 104  8       check of those: first bytes of SHA-256( write id · last seen · deadline ); zeros until then
/// 112  labels  principal · address · user agent
///      body    to the end of the file
/// ```
///
/// Numbers are big-endian. Bytes 88 to 112 are written over in place by a touch; all others never change. That window lies inside the first
/// sector of the file, so that even a failing disk writes it at once or not at all; if it is torn all the same, the times as written hold. The
/// checks find what a power failure leaves behind, not what somebody forged: who can write here, can write anything.
#[derive(Debug)]
pub(super) struct Head {
    handle: Handle,
    write_id: WriteId,
    created: Timestamp,
    last_seen: Timestamp,
    deadline: Timestamp,
    principal: Option<Principal>,
    device: Option<Device>,
    body: Range<usize>,
    body_check: Check,
    /// The times as touched do not check: somebody is writing them, or once failed to.
    pub(super) torn: bool,
}

/// Why a file is not a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// It never will be one.
    Damaged,
    /// A newer version of this crate wrote it, and will read it.
    Newer,
}

/// Where the times stand that a touch writes.
pub(super) const TOUCHED_AT: u64 = 88;

/// How long what a touch writes is.
pub(super) const TOUCHED_LEN: usize = 24;

/// Everything before the labels.
pub(super) const FIXED_LEN: usize = 112;

const MAGIC: [u8; 4] = *b"SESS";
const VERSION: u8 = 1;

const HAS_PRINCIPAL: u8 = 1;
const HAS_DEVICE: u8 = 2;
const HAS_ADDRESS: u8 = 4;
const HAS_USER_AGENT: u8 = 8;
const ALL_FLAGS: u8 = HAS_PRINCIPAL | HAS_DEVICE | HAS_ADDRESS | HAS_USER_AGENT;

/// Enough to notice an accident.
type Check = [u8; 8];

/// A record's file, never touched; `None` if a length does not fit.
pub(super) fn encode(record: &Record) -> Option<Vec<u8>> {
    let device = record.device.as_ref();
    let principal = record.principal.as_ref().map(Principal::as_bytes);
    let address = device.and_then(|device| device.address.as_deref());
    let user_agent = device.and_then(|device| device.user_agent.as_deref());
    let labels = [
        principal,
        address.map(str::as_bytes),
        user_agent.map(str::as_bytes),
    ]
    .map(Option::unwrap_or_default);
    let flag = |has: bool, flag: u8| if has { flag } else { 0 };

    let labels_len: usize = labels.iter().map(|label| label.len()).sum();
    let mut bytes = Vec::with_capacity(FIXED_LEN + labels_len + record.body.len());
    bytes.extend_from_slice(&MAGIC);
    bytes.push(VERSION);
    bytes.push(
        flag(principal.is_some(), HAS_PRINCIPAL)
            | flag(device.is_some(), HAS_DEVICE)
            | flag(address.is_some(), HAS_ADDRESS)
            | flag(user_agent.is_some(), HAS_USER_AGENT),
    );
    for label in labels {
        bytes.extend_from_slice(&u16::try_from(label.len()).ok()?.to_be_bytes());
    }
    bytes.extend_from_slice(&u32::try_from(record.body.len()).ok()?.to_be_bytes());
    bytes.extend_from_slice(record.handle.as_bytes());
    bytes.extend_from_slice(record.write_id.as_bytes());
    for time in [record.created, record.last_seen, record.deadline] {
        bytes.extend_from_slice(&time.as_seconds().to_be_bytes());
    }
    bytes.extend_from_slice(&check(&[&record.body]));
    let [first, second, third] = labels;
    let head_check = check(&[&bytes, first, second, third]);
    bytes.extend_from_slice(&head_check);
    bytes.extend_from_slice(&[0; TOUCHED_LEN]);
    for label in labels {
        bytes.extend_from_slice(label);
    }
    bytes.extend_from_slice(&record.body);
    Some(bytes)
}

/// How long the head of a file is with its labels, from its first bytes; `None` if it has none.
pub(super) fn head_length(bytes: &[u8]) -> Option<usize> {
    let lengths = bytes.first_chunk::<12>()?.last_chunk::<6>()?;
    let (lengths, _) = lengths.as_chunks::<2>();
    let labels: usize = lengths
        .iter()
        .map(|length| usize::from(u16::from_be_bytes(*length)))
        .sum();
    Some(FIXED_LEN + labels)
}

impl Head {
    /// Reads the beginning of a file of `file_len` bytes: at least [`head_length`] of them, unless it is shorter.
    pub(super) fn read(bytes: &[u8], file_len: u64) -> Result<Self, Unreadable> {
        match bytes {
            [b'S', b'E', b'S', b'S', version, ..] if *version > VERSION => Err(Unreadable::Newer),
            _ => Self::read_version_1(bytes, file_len).ok_or(Unreadable::Damaged),
        }
    }

    fn read_version_1(bytes: &[u8], file_len: u64) -> Option<Self> {
        let (fixed, rest) = bytes.split_first_chunk::<FIXED_LEN>()?;
        let mut fields = fixed.as_slice();
        let fields = &mut fields;
        if take(fields)? != MAGIC || take(fields)? != [VERSION] {
            return None;
        }
        let [flags] = take(fields)?;
        let mut label_len = || take(fields).map(|length| usize::from(u16::from_be_bytes(length)));
        let label_lens = [label_len()?, label_len()?, label_len()?];
        let body_len = usize::try_from(u32::from_be_bytes(take(fields)?)).ok()?;
        let labels = rest.get(..label_lens.iter().sum())?;

        let handle = Handle::from_bytes(take(fields)?);
        let write_id: [u8; WriteId::LEN] = take(fields)?;
        let mut time = || take(fields).map(|seconds| seconds_of(&seconds));
        let (created, last_seen, deadline) = (time()?, time()?, time()?);
        let body_check = take(fields)?;
        let head_check: Check = take(fields)?;
        if head_check != check(&[fixed.first_chunk::<80>()?, labels]) || flags & !ALL_FLAGS != 0 {
            return None;
        }

        let touched: [u8; TOUCHED_LEN] = take(fields)?;
        let torn;
        let (last_seen, deadline) = match touched_times(&touched, &write_id) {
            Some((seen, until)) => {
                torn = false;
                (last_seen.max(seen), deadline.max(until))
            }
            None => {
                torn = touched != [0; TOUCHED_LEN];
                (last_seen, deadline)
            }
        };

        let [principal_len, address_len, user_agent_len] = label_lens;
        let (principal, labels) = labels.split_at_checked(principal_len)?;
        let (address, user_agent) = labels.split_at_checked(address_len)?;
        let text = |has: u8, bytes: &[u8]| match flags & has {
            0 => Some(None),
            _ => std::str::from_utf8(bytes)
                .ok()
                .map(|text| Some(text.to_owned())),
        };
        let device = Device {
            address: text(HAS_ADDRESS, address)?,
            user_agent: text(HAS_USER_AGENT, user_agent)?,
        };
        let body_start = FIXED_LEN + principal_len + address_len + user_agent_len;
        let body = body_start..body_start + body_len;
        if u64::try_from(body.end).ok()? != file_len {
            return None;
        }
        Some(Self {
            handle,
            write_id: WriteId::from_bytes(write_id),
            created,
            last_seen,
            deadline,
            principal: (flags & HAS_PRINCIPAL != 0).then(|| Principal::from_bytes(principal)),
            device: (flags & HAS_DEVICE != 0).then_some(device),
            body,
            body_check,
            torn,
        })
    }

    pub(super) fn is_live(&self, now: Timestamp) -> bool {
        now < self.deadline
    }

    pub(super) fn handle(&self) -> Handle {
        self.handle
    }

    pub(super) fn revision(&self) -> Revision {
        self.write_id.into()
    }

    pub(super) fn last_seen(&self) -> Timestamp {
        self.last_seen
    }

    pub(super) fn principal(&self) -> Option<&Principal> {
        self.principal.as_ref()
    }

    /// What to write at [`TOUCHED_AT`] to move the times; `None` if neither is later.
    pub(super) fn touched(&self, deadline: Timestamp, now: Timestamp) -> Option<[u8; TOUCHED_LEN]> {
        if deadline <= self.deadline && now <= self.last_seen {
            return None;
        }
        let last_seen = now.max(self.last_seen).as_seconds().to_be_bytes();
        let deadline = deadline.max(self.deadline).as_seconds().to_be_bytes();
        let [a, b, c] = [
            last_seen,
            deadline,
            check(&[self.write_id.as_bytes(), &last_seen, &deadline]),
        ];
        let mut bytes = [0; TOUCHED_LEN];
        for (place, byte) in bytes.iter_mut().zip(a.into_iter().chain(b).chain(c)) {
            *place = byte;
        }
        Some(bytes)
    }

    pub(super) fn into_listed(self, key: StoreKey) -> Listed {
        Listed {
            key,
            handle: self.handle,
            created: self.created,
            last_seen: self.last_seen,
            device: self.device,
        }
    }

    /// Adds the body, from the file's whole content; `None` if it is damaged.
    pub(super) fn into_loaded(self, mut file: Vec<u8>) -> Option<Loaded> {
        if check(&[file.get(self.body.clone())?]) != self.body_check {
            return None;
        }
        file.truncate(self.body.end);
        file.drain(..self.body.start);
        Some(Loaded::from(Record {
            handle: self.handle,
            write_id: self.write_id,
            created: self.created,
            last_seen: self.last_seen,
            deadline: self.deadline,
            principal: self.principal,
            device: self.device,
            body: file,
        }))
    }
}

/// Last seen and deadline; `None` unless they check.
fn touched_times(
    touched: &[u8; TOUCHED_LEN],
    write_id: &[u8; WriteId::LEN],
) -> Option<(Timestamp, Timestamp)> {
    let mut rest = touched.as_slice();
    let (last_seen, deadline) = (take(&mut rest)?, take(&mut rest)?);
    let checks = take::<8>(&mut rest)? == check(&[write_id, &last_seen, &deadline]);
    checks.then(|| (seconds_of(&last_seen), seconds_of(&deadline)))
}

fn seconds_of(bytes: &[u8; 8]) -> Timestamp {
    Timestamp::from_seconds(u64::from_be_bytes(*bytes))
}

fn check(parts: &[&[u8]]) -> Check {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    let [a, b, c, d, e, f, g, h, ..] = <[u8; 32]>::from(hash.finalize());
    [a, b, c, d, e, f, g, h]
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (chunk, after) = rest.split_first_chunk::<N>()?;
    *rest = after;
    Some(*chunk)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn record() -> Record {
        Record {
            handle: Handle::from_bytes(*b"handle handle ha"),
            write_id: WriteId::from_bytes(*b"write id write i"),
            created: at(0x1111),
            last_seen: at(0x2222),
            deadline: at(0x3333),
            principal: Some(Principal::from_bytes(*b"alice")),
            device: Some(Device {
                address: Some("::1".to_owned()),
                user_agent: Some("curl".to_owned()),
            }),
            body: b"the body".to_vec(),
        }
    }

    fn read(bytes: &[u8]) -> Result<Head, Unreadable> {
        Head::read(bytes, u64::try_from(bytes.len()).unwrap())
    }

    fn load(bytes: &[u8]) -> Option<Record> {
        let head = read(bytes).ok()?;
        head.into_loaded(bytes.to_vec()).map(|loaded| loaded.record)
    }

    fn touched(mut file: Vec<u8>, deadline: u64, now: u64) -> Vec<u8> {
        let times = read(&file).unwrap().touched(at(deadline), at(now)).unwrap();
        file[88..112].copy_from_slice(&times);
        file
    }

    #[test]
    fn a_record_has_fixed_bytes() {
        let mut expected = b"SESS\x01\x0f\0\x05\0\x03\0\x04\0\0\0\x08".to_vec();
        expected.extend(b"handle handle hawrite id write i");
        expected.extend(b"\0\0\0\0\0\0\x11\x11\0\0\0\0\0\0\x22\x22\0\0\0\0\0\0\x33\x33");
        expected.extend(GOLDEN_BODY_CHECK);
        expected.extend(GOLDEN_HEAD_CHECK);
        expected.extend([0; 24]);
        expected.extend(b"alice::1curlthe body");
        assert_eq!(encode(&record()).unwrap(), expected);

        let mut moved = expected;
        moved[88..112].copy_from_slice(&GOLDEN_TOUCHED);
        let expected = Record {
            last_seen: at(0x4444),
            deadline: at(0x5555),
            ..record()
        };
        assert_eq!(load(&moved), Some(expected));
        assert_eq!(
            touched(encode(&record()).unwrap(), 0x5555, 0x4444)[88..112],
            GOLDEN_TOUCHED
        );
    }

    #[test]
    fn whatever_a_record_has_or_lacks_reads_back() {
        let device = |address: Option<&str>, user_agent: Option<&str>| {
            Some(Device {
                address: address.map(str::to_owned),
                user_agent: user_agent.map(str::to_owned),
            })
        };
        for device in [
            None,
            device(None, None),
            device(Some(""), None),
            device(None, Some("é")),
        ] {
            for principal in [None, Some(vec![]), Some(vec![0; 512])] {
                for body in [vec![], vec![7; 70_000]] {
                    let record = Record {
                        device: device.clone(),
                        principal: principal.clone().map(Principal::from_bytes),
                        body,
                        ..record()
                    };
                    let bytes = encode(&record).unwrap();
                    let head = head_length(&bytes).unwrap();
                    assert_eq!(bytes.len(), head + record.body.len());
                    assert_eq!(load(&bytes), Some(record));
                }
            }
        }
    }

    #[test]
    fn a_label_too_long_for_its_length_is_refused() {
        let record = Record {
            principal: Some(Principal::from_bytes(vec![0; 65_536])),
            ..record()
        };
        assert_eq!(encode(&record), None);
    }

    #[test]
    fn a_touch_moves_times_forward_only() {
        let once = touched(encode(&record()).unwrap(), 0x5555, 0x4444);
        let head = read(&once).unwrap();
        assert_eq!(head.touched(at(0x5555), at(0x4444)), None);
        assert_eq!(head.touched(at(1), at(1)), None);
        let head = read(&touched(once, 1, 0x6666)).unwrap();
        assert_eq!((head.last_seen, head.deadline), (at(0x6666), at(0x5555)));
    }

    #[test]
    fn torn_times_leave_those_that_were_written() {
        let whole = touched(encode(&record()).unwrap(), 0x5555, 0x4444);
        for place in 88..112 {
            let mut torn = whole.clone();
            torn[place] ^= 1;
            assert!(read(&torn).unwrap().torn);
            assert_eq!(load(&torn), Some(record()));
        }
        assert!(!read(&whole).unwrap().torn);
    }

    #[test]
    fn a_record_that_is_short_long_or_changed_anywhere_is_none() {
        let whole = encode(&record()).unwrap();
        for len in 0..whole.len() {
            assert_eq!(load(&whole[..len]), None, "cut to {len}");
        }
        assert_eq!(load(&[&*whole, b"!"].concat()), None);
        for place in (0..88).chain(112..whole.len()) {
            let mut changed = whole.clone();
            changed[place] ^= 0x40;
            assert_eq!(load(&changed), None, "changed at {place}");
        }
        assert_eq!(load(&vec![0; whole.len()]), None);
    }

    #[test]
    fn a_newer_version_is_told_from_damage() {
        let mut newer = encode(&record()).unwrap();
        newer[4] = 2;
        assert_eq!(read(&newer).unwrap_err(), Unreadable::Newer);
        newer[4] = 0;
        assert_eq!(read(&newer).unwrap_err(), Unreadable::Damaged);
        assert_eq!(read(b"").unwrap_err(), Unreadable::Damaged);
    }

    // Computed with another implementation of SHA-256.
    const GOLDEN_BODY_CHECK: [u8; 8] = [0xfa, 0x82, 0x42, 0xe9, 0x9f, 0x48, 0x96, 0x6c];
    const GOLDEN_HEAD_CHECK: [u8; 8] = [0xc5, 0x5b, 0x35, 0xb1, 0xbe, 0x75, 0xf4, 0x99];
    const GOLDEN_TOUCHED: [u8; 24] = [
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x44, 0x44, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x55,
        0x55, 0x29, 0x8b, 0xf7, 0xd5, 0x19, 0x99, 0xed, 0x44,
    ];
}
