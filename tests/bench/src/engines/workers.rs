use std::{
    error::Error,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use futures_util::future::try_join_all;
use sessions::store::{SessionStore, StoreError, StoreKey, Write, Written};
use tokio::{runtime, sync::Barrier, task::spawn_blocking};

use crate::{bulk::key, stored::Numbers};

use super::subject::{now, rewritten};

/// How many there are at once.
pub(crate) const COUNTS: [usize; 4] = [1, 2, 4, 8];

/// How often so many workers together load a session and save it, in a second.
///
/// Each has a thread and a runtime of its own and does one after the other, as workers of a server do that have one visitor each.
///
/// # Errors
///
/// When the store fails.
pub(crate) async fn pairs_a_second(
    store: Arc<dyn SessionStore>,
    workers: usize,
    sessions: u64,
) -> Result<f64, Box<dyn Error>> {
    let barrier = Arc::new(Barrier::new(workers));
    let threads: Vec<_> = (0..workers)
        .map(|worker| {
            let (store, barrier) = (Arc::clone(&store), Arc::clone(&barrier));
            thread::spawn(move || work(&*store, worker as u64, sessions, &barrier))
        })
        .collect();
    // Connections that were made here are driven here, so this thread must not wait.
    let joined = spawn_blocking(move || {
        let ended = threads.into_iter().map(|thread| {
            let ended = thread.join();
            ended.unwrap_or_else(|_| Err("a worker panicked".to_owned()))
        });
        ended.collect::<Result<Vec<f64>, String>>()
    });
    Ok(joined.await??.into_iter().sum())
}

fn work(
    store: &dyn SessionStore,
    worker: u64,
    sessions: u64,
    barrier: &Barrier,
) -> Result<f64, String> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let mut numbers = Numbers::new(worker + 100, sessions);
        // Whoever fails lets the others begin and end all the same.
        let prepared = prepare(store, &mut numbers).await;
        barrier.wait().await;
        let done = match prepared {
            Ok(()) => pairs(store, worker, &mut numbers).await,
            Err(error) => Err(format!("{error:?}")),
        };
        // A connection is driven by whoever made it, and another may have it now.
        barrier.wait().await;
        done
    })
}

/// Has as many connections made as a pool will ever make: while one is given back, it makes another, and to greet a server takes longer than to ask it.
async fn prepare(store: &dyn SessionStore, numbers: &mut Numbers) -> Result<(), StoreError> {
    for _ in 0..ROUNDS {
        let keys: Vec<StoreKey> = (0..AT_ONCE).map(|_| key(numbers.next())).collect();
        let loads = keys.iter().map(|key| store.load(key, now()));
        try_join_all(loads).await?;
    }
    Ok(())
}

async fn pairs(
    store: &dyn SessionStore,
    worker: u64,
    numbers: &mut Numbers,
) -> Result<f64, String> {
    let began = Instant::now();
    let mut done = 0_u32;
    while began.elapsed() < DURATION {
        let (key, now) = (key(numbers.next()), now());
        let loaded = store.load(&key, now).await;
        let loaded = loaded.map_err(|error| format!("{error:?}"))?;
        let loaded = loaded.ok_or("a session is gone")?;
        let record = rewritten(loaded.record, worker << 32 | u64::from(done));
        let written = store.write(Write::update(&key, &record, loaded.revision, now));
        match written.await {
            Ok(Written::Applied { .. }) => done += 1,
            // Two have drawn one session.
            Ok(Written::Conflict) => {}
            other => return Err(format!("a session was not saved: {other:?}")),
        }
    }
    Ok(f64::from(done) / began.elapsed().as_secs_f64())
}

const AT_ONCE: usize = 10;
const ROUNDS: usize = 10;
const DURATION: Duration = Duration::from_millis(500);
