use std::{fs::File, io};

use super::directory::Directory;

/// One of the locks that writers share.
///
/// Their order is the order in which one writer takes several: those of principals before those of records, each by their byte. All writers
/// keep to it, so that there is no circle of writers waiting for each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stripe {
    /// The principals whose hash begins with a byte.
    Principal(u8),
    /// The records whose key begins with a byte.
    Record(u8),
}

/// Locks that are held until dropped, or until the process is dead.
#[derive(Debug)]
#[must_use = "they are held until dropped"]
pub(super) struct Held {
    files: Vec<File>,
}

impl Directory {
    /// Waits for locks and holds them.
    ///
    /// Each holder opens the file for itself. An advisory lock belongs to the opened file, not to the process: so it excludes the threads of
    /// one process as it does other processes, with no second lock in memory to be kept in step, and a process that ends lets go of it.
    pub(super) fn hold(&self, stripes: impl IntoIterator<Item = Stripe>) -> io::Result<Held> {
        let mut stripes: Vec<_> = stripes.into_iter().collect();
        stripes.sort_unstable();
        stripes.dedup();
        let mut held = Held {
            files: Vec::with_capacity(stripes.len()),
        };
        for stripe in stripes {
            let file = self.open_lock(&self.layout().lock(stripe))?;
            file.lock()?;
            held.files.push(file);
        }
        Ok(held)
    }
}

/// Unlocks rather than only closes: a child that was forked in between has the file open, too.
impl Drop for Held {
    fn drop(&mut self) {
        for file in self.files.drain(..).rev() {
            // It fails only where closing it does the same.
            let _ = file.unlock();
        }
    }
}
