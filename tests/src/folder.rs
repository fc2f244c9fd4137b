use std::{
    env, fs,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicUsize, Ordering},
};

/// A folder of one test, removed with everything in it when the test has ended, well or not.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// Makes one that is empty.
    ///
    /// # Panics
    ///
    /// When there is no folder for temporary files.
    #[must_use]
    pub fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("sessions-test-{}-{count}", process::id()));
        // The remains of a process that had the same number.
        _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a folder for temporary files");
        Self(path)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Default for Folder {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left lies in the folder for temporary files.
        _ = fs::remove_dir_all(&self.0);
    }
}
