//! A throwaway PostgreSQL server that a test may stop, kill and freeze.

mod hypopg;
mod standby;

use std::ops::Deref;
use std::time::{Duration, Instant};

use basira_servers::{self as servers, Distribution, Options, ServerError, launch_postgres, signal};
use tokio::time::sleep;

pub use hypopg::fetch_with_hypopg;

/// Every version that tests run against.
pub const MAJORS: [u16; 5] = [14, 15, 16, 17, 18];

const STOPPED_WITHIN: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(30);

/// A running server with its own data, removed when this is dropped or our process ends, however it ends.
#[derive(Debug)]
pub struct PostgresServer(servers::PostgresServer);

impl Deref for PostgresServer {
    type Target = servers::PostgresServer;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl PostgresServer {
    /// Makes a new server and waits until it answers.
    ///
    /// # Errors
    /// [`ServerError`] with the end of the server's log when it does not.
    pub async fn start(distribution: &Distribution, options: Options) -> Result<Self, ServerError> {
        servers::PostgresServer::start(distribution, options).await.map(Self)
    }

    /// Stops in order, keeping the data for [`Self::start_again`].
    ///
    /// # Errors
    /// [`ServerError`] when it does not stop in time.
    pub async fn halt(&mut self) -> Result<(), ServerError> {
        signal("INT", &[self.0.postmaster.id()])?;
        self.wait_until_gone().await
    }

    /// Kills every process of the server as a crash would, keeping the data for [`Self::start_again`].
    ///
    /// # Errors
    /// [`ServerError`] when a process survives.
    pub async fn kill_hard(&mut self) -> Result<(), ServerError> {
        signal("KILL", &self.processes())?;
        self.wait_until_gone().await
    }

    /// Runs the halted or killed server again, on the same port and data.
    ///
    /// # Errors
    /// [`ServerError`] when it does not get ready.
    pub async fn start_again(&mut self) -> Result<(), ServerError> {
        self.0.postmaster = launch_postgres(&self.distribution, &self.options, &self.scratch)?;
        self.0.wait_until_ready().await
    }

    /// An orderly restart.
    ///
    /// # Errors
    /// As [`Self::halt`] and [`Self::start_again`].
    pub async fn restart(&mut self) -> Result<(), ServerError> {
        self.halt().await?;
        self.start_again().await
    }

    /// Freezes all processes: the kernel still accepts connections, nobody answers.
    ///
    /// # Errors
    /// [`ServerError`] when a process cannot be signalled.
    pub fn suspend(&self) -> Result<(), ServerError> {
        signal("STOP", &[self.0.postmaster.id()])?;
        signal("STOP", &self.processes())
    }

    /// Ends [`Self::suspend`].
    ///
    /// # Errors
    /// [`ServerError`] when a process cannot be signalled.
    pub fn resume(&self) -> Result<(), ServerError> {
        signal("CONT", &self.processes())
    }

    /// Kills one backend, which makes the server restart all of them.
    ///
    /// # Errors
    /// [`ServerError`] when there is no such process.
    pub fn kill_backend(&self, pid: i32) -> Result<(), ServerError> {
        signal("KILL", &[pid.unsigned_abs()])
    }

    async fn wait_until_gone(&mut self) -> Result<(), ServerError> {
        let deadline = Instant::now() + STOPPED_WITHIN;
        while !matches!(self.0.postmaster.try_wait(), Ok(Some(_))) || !self.processes().is_empty() {
            if Instant::now() > deadline {
                return Err(self.not_ready("it does not stop".to_owned()));
            }
            sleep(PAUSE).await;
        }
        Ok(())
    }
}
