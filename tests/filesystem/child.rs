//! Another process that works on the same directory: this test program itself.

use sessions::FilesystemStore;
use sessions_tests::Task;

use crate::{crash, fixture::wait, processes};

#[test]
fn a_child_does_its_task() {
    // Among the other tests it has none.
    let Some(task) = Task::own() else { return };
    let store = FilesystemStore::new(task.place).unwrap();
    let number = task.number;
    wait(async {
        match task.name.as_str() {
            "write until killed" => crash::write_until_killed(&store, number).await,
            "increment" => processes::increment(&store, number).await,
            "log in" => processes::log_in(&store, number).await,
            "log in with room made" => processes::log_in_with_room_made(&store, number).await,
            "rename" => processes::rename(&store, number).await,
            other => panic!("no such task: {other}"),
        }
    });
}
