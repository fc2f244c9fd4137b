use std::{
    future::{Future, poll_fn},
    hint, panic,
    pin::pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    task::Poll,
    thread,
};

use actix_web::rt::{self, Runtime, task};

use crate::{store::SessionStore, test_util::Gate};

/// Runs a law to its end, on a runtime of its own for this thread, on which tokio's I/O and time work.
///
/// # Panics
///
/// If the law does, or if the system has no runtime to give.
pub fn run(law: impl Future<Output = ()>) {
    let runtime = Runtime::new().expect("a runtime for the test");
    runtime.block_on(law);
}

/// What comes of an act on another thread, on a runtime that has ended by then.
pub(super) async fn on_another_runtime<T: Send + 'static>(
    act: impl AsyncFnOnce() -> T + Send + 'static,
) -> T {
    let acted = task::spawn_blocking(|| {
        let mut acted = None;
        run(async { acted = Some(act().await) });
        acted
    });
    match acted.await {
        Ok(Some(acted)) => acted,
        Ok(None) => panic!("the other runtime ended too early"),
        Err(error) => panic::resume_unwind(error.into_panic()),
    }
}

/// More than any engine takes.
pub(super) const MOST_POLLS: usize = 1_000;

/// Waits for an answer as long as it takes, but looks for it a number of times at most, and then drops it.
pub(super) async fn is_done_after(polls: usize, answer: impl Future) -> bool {
    let mut answer = pin!(answer);
    let mut left = polls;
    poll_fn(|context| {
        let looked = answer.as_mut().poll(context);
        left -= 1;
        match looked {
            Poll::Ready(_) => Poll::Ready(true),
            Poll::Pending if left == 0 => Poll::Ready(false),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// What came of a race, and those who ran it.
///
/// They stay until it is dropped: an engine's connection may be driven by the runtime it was first used on, as with a server's workers.
pub(super) struct Race<T> {
    /// By round, the answers in the order of the racers.
    pub(super) rounds: Vec<Vec<T>>,
    dismissed: Gate,
}

/// How often a race is run: one that is lost only now and then is still found.
pub(super) const ROUNDS: usize = 16;

/// Lets racers, each on a thread and a runtime of its own, do something to one store at the same time, [`ROUNDS`] times.
///
/// `act` is told the racer and the round.
pub(super) async fn race<S: SessionStore, T: Send + 'static>(
    store: &Arc<S>,
    racers: usize,
    act: impl AsyncFn(Arc<S>, usize, usize) -> T + Send + Sync + 'static,
) -> Race<T> {
    let act = Arc::new(act);
    let lines: Arc<[StartLine]> = (0..ROUNDS).map(|_| StartLine::new(racers)).collect();
    let answers = Arc::new(Mutex::new(Vec::new()));
    let (finished, dismissed) = (Gate::closed(), Gate::closed());
    let mut race = Race {
        rounds: (0..ROUNDS).map(|_| Vec::new()).collect(),
        dismissed: dismissed.clone(),
    };
    for racer in 0..racers {
        let (store, act) = (Arc::clone(store), Arc::clone(&act));
        let (lines, answers) = (Arc::clone(&lines), Arc::clone(&answers));
        let (finished, dismissed) = (finished.clone(), dismissed.clone());
        thread::spawn(move || {
            run(async move {
                for (round, line) in lines.iter().enumerate() {
                    line.wait().await;
                    let (store, act) = (Arc::clone(&store), Arc::clone(&act));
                    // As a task, so that a store that panics does not leave the others waiting at the next line.
                    let answer = rt::spawn(async move { act(store, racer, round).await });
                    let answer = (round, racer, answer.await.ok());
                    answers
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push(answer);
                }
                // The law alone ends the store.
                drop((store, act));
                finished.pass().await;
                dismissed.pass().await;
            });
        });
    }
    finished.reached(racers).await;
    finished.open();
    let mut answers = std::mem::take(&mut *answers.lock().unwrap_or_else(PoisonError::into_inner));
    answers.sort_by_key(|(round, racer, _)| (*round, *racer));
    for (round, racer, answer) in answers {
        let Some(answer) = answer else {
            panic!("racer {racer} panicked in round {round}: its message stands above");
        };
        if let Some(round) = race.rounds.get_mut(round) {
            round.push(answer);
        }
    }
    race
}

impl<T> Drop for Race<T> {
    fn drop(&mut self) {
        self.dismissed.open();
    }
}

/// Lets nobody pass until all have come, and then all at once.
struct StartLine {
    racers: usize,
    come: AtomicUsize,
    gone: AtomicUsize,
    gate: Gate,
}

impl StartLine {
    fn new(racers: usize) -> Self {
        Self {
            racers,
            come: AtomicUsize::new(0),
            gone: AtomicUsize::new(0),
            gate: Gate::closed(),
        }
    }

    async fn wait(&self) {
        if self.come.fetch_add(1, Ordering::Relaxed) + 1 == self.racers {
            self.gate.open();
        }
        self.gate.pass().await;
        // Threads wake one after the other: the first waits a moment, but not for ever, for the last.
        self.gone.fetch_add(1, Ordering::Relaxed);
        for turn in 0..10_000 {
            if self.gone.load(Ordering::Relaxed) >= self.racers {
                break;
            }
            if turn % 100 == 0 {
                thread::yield_now();
            }
            hint::spin_loop();
        }
    }
}
