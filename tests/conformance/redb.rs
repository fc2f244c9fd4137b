//! A file of redb, in each of its durabilities, with the store as it is and shared by three owners.

use sessions::{RedbDurability, RedbStore};
use sessions_tests::Folder;

use crate::several::Several;

/// So many owners of one store, on a file of their own.
fn stores(count: usize, durability: RedbDurability) -> Several<RedbStore, Folder> {
    let folder = Folder::new();
    let path = folder.path().join("sessions.redb");
    let store = RedbStore::builder(path).durability(durability).open();
    Several::new(vec![store.unwrap(); count]).on(folder)
}

mod one {
    use super::*;

    sessions::store_conformance!(async || stores(1, RedbDurability::PowerFailure));
}

mod shared {
    use super::*;

    sessions::store_conformance!(async || stores(3, RedbDurability::ProcessDeath));
}
