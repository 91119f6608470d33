//! The Basira server of the demo: this program as a child process, with a temporary directory.

use std::fs::{self, File};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use super::error::DemoError;
use basira_servers::{Guardian, scratch_directory};

const READY_WITHIN: Duration = Duration::from_secs(30);
/// What the server prints once it accepts connections.
const LISTENING: &str = "listening on ";

/// A running server; dropping it stops the process and deletes its data.
pub(super) struct Basira {
    pub(super) url: String,
    pub(super) data_dir: PathBuf,
    _process: Child,
    _guardian: Guardian,
    /// Kept open, so that the server can print.
    _stdout: BufReader<ChildStdout>,
}

impl Basira {
    /// Starts on `listen`, or on any free port when that one is taken.
    pub(super) async fn start(listen: SocketAddr) -> Result<Self, DemoError> {
        let data_dir = scratch_directory()?;
        let guardian = Guardian::watch(&data_dir, &data_dir)?;
        let mut process = spawn(&data_dir, free_or_any(listen)).map_err(DemoError::Basira)?;
        let stdout =
            process.stdout.take().ok_or_else(|| DemoError::Basira(io::ErrorKind::BrokenPipe.into()))?;
        let mut stdout = BufReader::new(stdout);
        let url = timeout(READY_WITHIN, listening_line(&mut stdout)).await.ok().flatten();
        let url = url.ok_or_else(|| DemoError::NotListening {
            log: fs::read_to_string(log_of(&data_dir)).unwrap_or_default(),
        })?;
        Ok(Self { url, data_dir, _process: process, _guardian: guardian, _stdout: stdout })
    }

    /// A link to the page that logs `email` in, once.
    pub(super) async fn login_link(&self, email: &str) -> Result<String, DemoError> {
        let command = std::env::current_exe().map_err(DemoError::Basira)?;
        let output = Command::new(command)
            .args(["admin", "login-link", email])
            .env("BASIRA__HTTP__PUBLIC_URL", &self.url)
            .env("BASIRA__DATA_DIR", &self.data_dir)
            .current_dir(&self.data_dir)
            .output();
        let printed = output.await.map_err(DemoError::Basira)?.stdout;
        let link = String::from_utf8_lossy(&printed)
            .lines()
            .find(|line| line.starts_with("http"))
            .map(str::to_owned);
        link.ok_or(DemoError::Missing("login link"))
    }
}

fn log_of(data_dir: &Path) -> PathBuf {
    data_dir.join("basira.log")
}

fn spawn(data_dir: &Path, listen: SocketAddr) -> io::Result<Child> {
    Command::new(std::env::current_exe()?)
        .arg("serve")
        .env("BASIRA__HTTP__LISTEN", listen.to_string())
        .env("BASIRA__DATA_DIR", data_dir)
        // the guardian finds it by its working directory
        .current_dir(data_dir)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(File::create(log_of(data_dir))?)
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
}

/// The URL that the server prints once it listens; `None` when it ended before.
async fn listening_line(stdout: &mut BufReader<ChildStdout>) -> Option<String> {
    let mut lines = stdout.lines();
    while let Ok(Some(line)) = lines.next_line().await {
        if let Some(url) = line.strip_prefix(LISTENING) {
            return Some(url.to_owned());
        }
    }
    None
}

fn free_or_any(listen: SocketAddr) -> SocketAddr {
    match TcpListener::bind(listen) {
        Ok(_) => listen,
        Err(_) => SocketAddr::new(listen.ip(), 0),
    }
}
