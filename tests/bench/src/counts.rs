//! The part of the report that is the same on every run: instructions and allocations.

use std::error::Error;

use crate::{
    allocations::Allocations,
    figure::{Counts, Figure, compared},
    instructions,
    recording::Recording,
    scenario::Scenario,
    tool::Tool,
};

/// What it is recorded as.
pub(crate) const PART: &str = "counts";

/// Counts what every scenario costs, and records it.
///
/// # Errors
///
/// When one of them fails.
pub(crate) async fn measure() -> Result<(), Box<dyn Error>> {
    let all: Vec<Scenario> = compared().collect();
    let alone: Vec<Scenario> = all
        .iter()
        .copied()
        .filter(|scenario| scenario.contender.is_single_threaded())
        .collect();
    let counted = if Tool::VALGRIND.install()? {
        instructions::count(&alone)?
    } else {
        Vec::new()
    };
    let mut figures = Vec::new();
    for scenario in &all {
        let place = alone.iter().position(|counted| counted == scenario);
        let counts = Counts {
            instructions: place.and_then(|place| counted.get(place).copied()),
            allocations: Allocations::count(scenario).await?,
        };
        figures.push(Figure::new(scenario, counts));
    }
    Recording::new(figures).save(PART)
}
