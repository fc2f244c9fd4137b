use std::{
    alloc::System,
    error::Error,
    future::{Future, poll_fn},
    hint,
    pin::{Pin, pin},
    task::{Context, Poll},
    time::{Duration, Instant},
};

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The functions under which callgrind counts, and nowhere else.
///
/// A visitor's own work, like building a request or keeping cookies, is done outside of them.
pub(crate) const COUNTED: &str = "*counted_by_callgrind*";

/// Measures what answering costs: time, allocations, and under callgrind instructions.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    is_running: bool,
    pub(crate) time: Duration,
    pub(crate) allocations: usize,
    pub(crate) allocated_bytes: usize,
    waits: usize,
}

impl Meter {
    /// Measures nothing: for requests after which everything is as it will be.
    pub(crate) fn stopped() -> Self {
        Self::default()
    }

    pub(crate) fn running() -> Self {
        Self {
            is_running: true,
            ..Self::default()
        }
    }

    /// Polls an application until it has answered.
    pub(crate) async fn answer<F: Future>(&mut self, future: F) -> F::Output {
        let mut future = pin!(future);
        poll_fn(|context| {
            if !self.is_running {
                return plain_poll(future.as_mut(), context);
            }
            let poll = self.measure(|| poll_counted_by_callgrind(future.as_mut(), context));
            self.waits += usize::from(poll.is_pending());
            poll
        })
        .await
    }

    /// Lets go of an answer, and of the request that belongs to it.
    pub(crate) fn release<T>(&mut self, answer: T) {
        if self.is_running {
            self.measure(|| drop_counted_by_callgrind(answer));
        } else {
            drop(answer);
        }
    }

    /// Refuses a measurement of somebody who waited for other tasks, whose work nobody has counted.
    ///
    /// # Errors
    ///
    /// Says so.
    pub(crate) fn check_all_was_seen(&self) -> Result<(), Box<dyn Error>> {
        if self.waits > 0 {
            return Err("somebody else did a part of the work".into());
        }
        Ok(())
    }

    fn measure<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let region = Region::new(ALLOCATOR);
        let begun = Instant::now();
        let done = work();
        self.time += begun.elapsed();
        let change = region.change();
        self.allocations += change.allocations + change.reallocations;
        self.allocated_bytes += change.bytes_allocated;
        done
    }
}

// The black boxes keep a compiler from turning the last call into a jump, behind which callgrind would not see the return.

#[inline(never)]
fn poll_counted_by_callgrind<F: Future>(
    future: Pin<&mut F>,
    context: &mut Context<'_>,
) -> Poll<F::Output> {
    hint::black_box(future.poll(context))
}

#[inline(never)]
fn drop_counted_by_callgrind<T>(answer: T) {
    drop(answer);
    hint::black_box(());
}

// Something of its own keeps a compiler from taking it for the counted one, under whose name it would be counted, or not be.
#[inline(never)]
fn plain_poll<F: Future>(future: Pin<&mut F>, context: &mut Context<'_>) -> Poll<F::Output> {
    hint::black_box("not counted".len());
    hint::black_box(future.poll(context))
}
