use std::{
    error::Error,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use sessions::store::{SessionStore, Write, Written};

use crate::{bulk::key, stored::Numbers};

use super::subject::{Subject, now, rewritten};

/// How long somebody waits, in microseconds.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Latency {
    /// Half wait for no longer than this,
    pub(crate) half: f64,
    /// and 99 of 100 for no longer than this.
    pub(crate) most: f64,
}

/// Ours, and the client's alone.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Beside<T> {
    pub(crate) ours: T,
    pub(crate) bare: T,
}

/// Loads and saves sessions drawn at random, by turns with our store and with the client alone, so that what slows down the machine slows down both.
///
/// # Errors
///
/// When either fails.
pub(crate) async fn beside(
    subject: &dyn Subject,
    sessions: u64,
) -> Result<(Beside<Latency>, Beside<Latency>), Box<dyn Error>> {
    let store = subject.store().await?;
    let (mut ours, mut bare) = (Samples::new(1), Samples::new(2));
    let began = Instant::now();
    for turn in 0..TURNS {
        ours.by_store(&*store, sessions).await?;
        bare.by_client(subject, sessions).await?;
        if turn == 0 {
            // Connections are made, statements prepared, scripts sent.
            ours.forget();
            bare.forget();
        }
        if began.elapsed() > LIMIT {
            break;
        }
    }
    let (ours, bare) = (ours.into_latencies(), bare.into_latencies());
    Ok((
        Beside {
            ours: ours.0,
            bare: bare.0,
        },
        Beside {
            ours: ours.1,
            bare: bare.1,
        },
    ))
}

/// The same with our store alone.
///
/// # Errors
///
/// When it fails.
pub(crate) async fn alone(
    subject: &dyn Subject,
    sessions: u64,
) -> Result<(Latency, Latency), Box<dyn Error>> {
    let store = subject.store().await?;
    let mut ours = Samples::new(3);
    let began = Instant::now();
    for turn in 0..TURNS {
        ours.by_store(&*store, sessions).await?;
        if turn == 0 {
            ours.forget();
        }
        if began.elapsed() > LIMIT / 2 {
            break;
        }
    }
    Ok(ours.into_latencies())
}

/// What each call has taken.
struct Samples {
    numbers: Numbers,
    /// So that each save writes something else.
    writes: u64,
    loads: Vec<f64>,
    saves: Vec<f64>,
}

impl Samples {
    fn new(seed: u64) -> Self {
        Self {
            numbers: Numbers::new(seed, u64::MAX),
            writes: seed << 32,
            loads: Vec::new(),
            saves: Vec::new(),
        }
    }

    async fn by_store(
        &mut self,
        store: &dyn SessionStore,
        sessions: u64,
    ) -> Result<(), Box<dyn Error>> {
        for _ in 0..TURN {
            let key = key(self.numbers.next() % sessions);
            let now = now();
            let began = Instant::now();
            let loaded = store.load(&key, now).await?;
            self.loads.push(microseconds(began.elapsed()));
            let loaded = loaded.ok_or("a session is gone")?;
            self.writes += 1;
            let record = rewritten(loaded.record, self.writes);
            let began = Instant::now();
            let written = store
                .write(Write::update(&key, &record, loaded.revision, now))
                .await;
            self.saves.push(microseconds(began.elapsed()));
            let written = written?;
            if !matches!(written, Written::Applied { .. }) {
                return Err(format!("a session was not saved: {written:?}").into());
            }
        }
        Ok(())
    }

    async fn by_client(
        &mut self,
        subject: &dyn Subject,
        sessions: u64,
    ) -> Result<(), Box<dyn Error>> {
        for _ in 0..TURN {
            let key = key(self.numbers.next() % sessions);
            let began = Instant::now();
            let found = subject.load(&key).await?;
            self.loads.push(microseconds(began.elapsed()));
            self.writes += 1;
            let began = Instant::now();
            subject.save(&key, &found, self.writes).await?;
            self.saves.push(microseconds(began.elapsed()));
        }
        Ok(())
    }

    fn forget(&mut self) {
        self.loads.clear();
        self.saves.clear();
    }

    fn into_latencies(self) -> (Latency, Latency) {
        (Latency::of(self.loads), Latency::of(self.saves))
    }
}

impl Latency {
    fn of(mut samples: Vec<f64>) -> Self {
        samples.sort_by(f64::total_cmp);
        let at = |percent: usize| {
            let place = samples.len().saturating_sub(1) * percent / 100;
            samples.get(place).copied().unwrap_or_default()
        };
        Self {
            half: at(50),
            most: at(99),
        }
    }
}

fn microseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// Calls of each verb in a turn.
const TURN: usize = 20;

const TURNS: usize = 151;

/// Longer nobody takes turns, where a disk is waited for.
const LIMIT: Duration = Duration::from_secs(5);
