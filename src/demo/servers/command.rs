//! Running commands of the machine.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::process::Command;

use super::ServerError;

/// Whether `program` can be run at all.
pub(super) fn exists(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}

/// Runs `command` to its end and returns its standard output.
///
/// # Errors
/// [`ServerError`] when it cannot be run or fails.
pub fn run(command: &mut Command) -> Result<String, ServerError> {
    let name = format!("{command:?}");
    let output = command.output().map_err(ServerError::io(format!("running {name}")))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let output = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(ServerError::Command { command: name, output })
}

/// Whether this process runs as root.
pub(super) fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}
