use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::machine::Machine;

/// What was measured in one part of the report, and where: the page is made from this and from nothing else.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Recording<T> {
    pub(crate) machine: Machine,
    pub(crate) figures: Vec<T>,
}

impl<T: Serialize + DeserializeOwned> Recording<T> {
    pub(crate) fn new(figures: Vec<T>) -> Self {
        Self {
            machine: Machine::here(),
            figures,
        }
    }

    /// Writes it beside the charts that are made of it.
    ///
    /// # Errors
    ///
    /// When the folder cannot be written.
    pub(crate) fn save(&self, part: &str) -> Result<(), Box<dyn Error>> {
        fs::create_dir_all(folder())?;
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        Ok(fs::write(file(part), text)?)
    }

    /// Reads it, if that part has ever been measured.
    ///
    /// # Errors
    ///
    /// When it is not what was written.
    pub(crate) fn load(part: &str) -> Result<Option<Self>, Box<dyn Error>> {
        let path = file(part);
        if !path.exists() {
            return Ok(None);
        }
        let text = fs::read_to_string(&path)?;
        let recording = serde_json::from_str(&text);
        Ok(Some(
            recording.map_err(|error| format!("{}: {error}", path.display()))?,
        ))
    }
}

/// Where the page is.
pub(crate) fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

/// Where what the page shows is.
pub(crate) fn folder() -> PathBuf {
    docs().join("performance")
}

fn file(part: &str) -> PathBuf {
    folder().join(format!("{part}.json"))
}
