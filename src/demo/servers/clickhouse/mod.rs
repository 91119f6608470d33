//! One throwaway ClickHouse server on the loopback interface.

mod distribution;

use std::fs::{self, OpenOptions};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::command::run;
use super::process::{Account, Guardian, give_away, scratch_directory, signal, working_in};
use super::{ServerError, free_port, log_tail};

pub use distribution::ClickHouseDistribution;

/// What the embedded client runs first. Then it waits in vain for somebody to write more, and the server serves.
const LISTEN: &str = "SYSTEM START LISTEN HTTP;\n";
const LISTEN_NATIVE: &str = "SYSTEM START LISTEN TCP;\n";
const READY_WITHIN: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(30);

/// A running server with its own data, removed when this is dropped or our process ends, however it ends.
#[derive(Debug)]
pub struct ClickHouseServer {
    pub distribution: ClickHouseDistribution,
    /// Holds its configuration, its log and, in `data`, its data.
    pub scratch: PathBuf,
    pub port: u16,
    pub native_port: Option<u16>,
    pub process: Child,
    _guardian: Guardian,
}

/// What a server is configured by, beyond what all are.
#[derive(Debug, Clone, Default)]
pub struct ClickHouseOptions {
    /// Elements of its configuration: `<max_concurrent_queries>5</max_concurrent_queries>`.
    pub settings: String,
    /// Where it listens for the native protocol, which nodes of a cluster ask each other by.
    pub native_port: Option<u16>,
}

impl ClickHouseServer {
    /// Who may read everything and limit itself, with [`Self::PASSWORD`].
    pub const MONITOR: &'static str = "monitor";
    /// Who may do everything, with this password.
    pub const USER: &'static str = "basira";
    pub const PASSWORD: &'static str = "clickhouse-of-a-test";

    /// Makes a new server and waits until it answers.
    ///
    /// # Errors
    /// [`ServerError`] with the end of the server's log when it does not.
    pub async fn start(distribution: &ClickHouseDistribution) -> Result<Self, ServerError> {
        Self::start_with(distribution, ClickHouseOptions::default()).await
    }

    /// As [`Self::start`], with `options`.
    ///
    /// # Errors
    /// As for [`Self::start`].
    pub async fn start_with(
        distribution: &ClickHouseDistribution,
        options: ClickHouseOptions,
    ) -> Result<Self, ServerError> {
        let scratch = scratch_directory()?;
        let guardian = Guardian::watch(&scratch.join("data"), &scratch)?;
        let port = free_port()?;
        initialise(distribution, &scratch, port, &options)?;
        let process = launch(distribution, &scratch, port, options.native_port)?;
        let (distribution, native_port) = (distribution.clone(), options.native_port);
        let mut server = Self { distribution, scratch, port, native_port, process, _guardian: guardian };
        server.wait_until_ready().await?;
        Ok(server)
    }

    /// Logs as a server of its own has them, written every second.
    pub const LOGS: &'static str = "<query_log><database>system</database><table>query_log</table>\
        <flush_interval_milliseconds>1000</flush_interval_milliseconds></query_log>\
        <part_log><database>system</database><table>part_log</table>\
        <flush_interval_milliseconds>1000</flush_interval_milliseconds></part_log>";

    /// The connection string of `database`, password included.
    #[must_use]
    pub fn dsn_of(&self, database: &str) -> String {
        let (user, password, port) = (Self::USER, Self::PASSWORD, self.port);
        format!("clickhouse://{user}:{password}@127.0.0.1:{port}/{database}")
    }

    /// Where it listens for HTTP.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The processes of the server.
    #[must_use]
    pub fn processes(&self) -> Vec<u32> {
        working_in(&self.scratch.join("data"))
    }

    /// Waits until the server answers.
    ///
    /// # Errors
    /// [`ServerError::NotReady`] when it ends, or does not answer in time.
    pub async fn wait_until_ready(&mut self) -> Result<(), ServerError> {
        let deadline = Instant::now() + READY_WITHIN;
        loop {
            if let Ok(Some(status)) = self.process.try_wait() {
                return Err(self.not_ready(format!("it ended with {status}")));
            }
            if timeout(PAUSE * 10, ping(self.port)).await.is_ok_and(|answered| answered.unwrap_or(false)) {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(self.not_ready("it does not answer".to_owned()));
            }
            sleep(PAUSE).await;
        }
    }

    /// The error that the server is not as it should be, with the end of its log.
    #[must_use]
    pub fn not_ready(&self, reason: String) -> ServerError {
        let log =
            [self.scratch.join("console.log"), self.scratch.join("errors.log")].map(|log| log_tail(&log));
        ServerError::NotReady { server: "ClickHouse", reason, log: log.join("\n") }
    }
}

impl Drop for ClickHouseServer {
    /// It would take its time to end in order, for data that nobody wants any more.
    fn drop(&mut self) {
        signal("KILL", &self.processes()).ok();
    }
}

/// Whether the server on `port` says that it is well.
async fn ping(port: u16) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.write_all(b"GET /ping HTTP/1.0\r\n\r\n").await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(answer.ends_with(b"Ok.\n"))
}

/// Writes what the server is configured by, and hands all of it over.
fn initialise(
    distribution: &ClickHouseDistribution,
    scratch: &Path,
    port: u16,
    options: &ClickHouseOptions,
) -> Result<(), ServerError> {
    let config = distribution.config.replace("SETTINGS", &options.settings);
    let users = distribution.users.replace("PASSWORD", ClickHouseServer::PASSWORD);
    let listen =
        if options.native_port.is_some() { LISTEN.to_owned() + LISTEN_NATIVE } else { LISTEN.to_owned() };
    let file = |name: &str, text: &str| {
        let text =
            text.replace("DIRECTORY", &scratch.display().to_string()).replace("PORT", &port.to_string());
        fs::write(scratch.join(name), text).map_err(ServerError::io(format!("writing {name}")))
    };
    file("config.xml", &config)?;
    file("users.xml", &users)?;
    file("listen.sql", &listen)?;
    for name in ["data", "tmp"] {
        fs::create_dir(scratch.join(name)).map_err(ServerError::io(format!("creating {name}")))?;
        give_away(&scratch.join(name))?;
    }
    run(Command::new("mkfifo").arg(scratch.join("more.sql")))?;
    give_away(&scratch.join("more.sql"))?;
    give_away(scratch)
}

/// Runs a server on the data in `scratch` as our child.
///
/// # Errors
/// [`ServerError::Io`] when it cannot be started.
pub fn launch(
    distribution: &ClickHouseDistribution,
    scratch: &Path,
    port: u16,
    native_port: Option<u16>,
) -> Result<Child, ServerError> {
    let log = OpenOptions::new().create(true).append(true).open(scratch.join("console.log"));
    let log = log.map_err(ServerError::io("opening the server's log"))?;
    let copy = log.try_clone().map_err(ServerError::io("opening the server's log"))?;
    let mut command = Command::new(&distribution.program);
    command.arg(format!("--config-file={}", scratch.join("config.xml").display()));
    match &distribution.libraries {
        Some(libraries) => command.env("LD_LIBRARY_PATH", libraries),
        None => embedded(&mut command, scratch, port, native_port),
    };
    command.current_dir(scratch.join("data"));
    // A group of its own: Ctrl-C in the terminal must not reach it before those who use it are done.
    command.stdin(Stdio::null()).stdout(log).stderr(copy).process_group(0);
    if let Some(account) = Account::unprivileged() {
        account.applied_to(&mut command);
    }
    command.spawn().map_err(ServerError::io("starting ClickHouse"))
}

/// What an embedded server is told when it starts.
fn embedded<'a>(
    command: &'a mut Command,
    scratch: &Path,
    port: u16,
    native_port: Option<u16>,
) -> &'a mut Command {
    command
        .arg(format!("--path={}", scratch.join("data").display()))
        .arg(format!("--http_port={port}"))
        .arg("--listen_host=127.0.0.1")
        .arg("--log_queries=1")
        .args(native_port.map(|port| format!("--tcp_port={port}")))
        .arg("--queries-file")
        .args(["listen.sql", "more.sql"].map(|name| scratch.join(name)))
}
