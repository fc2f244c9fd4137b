//! Another process that works on the same file: this test program itself, told by its environment what to do.

use std::{
    env,
    io::{self, BufRead as _, BufReader, Lines, Write as _},
    process::{Child, ChildStderr, Command, Stdio},
};

use sessions::SqliteStore;

use crate::processes;

const TASK: &str = "SESSIONS_TEST_SQL_TASK";
const URL: &str = "SESSIONS_TEST_SQL_URL";
const NUMBER: &str = "SESSIONS_TEST_SQL_NUMBER";

/// Starts a process that does a task. Dropped, it is killed.
pub(crate) struct Worker(Child);

impl Worker {
    pub(crate) fn start(task: &str, url: &str, number: u32) -> Self {
        Self(
            Command::new(env::current_exe().unwrap())
                .args(["--exact", "child::a_child_does_its_task", "--nocapture"])
                .env(TASK, task)
                .env(URL, url)
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

#[actix_web::test]
async fn a_child_does_its_task() {
    // Among the other tests it has none.
    let Ok(task) = env::var(TASK) else { return };
    let store = SqliteStore::connect(&env::var(URL).unwrap()).await.unwrap();
    store.migrate().await.unwrap();
    let number = env::var(NUMBER).unwrap().parse().unwrap();
    match task.as_str() {
        "write until killed" => processes::write_until_killed(&store).await,
        "increment" => processes::increment(&store, number).await,
        "log in" => processes::log_in(&store).await,
        _ => panic!("no such task: {task}"),
    }
}
