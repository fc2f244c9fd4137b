//! The part of the report that is engines: what it costs to keep sessions elsewhere than in memory.
//!
//! Each engine is measured with our store and with its client alone, which does the same commands on the same kind of connection: what lies between
//! the two is ours. Where servers are says the environment, as for the tests; `tests/bench/with-servers` starts them.

mod counter;
mod engine;
mod figure;
mod files;
mod latency;
mod memcached;
mod memory;
mod redb;
mod redis;
mod section;
mod sql;
mod subject;
mod trips;
mod turns;
mod workers;

use std::{
    error::Error,
    io::{self, Write as _},
    num::ParseIntError,
    time::{Duration, Instant},
};

use sessions::store::StoreKey;

use crate::{bulk::key, recording::Recording, table::grouped};

use self::{engine::Engine, figure::Crowd, subject::Subject};

pub(crate) use self::{figure::EngineFigure, section::section};

/// What it is recorded as.
pub(crate) const PART: &str = "engines";

/// How many sessions are in a store.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    /// While verbs are timed.
    pub(crate) few: u64,
    /// While they are timed again.
    pub(crate) many: u64,
}

impl Sizes {
    /// Reads them: at least one, and at least as many.
    ///
    /// # Errors
    ///
    /// When they are no numbers.
    pub(crate) fn parse(few: &str, many: &str) -> Result<Self, ParseIntError> {
        let few = few.parse::<u64>()?.max(1);
        Ok(Self {
            few,
            many: many.parse::<u64>()?.max(few),
        })
    }
}

impl Default for Sizes {
    fn default() -> Self {
        Self {
            few: 10_000,
            many: 1_000_000,
        }
    }
}

/// Measures every engine that is there, and records what they do.
///
/// # Errors
///
/// When an engine fails, after all others were measured and recorded.
pub(crate) async fn measure(sizes: Sizes) -> Result<(), Box<dyn Error>> {
    let mut told = io::stderr();
    let (mut figures, mut failures) = (Vec::new(), Vec::new());
    for engine in Engine::ALL {
        let began = Instant::now();
        let Some(address) = engine.address() else {
            let variable = engine.variable().unwrap_or_default();
            writeln!(told, "{engine}: not measured, as {variable} is not set")?;
            continue;
        };
        let measured = match engine.open(&address).await {
            Ok(subject) => measured(engine, &*subject, sizes).await,
            Err(error) => Err(error),
        };
        match measured {
            Ok(figure) => {
                figures.push(figure);
                writeln!(told, "{engine}: {:.0?}", began.elapsed())?;
            }
            Err(error) => {
                writeln!(told, "{engine}: failed, {error}")?;
                failures.push(engine.to_string());
            }
        }
    }
    Recording::new(figures).save(PART)?;
    if failures.is_empty() {
        Ok(())
    } else {
        Err(format!("not measured: {}", failures.join(", ")).into())
    }
}

/// Whether somebody has said where a server is: without any, the embedded engines are no reason to forget what was recorded of all.
pub(crate) fn are_there() -> bool {
    Engine::ALL
        .into_iter()
        .any(|engine| engine.variable().is_some() && engine.address().is_some())
}

/// Measures one, and takes away what was put there also if that failed: a server may be somebody's.
async fn measured(
    engine: Engine,
    subject: &dyn Subject,
    sizes: Sizes,
) -> Result<EngineFigure, Box<dyn Error>> {
    let figure = figure_of(engine, subject, sizes).await;
    let cleared = subject.clear(sizes.many).await;
    let figure = figure?;
    cleared?;
    Ok(figure)
}

async fn figure_of(
    engine: Engine,
    subject: &dyn Subject,
    sizes: Sizes,
) -> Result<EngineFigure, Box<dyn Error>> {
    let keys: Vec<StoreKey> = (0..sizes.few).map(key).collect();
    subject.fill(&keys).await?;
    let trips = match subject.counted().await? {
        None => None,
        Some(counted) => Some(trips::count(&counted).await?),
    };
    let (load, save) = latency::beside(subject, sizes.few).await?;
    let mut workers = Vec::new();
    for count in workers::COUNTS {
        let pairs = workers::pairs_a_second(subject.store().await?, count, sizes.few).await?;
        workers.push((count as u64, pairs));
    }
    let mut crowds = vec![Crowd {
        sessions: sizes.few,
        load: load.ours.half,
        save: save.ours.half,
    }];
    let left_out = fill(subject, sizes).await?;
    if left_out.is_none() {
        let (load, save) = latency::alone(subject, sizes.many).await?;
        crowds.push(Crowd {
            sessions: sizes.many,
            load: load.half,
            save: save.half,
        });
    }
    Ok(EngineFigure {
        engine: engine.to_string(),
        version: subject.version().await?,
        trips,
        load,
        save,
        crowds,
        left_out,
        workers,
    })
}

/// Adds sessions until there are many; returns why there are not.
async fn fill(subject: &dyn Subject, sizes: Sizes) -> Result<Option<String>, Box<dyn Error>> {
    let began = Instant::now();
    let missing = sizes.many.saturating_sub(sizes.few);
    let mut filled = 0;
    while filled < missing {
        let more = CHUNK.min(missing - filled);
        let first = sizes.few + filled;
        let keys: Vec<StoreKey> = (first..first + more).map(key).collect();
        subject.fill(&keys).await?;
        filled += more;
        let elapsed = began.elapsed();
        let expected = elapsed.as_secs_f64() * float(missing) / float(filled);
        if expected > LONGEST.as_secs_f64() || elapsed > LONGEST {
            return Ok(Some(format!(
                "to fill it with {} sessions would have taken {expected:.0} seconds, and there were {:.0} for it",
                grouped(sizes.many.into()),
                LONGEST.as_secs_f64()
            )));
        }
    }
    let store = subject.store().await?;
    let mut kept = 0_u64;
    for number in 0..SAMPLE {
        let key = key(number * sizes.many / SAMPLE);
        let found = store.load(&key, subject::now()).await?;
        kept += u64::from(found.is_some());
    }
    Ok((kept < SAMPLE).then(|| {
        format!(
            "of {} sessions it had kept {} %",
            grouped(sizes.many.into()),
            kept * 100 / SAMPLE
        )
    }))
}

fn float(count: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "all far below 2^52")]
    let float = count as f64;
    float
}

/// Nobody waits for longer until one engine is full.
const LONGEST: Duration = Duration::from_secs(400);

/// So many sessions are stored before somebody looks at the clock.
const CHUNK: u64 = 10_000;

/// Of so many one looks whether they are there.
const SAMPLE: u64 = 1_000;
