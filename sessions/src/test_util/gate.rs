use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

/// Holds whoever comes until a test opens it, and tells the test who has come: an order of events without a clock.
///
/// Clones are the same gate.
///
/// ```
/// use sessions::test_util::Gate;
///
/// # actix_web::rt::System::new().block_on(async {
/// let gate = Gate::closed();
/// let visitor = actix_web::rt::spawn({
///     let gate = gate.clone();
///     async move { gate.pass().await }
/// });
/// gate.reached(1).await;
/// assert!(!visitor.is_finished());
/// gate.open();
/// assert!(visitor.await.is_ok());
/// # });
/// ```
#[derive(Clone)]
pub struct Gate {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    is_open: bool,
    arrived: usize,
    wakers: Vec<Waker>,
}

impl Gate {
    /// A gate that lets nobody pass yet.
    #[must_use]
    pub fn closed() -> Self {
        Self {
            state: Arc::default(),
        }
    }

    /// Lets everybody pass, those who wait and those who come.
    pub fn open(&self) {
        let mut state = self.lock();
        state.is_open = true;
        state.wake();
    }

    /// Waits until the gate is open.
    pub fn pass(&self) -> impl Future<Output = ()> + Send + 'static {
        Pass {
            gate: self.clone(),
            has_arrived: false,
        }
    }

    /// Waits until so many have come to the gate, whether they passed or not.
    pub fn reached(&self, visitors: usize) -> impl Future<Output = ()> + Send + 'static {
        Reached {
            gate: self.clone(),
            visitors,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        f.debug_struct("Gate")
            .field("is_open", &state.is_open)
            .field("arrived", &state.arrived)
            .finish()
    }
}

impl State {
    fn wake(&mut self) {
        self.wakers.drain(..).for_each(Waker::wake);
    }

    fn wait(&mut self, context: &Context<'_>) -> Poll<()> {
        let waker = context.waker();
        if !self.wakers.iter().any(|known| known.will_wake(waker)) {
            self.wakers.push(waker.clone());
        }
        Poll::Pending
    }
}

struct Pass {
    gate: Gate,
    has_arrived: bool,
}

impl Future for Pass {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let is_first = !self.has_arrived;
        self.has_arrived = true;
        let mut state = self.gate.lock();
        if is_first {
            state.arrived += 1;
            state.wake();
        }
        if state.is_open {
            return Poll::Ready(());
        }
        state.wait(context)
    }
}

struct Reached {
    gate: Gate,
    visitors: usize,
}

impl Future for Reached {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.gate.lock();
        if state.arrived >= self.visitors {
            return Poll::Ready(());
        }
        state.wait(context)
    }
}
