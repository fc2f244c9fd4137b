use std::{
    fs,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicUsize, Ordering},
};

use sessions::{FilesystemDurability, FilesystemReads, FilesystemStore};

use crate::several::Several;

/// A directory of its own for each law, removed with everything in it when the law has ended, well or not.
#[derive(Debug)]
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("conformance-filesystem-{}-{count}", process::id());
        Self(Path::new(env!("CARGO_TARGET_TMPDIR")).join(name))
    }

    fn store(&self) -> FilesystemStore {
        FilesystemStore::new(&self.0).unwrap()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// So many instances on a directory of their own.
fn stores(
    count: usize,
    configure: impl Fn(FilesystemStore) -> FilesystemStore,
) -> Several<FilesystemStore, Directory> {
    let directory = Directory::new();
    let stores = (0..count).map(|_| configure(directory.store())).collect();
    Several::new(stores).on(directory)
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
