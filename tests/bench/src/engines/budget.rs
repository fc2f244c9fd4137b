use std::time::{Duration, Instant};

/// The time that is left for the whole part.
#[derive(Debug)]
pub(crate) struct Budget {
    end: Instant,
}

/// All of it.
const WHOLE: Duration = Duration::from_secs(350);

/// For what is measured of an engine besides filling it.
const RESERVED: Duration = Duration::from_secs(15);

/// Nobody waits for longer until one engine is full.
const LONGEST: Duration = Duration::from_secs(240);

impl Budget {
    pub(crate) fn begin() -> Self {
        Self {
            end: Instant::now() + WHOLE,
        }
    }

    /// How long one engine may be filled while so many are to be measured, itself among them: half of what is to spare, so that a slow one leaves
    /// something to those after it.
    pub(crate) fn for_filling(&self, engines: usize) -> Duration {
        let left = self.end.saturating_duration_since(Instant::now());
        let engines = u32::try_from(engines).unwrap_or(u32::MAX);
        let to_spare = left.saturating_sub(RESERVED.saturating_mul(engines));
        (to_spare / 2).min(LONGEST)
    }
}
