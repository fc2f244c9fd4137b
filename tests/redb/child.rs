//! Another process that opens the file: this test program itself.

use sessions::RedbStore;
use sessions_tests::Task;

use crate::{crash, fixture::wait, full};

#[test]
fn a_child_does_its_task() {
    // Among the other tests it has none.
    let Some(task) = Task::own() else { return };
    let store = RedbStore::open(&task.place).unwrap();
    wait(async {
        match task.name.as_str() {
            "write until killed" => crash::write_until_killed(&store, task.number).await,
            "fill" => full::fill(&store).await,
            "hold" => {
                Task::say("open");
                Task::wait_for_word();
            }
            other => panic!("no such task: {other}"),
        }
    });
}
