use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        LazyLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use sessions::{FilesystemDurability, FilesystemReads, FilesystemStore};

use crate::several::Several;

/// Emptied when the first store is made, so that the remains of one run can be looked at until the next.
static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join(format!("conformance-filesystem-{}", std::process::id()));
    let _ = fs::remove_dir_all(&root);
    root
});

fn directory() -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    ROOT.join(COUNT.fetch_add(1, Ordering::Relaxed).to_string())
}

fn on(directory: &Path) -> FilesystemStore {
    FilesystemStore::new(directory).unwrap()
}

mod one {
    use super::*;

    sessions::store_conformance!(async || on(&directory()));
}

mod several {
    use super::*;

    sessions::store_conformance!(async || {
        let directory = directory();
        Several::new(vec![on(&directory), on(&directory), on(&directory)])
    });
}

mod with_every_option {
    use super::*;

    sessions::store_conformance!(async || {
        on(&directory())
            .max_length(0)
            .durability(FilesystemDurability::PowerFailure)
            .reads(FilesystemReads::Offloaded)
    });
}
