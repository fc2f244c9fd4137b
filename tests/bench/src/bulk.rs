//! Many sessions at once, put into a store as the library would.

use std::{
    error::Error,
    fs,
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

use sessions::{
    Handle, Timestamp,
    store::{Answer, Record, StoreKey, WriteId},
};

/// When all of it happens.
pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

/// When every other session ends.
pub(crate) const DEADLINE: Timestamp = Timestamp::from_seconds(1_700_000_060);

/// Makes a session with a body of 300 bytes. Every other one lives longer.
pub(crate) fn record(number: u64) -> Record {
    let mut id = [0; 16];
    for (place, byte) in id.iter_mut().zip(number.to_le_bytes()) {
        *place = byte;
    }
    Record {
        handle: Handle::from_bytes(id),
        write_id: WriteId::from_bytes(id),
        created: NOW,
        last_seen: NOW,
        deadline: if number.is_multiple_of(2) {
            DEADLINE
        } else {
            Timestamp::from_seconds(u64::MAX - 1)
        },
        principal: None,
        device: None,
        body: vec![7; 300],
    }
}

/// Spreads numbers as evenly as a hash.
pub(crate) fn key(number: u64) -> StoreKey {
    let mut bytes = [0; StoreKey::LEN];
    let mut state = number;
    for chunk in bytes.chunks_exact_mut(8) {
        // SplitMix64, by Steele, Lea and Flood.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        chunk.copy_from_slice(&(mixed ^ (mixed >> 31)).to_le_bytes());
    }
    StoreKey::from_bytes(bytes)
}

/// What a store answers that never waits.
///
/// # Errors
///
/// When it waits, or fails.
pub(crate) fn at_once<T>(answer: Answer<'_, T>) -> Result<T, Box<dyn Error>> {
    match pin!(answer).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => Ok(answer?),
        Poll::Pending => Err("the memory store waits for nothing".into()),
    }
}

/// Bytes of this process that are in memory, as Linux counts them.
///
/// # Errors
///
/// When there is no `/proc`.
pub(crate) fn resident() -> Result<u64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    let kibibytes: u64 = kibibytes.ok_or("no VmRSS in /proc")?.trim().parse()?;
    Ok(kibibytes * 1024)
}
