use std::error::Error;

use serde::{Deserialize, Serialize};

use crate::{contenders::contestant, meter::Meter, scenario::Scenario};

/// What a round asks of the allocator.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Allocations {
    /// How often it asks, also to let something grow.
    pub(crate) count: usize,
    /// How much it asks for, all in all.
    pub(crate) bytes: usize,
    /// How long the longest `Set-Cookie` line is.
    pub(crate) line: usize,
}

impl Allocations {
    /// Counts those of a scenario's rounds.
    ///
    /// # Errors
    ///
    /// When a request fails.
    pub(crate) async fn count(scenario: &Scenario) -> Result<Self, Box<dyn Error>> {
        let mut contestant = contestant(scenario).await?;
        contestant.run(20, &mut Meter::stopped()).await?;
        let mut meter = Meter::running();
        contestant.run(ROUNDS, &mut meter).await?;
        Ok(Self {
            count: (meter.allocations + ROUNDS / 2) / ROUNDS,
            bytes: meter.allocated_bytes / ROUNDS,
            line: contestant.longest_line(),
        })
    }
}

const ROUNDS: usize = 40;
