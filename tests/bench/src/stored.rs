//! What one session costs among many in a store.

use std::{
    env,
    error::Error,
    io,
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use sessions::{
    FilesystemStore, MemoryStore,
    store::{SessionStore, Write},
};

use crate::{
    bulk::{NOW, at_once, key, record, resident},
    figure::Times,
    scratch::Scratch,
};

/// The word by which this program calls itself, so that each store begins in a process of its own.
pub(crate) const STORED: &str = "stored";

/// What one operation takes, in nanoseconds, and one session, in bytes.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Stored {
    pub(crate) create: f64,
    pub(crate) load: Times,
    pub(crate) update: Times,
    pub(crate) resident: u64,
}

/// Measures a store with so many sessions in a process of its own.
///
/// # Errors
///
/// When that fails, with what it said.
pub(crate) fn measure(store: &str, sessions: u64) -> Result<Stored, Box<dyn Error>> {
    let output = Command::new(env::current_exe()?)
        .args([STORED, store, &sessions.to_string()])
        .stdin(Stdio::null())
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// What that process does.
///
/// # Errors
///
/// When the store does.
pub(crate) async fn run(
    store: &str,
    sessions: u64,
    out: &mut impl io::Write,
) -> Result<(), Box<dyn Error>> {
    let mut scratch = None;
    let store: Box<dyn SessionStore> = match store {
        "memory" => Box::new(MemoryStore::new().capacity(usize::MAX)),
        "files" => Box::new(FilesystemStore::new(
            scratch.insert(Scratch::new()?).path(),
        )?),
        _ => return Err(format!("no store is called {store}").into()),
    };
    let stored = fill_and_measure(store.as_ref(), sessions).await?;
    writeln!(out, "{}", serde_json::to_string(&stored)?)?;
    Ok(())
}

async fn fill_and_measure(
    store: &dyn SessionStore,
    sessions: u64,
) -> Result<Stored, Box<dyn Error>> {
    let before = resident()?;
    let begun = Instant::now();
    for number in 0..sessions {
        drop(
            store
                .write(Write::create(&key(number), &record(number), NOW))
                .await?,
        );
    }
    let create = nanoseconds(begun.elapsed(), sessions);
    let resident = resident()?.saturating_sub(before) / sessions.max(1);

    let mut numbers = Numbers::new(1, sessions);
    let (mut loads, mut updates) = (Vec::new(), Vec::new());
    for _ in 0..BATCHES {
        let keys: Vec<_> = (0..BATCH).map(|_| key(numbers.next())).collect();
        let mut loaded = Vec::with_capacity(keys.len());
        let begun = Instant::now();
        for key in &keys {
            loaded.push(store.load(key, NOW).await?.ok_or("a session is gone")?);
        }
        loads.push(nanoseconds(begun.elapsed(), BATCH));
        let begun = Instant::now();
        for (key, loaded) in keys.iter().zip(loaded) {
            // Refused where a key was drawn twice, which costs the same search.
            drop(
                store
                    .write(Write::update(key, &loaded.record, loaded.revision, NOW))
                    .await?,
            );
        }
        updates.push(nanoseconds(begun.elapsed(), BATCH));
    }
    Ok(Stored {
        create,
        load: Times::of(loads),
        update: Times::of(updates),
        resident,
    })
}

/// How many sessions a second so many threads load and write, in one store in memory.
///
/// # Errors
///
/// When the store fails.
pub(crate) fn shared(threads: u64) -> Result<f64, Box<dyn Error>> {
    let store = MemoryStore::new();
    for number in 0..SHARED {
        drop(at_once(store.write(Write::create(
            &key(number),
            &record(number),
            NOW,
        )))?);
    }
    let store = Arc::new(store);
    let (is_over, done) = (AtomicBool::new(false), AtomicU64::new(0));
    let begun = Instant::now();
    thread::scope(|scope| {
        for thread in 0..threads {
            let (store, is_over, done) = (&store, &is_over, &done);
            scope.spawn(move || {
                let mut numbers = Numbers::new(thread + 1, SHARED);
                while !is_over.load(Ordering::Relaxed) {
                    let key = key(numbers.next());
                    if let Ok(Some(loaded)) = at_once(store.load(&key, NOW))
                        && at_once(store.write(Write::update(
                            &key,
                            &loaded.record,
                            loaded.revision,
                            NOW,
                        )))
                        .is_ok()
                    {
                        done.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
        thread::sleep(Duration::from_millis(500));
        is_over.store(true, Ordering::Relaxed);
    });
    #[expect(clippy::cast_precision_loss, reason = "some millions")]
    let done = done.into_inner() as f64;
    Ok(done / begun.elapsed().as_secs_f64())
}

/// Numbers below a bound, in no order.
pub(crate) struct Numbers {
    state: u64,
    bound: u64,
}

impl Numbers {
    pub(crate) const fn new(seed: u64, bound: u64) -> Self {
        Self { state: seed, bound }
    }

    pub(crate) const fn next(&mut self) -> u64 {
        // The multiplier is Knuth's, for MMIX; its high bits are the good ones.
        self.state = self
            .state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 24) % self.bound
    }
}

fn nanoseconds(time: Duration, operations: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "some millions")]
    let operations = operations.max(1) as f64;
    time.as_secs_f64() * 1e9 / operations
}

const BATCHES: usize = 101;
const BATCH: u64 = 100;

/// How many sessions threads share.
const SHARED: u64 = 100_000;
