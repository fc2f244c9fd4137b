//! What a sweep of the memory store costs those who wait for it.

use std::{
    error::Error,
    fs,
    future::Future,
    hint,
    io::Write,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Waker},
    thread,
    time::{Duration, Instant},
};

use rustix::time::{ClockId, clock_gettime};
use sessions::{
    Handle, MemoryStore, Timestamp,
    store::{Record, SessionStore as _, StoreKey, WriteId},
};

const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);
const DEADLINE: Timestamp = Timestamp::from_seconds(1_700_000_060);

/// What a server sweeps by one call.
const BATCH: usize = 1000;

/// Fills a store with sessions of 300 bytes, sweeps it while nothing is dead, when half is, and when all is.
///
/// A call of the store works on one shard between two moments at which it lets others work: no lock is held for longer than the longest of
/// these steps, which finds, unlocks and frees. Steps are measured in the time that the thread has worked, and by the clock on the wall, which
/// also counts whatever else the machine did meanwhile. So does a neighbor, who loads sessions all the while and says how long it waited at most.
pub(crate) fn run(sessions: u64, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let before = resident()?;
    let store = Arc::new(MemoryStore::new().capacity(usize::MAX));
    fill(&store, sessions)?;
    report("filled", sessions, before, out)?;
    for (what, now) in [
        ("none dead", NOW),
        ("half dead", DEADLINE),
        ("all dead", Timestamp::from_seconds(u64::MAX)),
    ] {
        let neighbor = Neighbor::new(&store, sessions);
        let mut steps = Stopwatch::default();
        let mut ended = 0;
        loop {
            let deleted = sweep(&store, now, &mut steps)?;
            ended += deleted;
            if deleted < BATCH {
                break;
            }
        }
        let loads = neighbor.stop()?;
        writeln!(
            out,
            "{what}: {ended} ended in {:.1?}, {} steps, the longest worked {:.0?}, {} over 1 ms (wall {:.0?}, {}); a neighbor's {} loads waited {:.1?} at most",
            steps.wall.total,
            steps.count,
            steps.worked.longest,
            steps.worked.over_a_millisecond,
            steps.wall.longest,
            steps.wall.over_a_millisecond,
            loads.count,
            loads.wall.longest
        )?;
    }
    report("emptied", sessions, before, out)?;
    // What the allocator has kept is used again.
    fill(&store, sessions)?;
    report("filled again", sessions, before, out)
}

fn fill(store: &MemoryStore, sessions: u64) -> Result<(), Box<dyn Error>> {
    (0..sessions).try_for_each(|number| create(store, number))
}

/// How much memory there is for each session.
fn report(
    what: &str,
    sessions: u64,
    before: u64,
    out: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    let bytes = resident()?.saturating_sub(before) / sessions.max(1);
    writeln!(
        out,
        "{what}: {sessions} sessions of 300 bytes, {bytes} bytes resident for each"
    )?;
    Ok(())
}

/// Every other session lives longer.
fn create(store: &MemoryStore, number: u64) -> Result<(), Box<dyn Error>> {
    let mut id = [0; 16];
    for (place, byte) in id.iter_mut().zip(number.to_le_bytes()) {
        *place = byte;
    }
    let record = Record {
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
    };
    drop(at_once(store.create(&key(number), &record, None, NOW))?);
    Ok(())
}

/// Spread as evenly as a hash.
fn key(number: u64) -> StoreKey {
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

/// One call, step by step.
fn sweep(
    store: &MemoryStore,
    now: Timestamp,
    steps: &mut Stopwatch,
) -> Result<usize, Box<dyn Error>> {
    let mut call = pin!(store.delete_expired(BATCH, now));
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(deleted) = steps.time(|| call.as_mut().poll(&mut context)) {
            return Ok(deleted?);
        }
        thread::yield_now();
    }
}

/// What a store answers that never waits.
fn at_once<T>(answer: sessions::store::Answer<'_, T>) -> Result<T, Box<dyn Error>> {
    match pin!(answer).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => Ok(answer?),
        Poll::Pending => Err("the memory store waits for nothing".into()),
    }
}

/// Somebody who loads one session after the other while others sweep.
struct Neighbor {
    is_dismissed: Arc<AtomicBool>,
    thread: thread::JoinHandle<Stopwatch>,
}

impl Neighbor {
    fn new(store: &Arc<MemoryStore>, sessions: u64) -> Self {
        let is_dismissed = Arc::new(AtomicBool::new(false));
        let (store, stop) = (Arc::clone(store), Arc::clone(&is_dismissed));
        let thread = thread::spawn(move || {
            let mut loads = Stopwatch::default();
            let mut number = 0_u64;
            while !stop.load(Ordering::Relaxed) {
                number = (number + 7919) % sessions.max(1);
                let key = key(number);
                hint::black_box(loads.time(|| at_once(store.load(&key, NOW)).ok()));
            }
            loads
        });
        Self {
            is_dismissed,
            thread,
        }
    }

    /// What its loads took.
    fn stop(self) -> Result<Stopwatch, Box<dyn Error>> {
        self.is_dismissed.store(true, Ordering::Relaxed);
        Ok(self.thread.join().map_err(|_| "the neighbor panicked")?)
    }
}

/// Measures work by two clocks.
#[derive(Default)]
struct Stopwatch {
    count: usize,
    wall: Times,
    /// What this thread was on a processor for.
    worked: Times,
}

impl Stopwatch {
    fn time<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let (begun, worked) = (Instant::now(), worked());
        let done = work();
        self.worked.add(self::worked().saturating_sub(worked));
        self.wall.add(begun.elapsed());
        self.count += 1;
        done
    }
}

#[derive(Default)]
struct Times {
    total: Duration,
    longest: Duration,
    over_a_millisecond: usize,
}

impl Times {
    fn add(&mut self, time: Duration) {
        self.total += time;
        self.longest = self.longest.max(time);
        self.over_a_millisecond += usize::from(time > Duration::from_millis(1));
    }
}

fn worked() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

/// Bytes of this process that are in memory, as Linux counts them.
fn resident() -> Result<u64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    let kibibytes: u64 = kibibytes.ok_or("no VmRSS in /proc")?.trim().parse()?;
    Ok(kibibytes * 1024)
}
