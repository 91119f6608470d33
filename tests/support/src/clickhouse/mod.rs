//! A throwaway ClickHouse server that a test may kill and freeze.

mod oldest;

use std::fs;
use std::ops::Deref;
use std::time::{Duration, Instant};

use basira_servers::{
    self as servers, ClickHouseDistribution, ClickHouseOptions, ServerError, launch_clickhouse, signal,
};
use tokio::time::sleep;

pub use oldest::fetch_oldest_clickhouse;

/// The users that only tests need, up to the end of all users.
const READERS: &str = include_str!("readers.xml");
/// The profiles of some of them, up to the end of all profiles.
const PROFILES: &str = "<reading_only><log_queries>1</log_queries><readonly>1</readonly></reading_only>\
    <narrow><log_queries>1</log_queries><readonly>2</readonly><max_result_rows>7</max_result_rows>\
    <max_result_bytes>500</max_result_bytes><max_rows_to_read>9</max_rows_to_read>\
    <max_columns_to_read>3</max_columns_to_read><join_use_nulls>1</join_use_nulls><extremes>1</extremes></narrow></profiles>";
const STOPPED_WITHIN: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(30);

/// A running server with its own data, removed when this is dropped or our process ends, however it ends.
#[derive(Debug)]
pub struct ClickHouseServer(servers::ClickHouseServer);

impl Deref for ClickHouseServer {
    type Target = servers::ClickHouseServer;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl ClickHouseServer {
    /// What the cluster of [`Self::cluster_of`] is called.
    pub const CLUSTER: &'static str = "everywhere";
    /// Those who may do less, all with [`Self::PASSWORD`]: read everything and limit itself; read everything but not limit
    /// itself; read nothing of `system`; read everything, with a profile that limits results.
    pub const READERS: [&'static str; 4] = [servers::ClickHouseServer::MONITOR, "strict", "blind", "narrow"];
    /// Who may do everything, with this password.
    pub const USER: &'static str = servers::ClickHouseServer::USER;
    pub const PASSWORD: &'static str = servers::ClickHouseServer::PASSWORD;
    /// Logs as a server of its own has them, written every second.
    pub const LOGS: &'static str = servers::ClickHouseServer::LOGS;

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
        let users = distribution.users.replace("</profiles>", PROFILES).replace("</users>", READERS);
        let distribution = ClickHouseDistribution { users, ..distribution.clone() };
        servers::ClickHouseServer::start_with(&distribution, options).await.map(Self)
    }

    /// The element of the configuration that makes servers with these native ports the nodes of [`Self::CLUSTER`].
    #[must_use]
    pub fn cluster_of(native_ports: &[u16]) -> String {
        let (user, password, cluster) = (Self::USER, Self::PASSWORD, Self::CLUSTER);
        let replica = |port| {
            format!(
                "<replica><host>127.0.0.1</host><port>{port}</port><user>{user}</user><password>{password}</password></replica>"
            )
        };
        let replicas: String = native_ports.iter().map(replica).collect();
        format!("<remote_servers><{cluster}><shard>{replicas}</shard></{cluster}></remote_servers>")
    }

    /// Kills the server as a crash would, keeping the data for [`Self::start_again`].
    ///
    /// # Errors
    /// [`ServerError`] when it survives.
    pub async fn kill_hard(&mut self) -> Result<(), ServerError> {
        signal("KILL", &self.processes())?;
        let deadline = Instant::now() + STOPPED_WITHIN;
        while !matches!(self.0.process.try_wait(), Ok(Some(_))) {
            if Instant::now() > deadline {
                return Err(self.not_ready("it does not stop".to_owned()));
            }
            sleep(PAUSE).await;
        }
        Ok(())
    }

    /// Grants `user`, one of [`Self::READERS`], what it lacked; so from the next start on.
    ///
    /// # Errors
    /// [`ServerError`] when its file cannot be changed.
    pub fn grant(&self, user: &str, grant: &str) -> Result<(), ServerError> {
        let path = self.scratch.join("users.xml");
        let users = fs::read_to_string(&path).map_err(ServerError::io("reading users.xml"))?;
        let (before, of_user) = users.split_once(&format!("<{user}>")).unwrap_or((&users, ""));
        let of_user = of_user.replacen("</grants>", &format!("<query>{grant}</query></grants>"), 1);
        fs::write(&path, format!("{before}<{user}>{of_user}")).map_err(ServerError::io("writing users.xml"))
    }

    /// Runs the killed server again, on the same port and data.
    ///
    /// # Errors
    /// [`ServerError`] when it does not get ready.
    pub async fn start_again(&mut self) -> Result<(), ServerError> {
        // an embedded server creates its system database at each start, and fails when there is one
        let system = self.scratch.join("data/data/system");
        if system.exists() {
            fs::remove_dir_all(&system).map_err(ServerError::io("removing the system database"))?;
        }
        self.0.process = launch_clickhouse(&self.distribution, &self.scratch, self.port, self.native_port)?;
        self.0.wait_until_ready().await
    }

    /// Freezes it: the kernel still accepts connections, nobody answers.
    ///
    /// # Errors
    /// [`ServerError`] when it cannot be signalled.
    pub fn suspend(&self) -> Result<(), ServerError> {
        signal("STOP", &self.processes())
    }

    /// Ends [`Self::suspend`].
    ///
    /// # Errors
    /// [`ServerError`] when it cannot be signalled.
    pub fn resume(&self) -> Result<(), ServerError> {
        signal("CONT", &self.processes())
    }
}
