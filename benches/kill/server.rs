//! The program on one data directory, killed and started again and again.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use basira_test_support::{Guardian, scratch_directory};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use basira_benches::Failure;
use basira_benches::basira::program;

const READY_WITHIN: Duration = Duration::from_secs(60);
const SETTINGS: [(&str, &str); 4] = [
    ("BASIRA__DATA_DIR", "data"),
    ("BASIRA__HTTP__LISTEN", "127.0.0.1:0"),
    ("BASIRA__LIMITS__API__PER_SECOND", "0"),
    ("BASIRA__LOG__LEVEL", "warn"),
];

/// The server, if it runs, and its folder; both go when this is dropped or our process ends.
pub(crate) struct Server {
    pub(crate) directory: PathBuf,
    /// Of the API.
    pub(crate) url: String,
    process: Option<Child>,
    _guardian: Guardian,
}

impl Server {
    /// With an empty data directory.
    pub(crate) async fn start() -> Result<Self, Failure> {
        let directory = scratch_directory()?;
        let guardian = Guardian::watch(&directory, &directory)?;
        let mut server = Self { directory, url: String::new(), process: None, _guardian: guardian };
        server.start_again().await?;
        Ok(server)
    }

    /// With what the last process left; how long it took until it listened.
    pub(crate) async fn start_again(&mut self) -> Result<Duration, Failure> {
        let started = Instant::now();
        let mut command = Command::new(program()?);
        // the guardian knows it by its working directory
        command.arg("serve").envs(SETTINGS).current_dir(&self.directory);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn()?;
        let mut stdout = BufReader::new(process.stdout.take().ok_or("the server has no output")?);
        let mut line = String::new();
        timeout(READY_WITHIN, stdout.read_line(&mut line)).await??;
        let address =
            line.trim().strip_prefix("listening on ").ok_or("the server ended before it listened")?;
        self.url = format!("{address}/api/v1");
        self.process = Some(process);
        Ok(started.elapsed())
    }

    /// SIGKILL.
    pub(crate) async fn kill(&mut self) -> Result<(), Failure> {
        if let Some(mut process) = self.process.take() {
            process.kill().await?;
        }
        Ok(())
    }
}
