//! What a sweep of the memory store costs those who wait for it.

use std::{
    error::Error,
    future::Future,
    hint, io,
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
    MemoryStore, Timestamp,
    store::{SessionStore as _, Write},
};

use crate::bulk::{DEADLINE, NOW, at_once, key, record, resident};

/// What a server sweeps by one call.
const BATCH: usize = 1000;

/// Fills a store with sessions of 300 bytes, sweeps it while nothing is dead, when half is, and when all is.
///
/// A call of the store works on one shard between two moments at which it lets others work: no lock is held for longer than the longest of
/// these steps, which finds, unlocks and frees. Steps are measured in the time that the thread has worked, and by the clock on the wall, which
/// also counts whatever else the machine did meanwhile. So does a neighbor, who loads sessions all the while and says how long it waited at most.
pub(crate) fn run(sessions: u64, out: &mut impl io::Write) -> Result<(), Box<dyn Error>> {
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
    out: &mut impl io::Write,
) -> Result<(), Box<dyn Error>> {
    let bytes = resident()?.saturating_sub(before) / sessions.max(1);
    writeln!(
        out,
        "{what}: {sessions} sessions of 300 bytes, {bytes} bytes resident for each"
    )?;
    Ok(())
}

fn create(store: &MemoryStore, number: u64) -> Result<(), Box<dyn Error>> {
    drop(at_once(store.write(Write::create(
        &key(number),
        &record(number),
        NOW,
    )))?);
    Ok(())
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
