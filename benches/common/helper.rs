//! A child process whose CPU time does not mix with ours.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use basira_test_support::{Guardian, scratch_directory};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use super::Failure;

const READY_WITHIN: Duration = Duration::from_secs(120);

/// A running child with a throwaway folder to work in; both go when this is dropped or our process ends.
pub struct Helper {
    pub pid: u32,
    /// What it said when it was ready.
    pub first_line: String,
    /// Where it works.
    pub directory: PathBuf,
    _process: Child,
    _guardian: Guardian,
    /// Held so that it can go on printing.
    _stdout: BufReader<ChildStdout>,
}

impl Helper {
    /// This very bench in the role that `arguments` name.
    pub async fn in_role(arguments: &[&str]) -> Result<Self, Failure> {
        Self::start(Command::new(std::env::current_exe()?).args(arguments)).await
    }

    /// Starts `command` and waits for its first line.
    pub async fn start(command: &mut Command) -> Result<Self, Failure> {
        let directory = scratch_directory()?;
        let guardian = Guardian::watch(&directory, &directory)?;
        // the guardian knows it by its working directory
        command.current_dir(&directory).stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn()?;
        let stdout = process.stdout.take().ok_or("the helper has no output")?;
        let mut stdout = BufReader::new(stdout);
        let mut first_line = String::new();
        timeout(READY_WITHIN, stdout.read_line(&mut first_line)).await??;
        if first_line.is_empty() {
            return Err("the helper ended before it was ready".into());
        }
        Ok(Self {
            pid: process.id().ok_or("the helper has ended")?,
            first_line: first_line.trim().to_owned(),
            directory,
            _process: process,
            _guardian: guardian,
            _stdout: stdout,
        })
    }
}
