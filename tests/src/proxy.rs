use std::{
    io::{self, Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

/// A network between a client and a server that fails when it is told to.
///
/// Dropped, it cuts every connection and listens no more.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    line: Arc<Line>,
}

#[derive(Debug)]
struct Line {
    target: Mutex<SocketAddr>,
    condition: Mutex<Condition>,
    /// How old a connection is that is made now.
    generation: AtomicUsize,
    /// Connections that were made before are closed.
    cut: AtomicUsize,
    /// Through connections that were made before, nothing gets anymore.
    stranded: AtomicUsize,
    accepted: AtomicUsize,
    requests: AtomicUsize,
    is_over: AtomicBool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Condition {
    Whole,
    /// Nothing gets through, and nobody is told.
    Stalled,
    /// Connections are closed as soon as they are made.
    Down,
    /// So many answers get through; the next request does, and its answer does not, and the connection breaks.
    LosesAnAnswer(usize),
}

/// How long a byte may lie before somebody looks what has become of the line.
const TICK: Duration = Duration::from_millis(5);

impl Proxy {
    /// Listens on a loopback port of its own, and connects to the target for each connection.
    ///
    /// # Panics
    ///
    /// When no loopback port can be bound.
    #[must_use]
    pub fn start(target: SocketAddr) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a loopback port to listen on");
        let address = listener.local_addr().expect("a bound socket's address");
        let line = Arc::new(Line {
            target: Mutex::new(target),
            condition: Mutex::new(Condition::Whole),
            generation: AtomicUsize::new(0),
            cut: AtomicUsize::new(0),
            stranded: AtomicUsize::new(0),
            accepted: AtomicUsize::new(0),
            requests: AtomicUsize::new(0),
            is_over: AtomicBool::new(false),
        });
        thread::spawn({
            let line = Arc::clone(&line);
            move || {
                for client in listener.incoming().map_while(Result::ok) {
                    if line.is_over.load(Ordering::Relaxed) {
                        return;
                    }
                    line.accepted.fetch_add(1, Ordering::Relaxed);
                    line.connect(client);
                }
            }
        });
        Self { address, line }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections were made to it.
    #[must_use]
    pub fn accepted(&self) -> usize {
        self.line.accepted.load(Ordering::Relaxed)
    }

    /// How many requests went through it, if each waited for the answer to the one before, and is no longer than a packet.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.line.requests.load(Ordering::Relaxed)
    }

    /// Connects new connections to another server.
    pub fn retarget(&self, target: SocketAddr) {
        *lock(&self.line.target) = target;
    }

    /// Closes every connection, and each new one as soon as it is made.
    pub fn cut(&self) {
        self.line.set(Condition::Down);
        let generation = self.line.generation.fetch_add(1, Ordering::Relaxed) + 1;
        self.line.cut.store(generation, Ordering::Relaxed);
    }

    /// Holds every byte from now on, and tells nobody: what a machine does that is gone, or a firewall that forgot.
    pub fn stall(&self) {
        self.line.set(Condition::Stalled);
    }

    /// Holds every byte of the connections there are, for ever; new ones work.
    pub fn strand(&self) {
        let generation = self.line.generation.fetch_add(1, Ordering::Relaxed) + 1;
        self.line.stranded.store(generation, Ordering::Relaxed);
    }

    /// Lets the next request through and loses its answer: the connection breaks after the server got it.
    pub fn lose_the_next_answer(&self) {
        self.lose_an_answer_after(0);
    }

    /// Lets so many answers through, if each is no longer than a packet, and loses the next.
    pub fn lose_an_answer_after(&self, count: usize) {
        self.line.set(Condition::LosesAnAnswer(count));
    }

    /// Is whole again: connections that were stalled go on, those that were cut stay so.
    pub fn heal(&self) {
        self.line.set(Condition::Whole);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.cut();
        self.line.is_over.store(true, Ordering::Relaxed);
        // Wakes whoever waits for a connection.
        drop(TcpStream::connect(self.address));
    }
}

impl Line {
    fn set(&self, condition: Condition) {
        *lock(&self.condition) = condition;
    }

    fn condition(&self) -> Condition {
        *lock(&self.condition)
    }

    /// Whether nothing gets through a connection of this age.
    fn is_stalled(&self, generation: usize) -> bool {
        generation < self.stranded.load(Ordering::Relaxed) || self.condition() == Condition::Stalled
    }

    /// Whether a connection of this age is cut.
    fn is_cut(&self, generation: usize) -> bool {
        let cut = self.cut.load(Ordering::Relaxed);
        generation < cut
    }

    fn connect(self: &Arc<Self>, client: TcpStream) {
        if self.condition() == Condition::Down {
            return;
        }
        let target = *lock(&self.target);
        let Ok(server) = TcpStream::connect(target) else {
            return;
        };
        let (Ok(client_again), Ok(server_again)) = (client.try_clone(), server.try_clone()) else {
            return;
        };
        let generation = self.generation.load(Ordering::Relaxed);
        for (from, to, is_request) in [(client, server, true), (server_again, client_again, false)]
        {
            let line = Arc::clone(self);
            thread::spawn(move || {
                // Either side may be gone: that is what it is for.
                _ = line.pass(&from, &to, is_request, generation);
                _ = from.shutdown(Shutdown::Both);
                _ = to.shutdown(Shutdown::Both);
            });
        }
    }

    fn pass(
        &self,
        mut from: &TcpStream,
        mut to: &TcpStream,
        is_request: bool,
        generation: usize,
    ) -> io::Result<()> {
        from.set_read_timeout(Some(TICK))?;
        from.set_nodelay(true)?;
        let mut buffer = [0; 16 * 1024];
        while !self.is_cut(generation) {
            if self.is_stalled(generation) {
                thread::sleep(TICK);
                continue;
            }
            let read = match from.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
                    ) =>
                {
                    continue;
                }
                Err(error) => return Err(error),
            };
            // What came while the line stalled waits for it.
            while self.is_stalled(generation) && !self.is_cut(generation) {
                thread::sleep(TICK);
            }
            if !is_request && let Condition::LosesAnAnswer(after) = self.condition() {
                let Some(left) = after.checked_sub(1) else {
                    self.set(Condition::Whole);
                    break;
                };
                self.set(Condition::LosesAnAnswer(left));
            }
            if is_request {
                self.requests.fetch_add(1, Ordering::Relaxed);
            }
            let bytes = buffer.get(..read).unwrap_or_default();
            to.write_all(bytes)?;
        }
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
