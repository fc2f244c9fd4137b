use std::{
    fs,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// A server's process, or the place for one: killed when it is dropped.
#[derive(Debug, Default)]
pub(crate) struct Daemon(Option<Child>);

/// How long a server may take to start, on a machine that has other work.
pub(crate) const START_LIMIT: Duration = Duration::from_secs(20);

impl Daemon {
    /// Starts a process and waits until it answers; `false` if it ended by itself, because of its port perhaps.
    pub(crate) fn start(&mut self, command: &mut Command, answers: impl Fn() -> bool) -> bool {
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let mut child = child.expect("the server is installed");
        let deadline = Instant::now() + START_LIMIT;
        while Instant::now() < deadline {
            if matches!(child.try_wait(), Ok(Some(_)) | Err(_)) {
                return false;
            }
            if answers() {
                break;
            }
            thread::sleep(Duration::from_millis(10));
        }
        self.0 = Some(child);
        true
    }

    /// Ends it as SIGKILL does.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.0.take() {
            // It may have ended by itself.
            _ = child.kill();
            _ = child.wait();
        }
    }

    /// Stops it in the middle of whatever it does.
    pub(crate) fn pause(&self) {
        self.signal("STOP");
        // Each of its threads stops when it is next on a processor.
        while self.is_running() {
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Lets it go on.
    pub(crate) fn resume(&self) {
        self.signal("CONT");
    }

    fn signal(&self, signal: &str) {
        if let Some(child) = &self.0 {
            let sent = Command::new("kill")
                .args([format!("-{signal}"), child.id().to_string()])
                .status();
            assert!(sent.is_ok_and(|status| status.success()), "kill runs");
        }
    }

    /// Whether one of its threads is not stopped, where the system tells.
    fn is_running(&self) -> bool {
        let Some(child) = &self.0 else {
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
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.kill();
    }
}
