use std::{
    env,
    ffi::OsString,
    io::{self, BufRead as _, BufReader, Lines, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStderr, Command, Stdio},
};

/// Another process that works on the same files: the test program itself, told by its environment what to do. Dropped, it is killed.
///
/// The program needs a test `child::a_child_does_its_task`, which asks for its [`Task`].
#[derive(Debug)]
pub struct Worker(Child);

/// What a [`Worker`] is to do.
#[derive(Debug)]
#[non_exhaustive]
pub struct Task {
    /// Which of the tasks that the program knows.
    pub name: String,
    /// The files to do it with.
    pub place: PathBuf,
    /// Tells the workers of one task apart.
    pub number: u32,
}

const TEST: &str = "child::a_child_does_its_task";
const TASK: &str = "SESSIONS_TEST_CHILD_TASK";
const PLACE: &str = "SESSIONS_TEST_CHILD_PLACE";
const NUMBER: &str = "SESSIONS_TEST_CHILD_NUMBER";

impl Worker {
    /// Starts a process that does a task.
    ///
    /// # Panics
    ///
    /// When this program cannot be started again.
    #[must_use]
    pub fn start(task: &str, place: &Path, number: u32) -> Self {
        Self::start_by(Command::new(program()), task, place, number)
    }

    /// Starts one that can make no file larger than so many KiB, and is told so by an error.
    ///
    /// # Panics
    ///
    /// When there is no shell, or this program cannot be started again.
    #[must_use]
    pub fn start_with_small_files(kib: u32, task: &str, place: &Path, number: u32) -> Self {
        let mut shell = Command::new("bash");
        let limit = format!("trap '' XFSZ; ulimit -S -f {kib}; exec \"$@\"");
        shell.args(["-c", &limit, "worker"]).arg(program());
        Self::start_by(shell, task, place, number)
    }

    fn start_by(mut command: Command, task: &str, place: &Path, number: u32) -> Self {
        let child = command
            .args(["--exact", TEST, "--nocapture"])
            .env(TASK, task)
            .env(PLACE, place)
            .env(NUMBER, number.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        Self(child.expect("this program starts again"))
    }

    /// What it says, line by line.
    ///
    /// # Panics
    ///
    /// When it is asked for a second time.
    pub fn lines(&mut self) -> Lines<BufReader<ChildStderr>> {
        BufReader::new(self.0.stderr.take().expect("it is asked for once")).lines()
    }

    /// What it says until it has done its task.
    ///
    /// # Panics
    ///
    /// When it fails.
    #[must_use]
    pub fn finish(mut self) -> Vec<String> {
        let lines = self.lines().map_while(Result::ok).collect();
        let status = self.0.wait().expect("a child to wait for");
        assert!(status.success(), "{lines:?}");
        lines
    }

    /// Ends it as SIGKILL does: nothing of it runs anymore.
    ///
    /// # Panics
    ///
    /// When it cannot be ended.
    pub fn kill(&mut self) {
        self.0.kill().expect("a child to kill");
        self.0.wait().expect("a child to wait for");
    }

    /// Lets it make files of any size; `false` where there is no `prlimit`.
    #[must_use]
    pub fn allow_large_files(&self) -> bool {
        let pid = self.0.id().to_string();
        let status = Command::new("prlimit")
            .args(["--pid", &pid, "--fsize=unlimited"])
            .status();
        status.is_ok_and(|status| status.success())
    }

    /// Tells it to go on, where it [waits](Task::wait_for_word).
    pub fn go_on(&mut self) {
        drop(self.0.stdin.take());
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

impl Task {
    /// What this process is to do, if it is a [`Worker`].
    #[must_use]
    pub fn own() -> Option<Self> {
        let number = env::var(NUMBER).ok()?.parse().ok()?;
        Some(Self {
            name: env::var(TASK).ok()?,
            place: env::var_os(PLACE)?.into(),
            number,
        })
    }

    /// Tells the parent; it is in the pipe when this returns.
    ///
    /// # Panics
    ///
    /// When there is no parent anymore.
    pub fn say(line: &str) {
        let line = format!("{line}\n");
        io::stderr()
            .write_all(line.as_bytes())
            .expect("a parent that listens");
    }

    /// Waits until the parent says that it may go on.
    pub fn wait_for_word() {
        // Nothing is ever sent; that the pipe is closed is the word.
        _ = io::copy(&mut io::stdin(), &mut io::sink());
    }
}

fn program() -> OsString {
    env::current_exe()
        .expect("the path of this program")
        .into_os_string()
}
