use sessions::{FilesystemDurability, FilesystemReads, FilesystemStore};
use sessions_tests::Folder;

use crate::several::Several;

/// So many instances on a folder of their own.
fn stores(
    count: usize,
    configure: impl Fn(FilesystemStore) -> FilesystemStore,
) -> Several<FilesystemStore, Folder> {
    let folder = Folder::new();
    let store = || FilesystemStore::new(folder.path()).unwrap();
    let stores = (0..count).map(|_| configure(store())).collect();
    Several::new(stores).on(folder)
}

mod one {
    use super::*;

    sessions::store_conformance!(async || stores(1, |store| store));
}

mod several {
    use super::*;

    sessions::store_conformance!(async || stores(3, |store| store));
}

mod with_every_option {
    use super::*;

    sessions::store_conformance!(async || stores(1, |store| {
        store
            .max_length(0)
            .durability(FilesystemDurability::PowerFailure)
            .reads(FilesystemReads::Offloaded)
    }));
}
