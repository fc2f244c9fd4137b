//! The part of the report that is time: all contenders by turns, so that what slows the machine down slows down all of them.

use std::{error::Error, time::Duration};

use crate::{
    case::Case,
    contender::Contender,
    contenders::{contestant, go_is_there},
    figure::{Figure, Times},
    meter::Meter,
    recording::Recording,
    scenario::Scenario,
    size::Size,
    visitor::Contestant,
};

/// What it is recorded as.
pub(crate) const PART: &str = "time";

/// Times every scenario, and records it.
///
/// # Errors
///
/// When one of them fails.
pub(crate) async fn measure() -> Result<(), Box<dyn Error>> {
    let foreign = go_is_there()?;
    let mut figures = Vec::new();
    for case in Case::COMPARED {
        for size in Size::ALL {
            let scenarios = Contender::ALL
                .into_iter()
                .filter(|contender| foreign || !contender.is_foreign())
                .map(|contender| Scenario::new(contender, case, size))
                .filter(Scenario::is_possible);
            let scenarios: Vec<Scenario> = scenarios.collect();
            let times = by_turns(&scenarios).await?;
            for (scenario, times) in scenarios.iter().zip(times) {
                figures.push(Figure::new(scenario, times));
            }
        }
    }
    Recording::new(figures).save(PART)
}

/// Times scenarios by turns.
///
/// # Errors
///
/// When one of them fails.
pub(crate) async fn by_turns(scenarios: &[Scenario]) -> Result<Vec<Times>, Box<dyn Error>> {
    let mut turns = Vec::new();
    for scenario in scenarios {
        turns.push(Turns::new(contestant(scenario).await?).await?);
    }
    for _ in 0..PASSES {
        for turns in &mut turns {
            turns.take().await?;
        }
    }
    Ok(turns
        .into_iter()
        .map(|turns| Times::of(turns.passes))
        .collect())
}

/// Somebody whose turn comes again and again.
struct Turns {
    contestant: Box<dyn Contestant>,
    rounds: usize,
    passes: Vec<f64>,
}

impl Turns {
    async fn new(mut contestant: Box<dyn Contestant>) -> Result<Self, Box<dyn Error>> {
        contestant.run(WARM_UP, &mut Meter::stopped()).await?;
        let mut meter = Meter::running();
        contestant.run(WARM_UP, &mut meter).await?;
        let one = meter.time.as_nanos() / WARM_UP as u128;
        let rounds = TURN.as_nanos() / one.max(1);
        Ok(Self {
            contestant,
            rounds: usize::try_from(rounds)?.clamp(4, 4000),
            passes: Vec::with_capacity(PASSES),
        })
    }

    async fn take(&mut self) -> Result<(), Box<dyn Error>> {
        let mut meter = Meter::running();
        self.contestant.run(self.rounds, &mut meter).await?;
        #[expect(clippy::cast_precision_loss, reason = "some thousand rounds")]
        let rounds = self.rounds as f64;
        self.passes.push(meter.time.as_secs_f64() * 1e9 / rounds);
        Ok(())
    }
}

/// How often each has its turn.
const PASSES: usize = 41;

/// How long a turn takes, about.
const TURN: Duration = Duration::from_millis(1);

const WARM_UP: usize = 50;
