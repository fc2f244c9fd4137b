use serde::{Deserialize, Serialize};

use crate::{
    allocations::Allocations, case::Case, contender::Contender, scenario::Scenario, size::Size,
};

/// What one scenario costs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Figure<T> {
    contender: String,
    case: String,
    bytes: usize,
    pub(crate) cost: T,
}

impl<T> Figure<T> {
    pub(crate) fn new(scenario: &Scenario, cost: T) -> Self {
        Self {
            contender: scenario.contender.to_string(),
            case: scenario.case.to_string(),
            bytes: scenario.size.bytes(),
            cost,
        }
    }

    /// Finds the cost of a scenario among many.
    pub(crate) fn find(
        figures: &[Self],
        contender: Contender,
        case: Case,
        size: Size,
    ) -> Option<&T> {
        let (contender, case) = (contender.to_string(), case.to_string());
        let figure = figures.iter().find(|figure| {
            figure.contender == contender && figure.case == case && figure.bytes == size.bytes()
        });
        figure.map(|figure| &figure.cost)
    }
}

/// Instructions and allocations, which are the same whenever they are counted.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Counts {
    /// Nothing where other threads do a part of the work.
    pub(crate) instructions: Option<u64>,
    pub(crate) allocations: Allocations,
}

/// Time on the wall.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Times {
    /// The median of the passes, in nanoseconds a round.
    pub(crate) median: f64,
    /// A quarter of the passes was faster than this,
    pub(crate) lower: f64,
    /// and a quarter slower than this.
    pub(crate) upper: f64,
}

impl Times {
    /// Puts passes in order.
    pub(crate) fn of(mut passes: Vec<f64>) -> Self {
        passes.sort_by(f64::total_cmp);
        let at = |quarter: usize| {
            let place = passes.len().saturating_sub(1) * quarter / 4;
            passes.get(place).copied().unwrap_or_default()
        };
        Self {
            median: at(2),
            lower: at(1),
            upper: at(3),
        }
    }
}

/// Every scenario that is counted: those who can, in each case, with each size.
pub(crate) fn compared() -> impl Iterator<Item = Scenario> {
    Case::COMPARED.into_iter().flat_map(|case| {
        Size::ALL.into_iter().flat_map(move |size| {
            Contender::ALL
                .into_iter()
                .filter(|contender| !contender.is_foreign())
                .map(move |contender| Scenario::new(contender, case, size))
                .filter(Scenario::is_possible)
        })
    })
}
