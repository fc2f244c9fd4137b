use std::{
    fs,
    net::{SocketAddr, TcpStream},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::redis_server::{find, free_port};

/// A memcached of one test: on a port of its own, killed when it is dropped, and with it everything that it kept.
#[derive(Debug)]
pub struct MemcachedServer {
    /// `None` while it is stopped.
    child: Option<Child>,
    port: u16,
    arguments: Vec<String>,
}

/// How long a server may take to start, on a machine that has other work.
const START_LIMIT: Duration = Duration::from_secs(20);

impl MemcachedServer {
    /// Starts one.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts one with more arguments, `-m 1` for instance.
    ///
    /// # Panics
    ///
    /// When there is no such server on this machine, or it does not start.
    #[must_use]
    pub fn start_with(arguments: &[&str]) -> Self {
        // Between finding a free port and starting there, somebody else may take it.
        for _ in 0..5 {
            let mut server = Self {
                child: None,
                port: free_port(),
                arguments: arguments.iter().map(|word| (*word).to_owned()).collect(),
            };
            if server.try_to_start() {
                return server;
            }
        }
        panic!("memcached starts with {arguments:?}");
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// Ends it, and with it everything that it keeps.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may have ended by itself.
            _ = child.kill();
            _ = child.wait();
        }
    }

    /// Starts it on the same port again, empty.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub fn start_again(&mut self) {
        self.kill();
        assert!(self.try_to_start(), "the server starts again");
    }

    /// Stops it in the middle of whatever it does: it holds its connections and answers nothing.
    pub fn pause(&self) {
        self.signal("STOP");
        // Each of its threads stops when it is next on a processor.
        while self.is_running() {
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.signal("CONT");
    }

    fn signal(&self, signal: &str) {
        if let Some(child) = &self.child {
            let sent = Command::new("kill")
                .args([format!("-{signal}"), child.id().to_string()])
                .status();
            assert!(sent.is_ok_and(|status| status.success()), "kill runs");
        }
    }

    /// Whether one of its threads is not stopped, where the system tells.
    fn is_running(&self) -> bool {
        let Some(child) = &self.child else {
            return false;
        };
        let threads = fs::read_dir(format!("/proc/{}/task", child.id()));
        threads.into_iter().flatten().flatten().any(|thread| {
            let state = fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
            // Behind the name, which may have spaces.
            state
                .rsplit(") ")
                .next()
                .is_some_and(|state| !state.starts_with('T'))
        })
    }

    /// `false` if it ended by itself, because of its port perhaps.
    fn try_to_start(&mut self) -> bool {
        let program = find("memcached").expect("memcached is installed");
        // As root it wants to be told that it may; for anybody else it is no question.
        let child = Command::new(program)
            .args(["-l", "127.0.0.1", "-U", "0", "-u", "root"])
            .args(["-p", &self.port.to_string()])
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let mut child = child.expect("memcached is installed");
        let deadline = Instant::now() + START_LIMIT;
        while Instant::now() < deadline {
            if matches!(child.try_wait(), Ok(Some(_)) | Err(_)) {
                return false;
            }
            if TcpStream::connect(self.address()).is_ok() {
                break;
            }
            thread::sleep(Duration::from_millis(10));
        }
        self.child = Some(child);
        true
    }
}

impl Drop for MemcachedServer {
    fn drop(&mut self) {
        self.kill();
    }
}
