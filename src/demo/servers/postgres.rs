//! One throwaway PostgreSQL server on the loopback interface.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tokio::time::sleep;
use tokio_postgres::{Client, NoTls};

use super::command::run;
use super::process::{Account, Guardian, give_away, scratch_directory, working_in};
use super::{Distribution, ServerError, free_port, log_tail};

const READY_WITHIN: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(30);

/// Settings every throwaway server shares: no disk flushes, nothing left in shared memory, nothing outside loopback.
const SETTINGS: &str = "
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
shared_preload_libraries = 'pg_stat_statements'
dynamic_shared_memory_type = mmap
fsync = off
shared_buffers = 32MB
track_io_timing = on
compute_query_id = on
";

/// How a server should be.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The superuser's password; without one every connection is trusted.
    pub password: Option<String>,
    /// Further lines of `postgresql.conf`.
    pub settings: String,
    /// Further variables of the environment that the server runs in.
    pub environment: Vec<(String, String)>,
}

/// A running server with its own data, removed when this is dropped or our process ends, however it ends.
#[derive(Debug)]
pub struct PostgresServer {
    pub distribution: Distribution,
    pub options: Options,
    /// Holds its log and, in `data`, its data.
    pub scratch: PathBuf,
    /// On 127.0.0.1.
    pub port: u16,
    pub postmaster: Child,
    _guardian: Guardian,
}

impl PostgresServer {
    /// The superuser's name.
    pub const SUPERUSER: &'static str = "postgres";

    /// Makes a new server and waits until it answers.
    ///
    /// # Errors
    /// [`ServerError`] with the end of the server's log when it does not.
    pub async fn start(distribution: &Distribution, options: Options) -> Result<Self, ServerError> {
        let scratch = scratch_directory()?;
        let guardian = Guardian::watch(&scratch.join("data"), &scratch)?;
        give_away(&scratch)?;
        let port = free_port()?;
        initialise(distribution, &options, &scratch, port)?;
        let server = Self::run(distribution, options, scratch, port, guardian).await?;
        // Databases are copies of template1, so all of them will have it.
        for database in ["template1", "postgres"] {
            server.client_of(database).await?.batch_execute("create extension pg_stat_statements").await?;
        }
        Ok(server)
    }

    /// Runs a server on the data in `scratch`, whose configuration names `port`, and waits until it answers.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn run(
        distribution: &Distribution,
        options: Options,
        scratch: PathBuf,
        port: u16,
        guardian: Guardian,
    ) -> Result<Self, ServerError> {
        let postmaster = launch(distribution, &options, &scratch)?;
        let distribution = distribution.clone();
        let mut server = Self { distribution, options, scratch, port, postmaster, _guardian: guardian };
        server.wait_until_ready().await?;
        Ok(server)
    }

    /// The TCP port on 127.0.0.1.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The major version.
    #[must_use]
    pub const fn major(&self) -> u16 {
        self.distribution.major
    }

    /// The superuser's connection string, password included.
    #[must_use]
    pub fn dsn(&self) -> String {
        self.dsn_of("postgres")
    }

    /// A superuser's connection to the database `postgres`.
    ///
    /// # Errors
    /// PostgreSQL's, when it refuses.
    pub async fn client(&self) -> Result<Client, tokio_postgres::Error> {
        self.client_of("postgres").await
    }

    /// A superuser's connection to `database`.
    ///
    /// # Errors
    /// PostgreSQL's, when it refuses.
    pub async fn client_of(&self, database: &str) -> Result<Client, tokio_postgres::Error> {
        connect(&self.dsn_of(database)).await
    }

    fn dsn_of(&self, database: &str) -> String {
        let password = self.options.password.as_ref().map(|word| format!(":{word}")).unwrap_or_default();
        format!("postgres://{}{password}@127.0.0.1:{}/{database}", Self::SUPERUSER, self.port)
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
            if let Ok(Some(status)) = self.postmaster.try_wait() {
                return Err(self.not_ready(format!("it ended with {status}")));
            }
            match self.client().await {
                Ok(_) => return Ok(()),
                Err(error) if Instant::now() > deadline => return Err(self.not_ready(error.to_string())),
                Err(_) => sleep(PAUSE).await,
            }
        }
    }

    /// The error that the server is not as it should be, with the end of its log.
    #[must_use]
    pub fn not_ready(&self, reason: String) -> ServerError {
        let log = log_tail(&self.scratch.join("server.log"));
        ServerError::NotReady { server: "PostgreSQL", reason, log }
    }
}

/// A client whose connection is driven in the background.
///
/// # Errors
/// PostgreSQL's, when it refuses.
pub async fn connect(dsn: &str) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(dsn, NoTls).await?;
    // Its error reaches the client's next statement too.
    tokio::spawn(async move { drop(connection.await) });
    Ok(client)
}

/// Creates the data folder of a new server.
fn initialise(
    distribution: &Distribution,
    options: &Options,
    scratch: &Path,
    port: u16,
) -> Result<(), ServerError> {
    let mut initdb = distribution.command("initdb");
    initdb.arg("-D").arg(scratch.join("data")).args(["-U", PostgresServer::SUPERUSER]);
    initdb.args(["-E", "UTF8", "--locale=C", "--no-sync"]).current_dir(scratch);
    if let Some(password) = &options.password {
        let file = scratch.join("password");
        fs::write(&file, password).map_err(ServerError::io("handing over the password"))?;
        give_away(&file)?;
        initdb.args(["-A", "scram-sha-256", "--pwfile"]).arg(file);
    } else {
        initdb.args(["-A", "trust"]);
    }
    run(unprivileged(&mut initdb))?;
    OpenOptions::new()
        .append(true)
        .open(scratch.join("data/postgresql.conf"))
        .and_then(|mut file| writeln!(file, "{SETTINGS}port = {port}\n{}", options.settings))
        .map_err(ServerError::io("writing postgresql.conf"))
}

/// Runs a server on the data in `scratch` as our child, its log beside its data.
///
/// # Errors
/// [`ServerError::Io`] when it cannot be started.
pub fn launch(distribution: &Distribution, options: &Options, scratch: &Path) -> Result<Child, ServerError> {
    let log = OpenOptions::new().create(true).append(true).open(scratch.join("server.log"));
    let log = log.map_err(ServerError::io("opening the server's log"))?;
    let copy = File::try_clone(&log).map_err(ServerError::io("opening the server's log"))?;
    let mut postgres = distribution.command("postgres");
    postgres.arg("-D").arg(scratch.join("data")).current_dir(scratch);
    postgres.envs(options.environment.iter().map(|(name, value)| (name, value)));
    // A group of its own: Ctrl-C in the terminal must not reach it before those who use it are done.
    postgres.stdin(Stdio::null()).stdout(log).stderr(copy).process_group(0);
    unprivileged(&mut postgres).spawn().map_err(ServerError::io("starting postgres"))
}

fn unprivileged(command: &mut Command) -> &mut Command {
    match Account::unprivileged() {
        Some(account) => account.applied_to(command),
        None => command,
    }
}
