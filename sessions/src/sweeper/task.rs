use std::{
    error::Error,
    sync::{Arc, Weak},
    time::Duration,
};

use rand::RngExt as _;
use tokio::{runtime::Handle, time::sleep};

use crate::{clock::Clock, store::SessionStore};

use super::{
    claim::Claim,
    sweep::{Sweep, sweep},
};

/// After how long a batch that was not answered has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// Sweeps a store from now on, unless it expires by itself; `report` is told how many sessions a sweep has ended, if any.
///
/// Every worker calls it, on its own runtime and as often as it likes, of which the first counts; in a process one of them sweeps at a
/// time. The task ends with the runtime, and within an interval of the last [`Arc`] of the store, of which it keeps none. If the store
/// or `report` panics, the task ends: another worker goes on, until none is left.
pub(crate) fn start(
    store: &Arc<dyn SessionStore>,
    sweep: Sweep,
    clock: Clock,
    report: impl Fn(usize) + Send + 'static,
) {
    if store.abilities().expires_by_itself {
        return;
    }
    // Not `spawn_local`, which panics where nobody drives local tasks, as below `#[tokio::test]`. A worker's runtime ends its tasks either way.
    let Ok(worker) = Handle::try_current() else {
        tracing::warn!(
            "dead sessions are not swept: the application was made outside of a runtime; make it inside, or call `delete_all_expired`"
        );
        return;
    };
    let store = Arc::downgrade(store);
    if let Some(turn) = Claim::turn(&store, worker.id()) {
        worker.spawn(run(turn, store, sweep, clock, report));
    }
}

async fn run(
    _turn: Claim,
    store: Weak<dyn SessionStore>,
    options: Sweep,
    clock: Clock,
    report: impl Fn(usize),
) {
    // Machines that were started together do not ask the engine together.
    let mut rest = rand::rng().random_range(Duration::from_millis(1)..=options.every);
    let mut claim = None;
    loop {
        sleep(rest).await;
        rest = options.every;
        let Some(store_now) = store.upgrade() else {
            return;
        };
        claim = claim.or_else(|| Claim::store(&store));
        if claim.is_none() {
            continue;
        }
        let swept = sweep(&*store_now, options.batch, &clock, Some(PATIENCE)).await;
        if swept.ended > 0 {
            report(swept.ended);
        }
        if let Some(failure) = swept.failure {
            tracing::warn!(
                error = &failure as &dyn Error,
                "dead sessions not swept; the next try is after the interval, look after the store if this goes on"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        pin::pin,
        sync::{
            Mutex,
            atomic::{AtomicU64, AtomicUsize, Ordering},
        },
        task::{Context, Waker},
    };

    use tokio::runtime::{Builder, Runtime};

    use crate::{clock::Timestamp, store::StoreErrorKind};

    use super::super::fixture::{Engine, Fault};

    use super::*;

    /// A worker of a server, whose time goes by when the test says so.
    struct Worker(Runtime);

    impl Worker {
        fn new() -> Self {
            let mut builder = Builder::new_current_thread();
            Self(builder.enable_time().start_paused(true).build().unwrap())
        }

        fn start(&self, engine: &Arc<Engine>, report: impl Fn(usize) + Send + 'static) {
            let store: Arc<dyn SessionStore> = Arc::<Engine>::clone(engine);
            self.0
                .block_on(async { start(&store, sweep(), Clock::system(), report) });
        }

        /// Long enough for a sweep, wherever in the interval it lies.
        fn let_an_interval_pass(&self) {
            self.0.block_on(async { sleep(EVERY * 11 / 10).await });
        }

        fn tasks(&self) -> usize {
            self.0.metrics().num_alive_tasks()
        }
    }

    const EVERY: Duration = Duration::from_secs(600);

    fn sweep() -> Sweep {
        Sweep::default().every(EVERY)
    }

    /// Which worker reported how many sessions.
    type Reports = Arc<Mutex<Vec<(usize, usize)>>>;

    fn three_workers(engine: &Arc<Engine>) -> (Vec<Worker>, Reports) {
        let reports = Reports::default();
        let workers = (0..3).map(|number| {
            let worker = Worker::new();
            let reports = Arc::clone(&reports);
            worker.start(engine, move |ended| {
                reports.lock().unwrap().push((number, ended));
            });
            worker
        });
        (workers.collect(), reports)
    }

    fn calls(engine: &Engine) -> usize {
        engine.calls.load(Ordering::Relaxed)
    }

    #[test]
    fn of_three_workers_one_sweeps_and_none_at_once() {
        let engine = Arc::new(Engine::default());
        let (workers, reports) = three_workers(&engine);
        assert_eq!(calls(&engine), 0);
        for _ in 0..10 {
            engine.dead.store(7, Ordering::Relaxed);
            workers.iter().for_each(Worker::let_an_interval_pass);
        }
        assert_eq!(*reports.lock().unwrap(), [(0, 7); 10]);
        assert!((10..=11).contains(&calls(&engine)), "{}", calls(&engine));
    }

    #[test]
    fn another_worker_takes_over_from_one_that_died() {
        let engine = Arc::new(Engine::default());
        let (mut workers, reports) = three_workers(&engine);
        for number in 0..3 {
            engine.dead.store(7, Ordering::Relaxed);
            workers.iter().for_each(Worker::let_an_interval_pass);
            assert_eq!(reports.lock().unwrap().last(), Some(&(number, 7)));
            workers.remove(0);
        }
        assert_eq!(reports.lock().unwrap().len(), 3);
    }

    #[test]
    fn another_worker_takes_over_when_the_store_panics() {
        let engine = Arc::new(Engine::default());
        engine.faults.lock().unwrap().push_back(Fault::Panic);
        let (workers, reports) = three_workers(&engine);
        engine.dead.store(7, Ordering::Relaxed);
        workers.iter().for_each(Worker::let_an_interval_pass);
        assert_eq!(*reports.lock().unwrap(), [(1, 7)]);
    }

    #[test]
    fn a_worker_has_one_task_for_a_store_however_often_it_asks() {
        let engine = Arc::new(Engine::default());
        let worker = Worker::new();
        for _ in 0..5 {
            worker.start(&engine, |_| {});
        }
        assert_eq!(worker.tasks(), 1);
        worker.start(&Arc::new(Engine::default()), |_| {});
        assert_eq!(worker.tasks(), 2);
    }

    #[test]
    fn a_sweep_takes_every_batch_at_the_time_of_the_clock() {
        let engine = Arc::new(Engine::default());
        engine.dead.store(2500, Ordering::Relaxed);
        let store: Arc<dyn SessionStore> = Arc::<Engine>::clone(&engine);
        let ended = Arc::new(AtomicUsize::new(0));
        let report = Arc::clone(&ended);
        let worker = Worker::new();
        worker.0.block_on(async {
            let clock = Clock::turned(Arc::new(AtomicU64::new(7)));
            start(&store, sweep(), clock, move |sessions| {
                report.fetch_add(sessions, Ordering::Relaxed);
            });
            sleep(EVERY + Duration::from_millis(1)).await;
        });
        assert_eq!(ended.load(Ordering::Relaxed), 2500);
        assert_eq!(
            *engine.times.lock().unwrap(),
            [Timestamp::from_seconds(7); 3]
        );
    }

    #[test]
    fn a_failing_store_is_swept_again_after_the_interval() {
        let engine = Arc::new(Engine::default());
        engine.faults.lock().unwrap().extend([
            Fault::Error(StoreErrorKind::Unavailable),
            Fault::Silence,
            Fault::Error(StoreErrorKind::Corrupt),
        ]);
        let (workers, reports) = three_workers(&engine);
        engine.dead.store(7, Ordering::Relaxed);
        for _ in 0..2 {
            workers.iter().for_each(Worker::let_an_interval_pass);
            assert_eq!(*reports.lock().unwrap(), []);
        }
        for _ in 0..4 {
            workers.iter().for_each(Worker::let_an_interval_pass);
        }
        assert!(engine.faults.lock().unwrap().is_empty());
        assert_eq!(*reports.lock().unwrap(), [(0, 7)]);
    }

    #[test]
    fn what_was_swept_before_a_failure_is_reported() {
        let engine = Engine::default();
        engine.dead.store(2500, Ordering::Relaxed);
        let worker = Worker::new();
        let swept = worker.0.block_on(async {
            let clock = Clock::system();
            let mut one = pin!(super::sweep(&engine, 1000, &clock, None));
            let first = one.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert!(first.is_pending(), "others are served between two batches");
            let fault = Fault::Error(StoreErrorKind::Unavailable);
            engine.faults.lock().unwrap().push_back(fault);
            one.await
        });
        assert_eq!(swept.ended, 1000);
        let kind = swept.failure.map(|failure| failure.kind());
        assert_eq!(kind, Some(StoreErrorKind::Unavailable));
    }

    #[test]
    fn the_task_ends_with_its_runtime_and_keeps_no_store() {
        let engine = Arc::new(Engine::default());
        let (workers, _) = three_workers(&engine);
        workers.iter().for_each(Worker::let_an_interval_pass);
        assert_eq!(Arc::strong_count(&engine), 1);
        assert_ne!(Arc::weak_count(&engine), 0);
        drop(workers);
        assert_eq!(Arc::weak_count(&engine), 0);
    }

    #[test]
    fn the_task_ends_when_nobody_has_the_store_any_more() {
        let engine = Arc::new(Engine::default());
        let (workers, _) = three_workers(&engine);
        workers.iter().for_each(Worker::let_an_interval_pass);
        drop(engine);
        workers.iter().for_each(Worker::let_an_interval_pass);
        assert!(workers.iter().all(|worker| worker.tasks() == 0));
    }

    #[test]
    fn a_store_that_expires_by_itself_is_not_swept() {
        let engine = Arc::new(Engine {
            forgets: true,
            ..Engine::default()
        });
        let (workers, _) = three_workers(&engine);
        assert!(workers.iter().all(|worker| worker.tasks() == 0));
    }

    #[test]
    fn outside_of_a_runtime_nothing_is_started_and_nothing_panics() {
        let store: Arc<dyn SessionStore> = Arc::new(Engine::default());
        start(&store, sweep(), Clock::system(), |_| {});
        assert_eq!(Arc::weak_count(&store), 0);
    }
}
