//! Fetched servers are kept outside the build directory, once per machine.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::ServerError;
use super::command::is_root;

/// The folder `name` of the cache; when it is missing, `fill` fills it. Processes that ask at once wait for the first.
///
/// # Errors
/// [`ServerError`] when it cannot be made or filled.
pub fn entry(
    name: &str,
    fill: impl FnOnce(&Path) -> Result<(), ServerError>,
) -> Result<PathBuf, ServerError> {
    let cache = directory();
    let complete = cache.join(name);
    if complete.is_dir() {
        return Ok(complete);
    }
    fs::create_dir_all(&cache).map_err(ServerError::io(format!("creating {}", cache.display())))?;
    let lock = cache.join(format!("{name}.lock"));
    let lock = File::create(&lock).map_err(ServerError::io(format!("creating {}", lock.display())))?;
    lock.lock().map_err(ServerError::io("waiting for another fetch"))?;
    if complete.is_dir() {
        return Ok(complete);
    }
    let partial = cache.join(format!("{name}.partial"));
    if partial.is_dir() {
        fs::remove_dir_all(&partial).map_err(ServerError::io("removing an interrupted fetch"))?;
    }
    fs::create_dir(&partial).map_err(ServerError::io(format!("creating {}", partial.display())))?;
    fill(&partial)?;
    // Only what is whole gets the final name, so the name is the proof.
    fs::rename(&partial, &complete).map_err(ServerError::io("keeping what was fetched"))?;
    Ok(complete)
}

/// Servers run as an unprivileged user when we are root, and root's home is closed to that user.
fn directory() -> PathBuf {
    let variable = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(chosen) = variable("BASIRA_CACHE_DIR") {
        return chosen;
    }
    if is_root() {
        return PathBuf::from("/var/cache/basira");
    }
    variable("XDG_CACHE_HOME")
        .or_else(|| variable("HOME").map(|home| home.join(".cache")))
        .unwrap_or_else(env::temp_dir)
        .join("basira")
}
