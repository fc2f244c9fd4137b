//! Another process that works on the same directory: this test program itself, told by its environment what to do.

use std::{
    env,
    io::{self, BufRead as _, BufReader, Lines, Write as _},
    path::Path,
    process::{Child, ChildStderr, Command, Stdio},
};

use sessions::FilesystemStore;

use crate::{crash, fixture::wait, processes};

const TASK: &str = "SESSIONS_TEST_CHILD_TASK";
const DIRECTORY: &str = "SESSIONS_TEST_CHILD_DIRECTORY";
const NUMBER: &str = "SESSIONS_TEST_CHILD_NUMBER";

/// Starts a process that does a task. Dropped, it is killed.
pub(crate) struct Worker(Child);

impl Worker {
    pub(crate) fn start(task: &str, directory: &Path, number: u32) -> Self {
        Self(
            Command::new(env::current_exe().unwrap())
                .args(["--exact", "child::a_child_does_its_task", "--nocapture"])
                .env(TASK, task)
                .env(DIRECTORY, directory)
                .env(NUMBER, number.to_string())
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap(),
        )
    }

    /// What it says, line by line.
    pub(crate) fn lines(&mut self) -> Lines<BufReader<ChildStderr>> {
        BufReader::new(self.0.stderr.take().unwrap()).lines()
    }

    /// What it says until it has done its task.
    pub(crate) fn finish(mut self) -> Vec<String> {
        let lines = self.lines().map(Result::unwrap).collect();
        assert!(self.0.wait().unwrap().success(), "{lines:?}");
        lines
    }

    /// Ends it as SIGKILL does: nothing of it runs anymore.
    pub(crate) fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Tells the parent; it is in the pipe when this returns.
pub(crate) fn say(line: &str) {
    io::stderr()
        .write_all(format!("{line}\n").as_bytes())
        .unwrap();
}

#[test]
fn a_child_does_its_task() {
    // Among the other tests it has none.
    let Ok(task) = env::var(TASK) else { return };
    let store = FilesystemStore::new(env::var_os(DIRECTORY).unwrap()).unwrap();
    let number = env::var(NUMBER).unwrap().parse().unwrap();
    wait(async {
        match task.as_str() {
            "write until killed" => crash::write_until_killed(&store, number).await,
            "increment" => processes::increment(&store, number).await,
            "log in" => processes::log_in(&store, number).await,
            "log in with room made" => processes::log_in_with_room_made(&store, number).await,
            "rename" => processes::rename(&store, number).await,
            _ => panic!("no such task: {task}"),
        }
    });
}
