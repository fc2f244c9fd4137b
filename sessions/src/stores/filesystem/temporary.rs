use std::{
    fs, io,
    io::Write as _,
    path::{Path, PathBuf},
};

use rand::RngExt as _;

use super::{directory::Directory, layout::hex};

/// A file on its way to its place; removed unless it got there.
#[derive(Debug)]
pub(super) struct Temporary {
    path: PathBuf,
    placed: bool,
}

impl Temporary {
    /// What only these files are named.
    pub(super) fn is_named(name: &str) -> bool {
        name.starts_with('.') && name.ends_with(".tmp")
    }

    /// Writes a file into a folder, under a name nobody else has, whatever process of whatever container they are.
    pub(super) fn write(directory: &Directory, folder: &Path, bytes: &[u8]) -> io::Result<Self> {
        let name: [u8; 16] = rand::rng().random();
        let path = folder.join(format!(".{}.tmp", hex(&name)));
        let mut file = match directory.create_file(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                directory.create_folder(folder)?;
                directory.create_file(&path)?
            }
            file => file?,
        };
        let temporary = Self {
            path,
            placed: false,
        };
        file.write_all(bytes)?;
        directory.sync_file(&file)?;
        Ok(temporary)
    }

    /// Moves it over whatever is at `path`, in one step.
    pub(super) fn place(mut self, path: &Path) -> io::Result<()> {
        fs::rename(&self.path, path)?;
        self.placed = true;
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.placed {
            // The sweep removes what cannot be removed now.
            let _ = fs::remove_file(&self.path);
        }
    }
}
