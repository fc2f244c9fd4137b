use serde::{Deserialize, Serialize};

use super::{
    latency::{Beside, Latency},
    trips::Trips,
};

/// What one engine costs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct EngineFigure {
    pub(crate) engine: String,
    pub(crate) version: String,
    /// `None` where nothing goes over a wire.
    pub(crate) trips: Option<Vec<Trips>>,
    pub(crate) load: Beside<Latency>,
    pub(crate) save: Beside<Latency>,
    /// Few sessions, and many.
    pub(crate) crowds: Vec<Crowd>,
    /// Why there were not many.
    pub(crate) left_out: Option<String>,
    /// Workers, and how often all of them together loaded and saved a session in a second.
    pub(crate) workers: Vec<(u64, f64)>,
}

/// What a verb takes, in microseconds, with so many sessions in the store.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Crowd {
    pub(crate) sessions: u64,
    pub(crate) load: f64,
    pub(crate) save: f64,
}
