//! Where the configuration comes from, so that it can be read again.

use std::path::{Path, PathBuf};

use super::layers::{Flag, merge};
use super::values::Values;
use super::{Config, ConfigError, DEFAULTS, reader};

/// A file, an environment and flags; the file is searched for and read each time.
#[derive(Debug, Clone, Default)]
pub struct Source {
    /// What `--config` named.
    pub file: Option<PathBuf>,
    pub environment: Vec<(String, String)>,
    pub flags: Vec<Flag>,
}

impl Source {
    /// What is configured now, and each value for itself.
    pub(super) fn read(&self) -> Result<(Config, Values), ConfigError> {
        let merged = merge(DEFAULTS, self.file.as_deref(), self.environment.clone(), &self.flags)?;
        let (config, secrets_in_files) = reader::read(&merged)?;
        Ok((config, Values::of(&merged, secrets_in_files)))
    }
}

impl Config {
    /// Loads flags over environment over file over defaults. `file` is what `--config` named.
    ///
    /// # Errors
    /// [`ConfigError`] with every problem found: key, place and what would be right.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
        flags: &[Flag],
    ) -> Result<Self, ConfigError> {
        let merged = merge(DEFAULTS, file, environment, flags)?;
        Ok(reader::read(&merged)?.0)
    }
}
