//! Deletes what is dead from stores whose engine does not forget by itself.
//!
//! Every worker of a server knocks here with its store, and is given a task. In each process the task that is first sweeps, the others wait,
//! and one of them goes on when the first ends with its worker. A sweep that fails is logged and tried again after the interval.
//!
//! Not promised: that a dead record is gone by a certain time, which matters to nobody, since no verb of a store finds it; and that one
//! machine of several sweeps, which costs the engine a few empty questions.

mod claim;
#[cfg(test)]
mod fixture;
mod sweep;
mod task;

pub use self::sweep::{Sweep, delete_all_expired};
pub(crate) use self::task::start;
