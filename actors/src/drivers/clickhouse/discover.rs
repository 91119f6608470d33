//! What is learned of a server at connect, and anew when something was missing.

use std::collections::HashMap;
use std::time::Duration;

use super::super::check_columns;
use super::ClickHouse;
use super::column_fallback::{Cluster, Known};
use super::rows::JsonRows;
use crate::collect::{CollectError, Cursor, Rows as _, Server, one_line};

const SETTINGS: &str = include_str!("sql/settings.sql");
const SETTINGS_COLUMNS: &[&str] = &["setting_name", "setting_value"];
const SERVER: &str = include_str!("sql/server.sql");
const SERVER_COLUMNS: &[&str] = &["version", "host_name", "at", "uptime_seconds"];
const COLUMNS: &str = include_str!("sql/columns.sql");
const COLUMNS_COLUMNS: &[&str] = &["table_name", "column_name"];
const CLUSTERS: &str = include_str!("sql/clusters.sql");
const CLUSTERS_COLUMNS: &[&str] = &["cluster_name", "shares_hosts"];
const SHOWS_TABLES: &str = include_str!("sql/shows_tables.sql");

const TIMEOUT: Duration = Duration::from_secs(5);
/// The first versions that know `tcpPort()`, and `CHECK GRANT`.
const KNOWS_ITS_PORT: u32 = 2_012;
const CHECKS_GRANTS: u32 = 2_501;
/// A larger number in a version is none.
const MOST_OF_A_VERSION: u32 = 10_000;
/// How far two readings of when the server started may differ: both clocks tick in seconds.
const START_JITTER: Duration = Duration::from_secs(2);

impl ClickHouse {
    pub(super) async fn learn(&mut self) -> Result<(), CollectError> {
        self.learn_settings().await?;
        let rows = self.told(SERVER, SERVER_COLUMNS).await?;
        read_server(&rows, &mut self.server)?;
        self.learn_columns().await?;
        if let Some(name) = self.server.cluster.clone() {
            self.cluster = Some(self.find_cluster(name).await?);
        }
        self.shows_tables = self.may_see_tables().await?;
        Ok(())
    }

    async fn told(&mut self, sql: &str, columns: &'static [&'static str]) -> Result<JsonRows, CollectError> {
        let rows = self.runner.ask(sql, &[], columns, TIMEOUT).await?;
        check_columns(&rows.columns(), columns)?;
        Ok(rows)
    }

    async fn learn_settings(&mut self) -> Result<(), CollectError> {
        let rows = self.told(SETTINGS, SETTINGS_COLUMNS).await?;
        self.runner.limits.forget();
        for row in 0..rows.len() {
            let (name, value) = (rows.text(row, 0)?, rows.text(row, 1)?);
            self.runner.limits.learn(name.unwrap_or_default(), value.unwrap_or_default());
        }
        Ok(())
    }

    async fn learn_columns(&mut self) -> Result<(), CollectError> {
        (self.known, self.fitted) = (Known::default(), HashMap::new());
        let rows = match self.told(COLUMNS, COLUMNS_COLUMNS).await {
            // nothing is known, and each question is answered or refused as it stands
            Err(CollectError::Permission { .. }) => return Ok(()),
            rows => rows?,
        };
        for row in 0..rows.len() {
            let (table, column) = (rows.text(row, 0)?, rows.text(row, 1)?);
            self.known.learn(table.unwrap_or_default(), column.unwrap_or_default());
        }
        Ok(())
    }

    async fn find_cluster(&mut self, name: String) -> Result<Cluster, CollectError> {
        let rows = match self.told(CLUSTERS, CLUSTERS_COLUMNS).await {
            // whether there is such a cluster will show
            Err(CollectError::Permission { .. }) => return Ok(Cluster { name, shares_hosts: false }),
            rows => rows?,
        };
        let mut names = Vec::new();
        for row in 0..rows.len() {
            let found = rows.text(row, 0)?.unwrap_or_default();
            if found == name {
                let shares_hosts = rows.bool(row, 1)? == Some(true) && self.server.major >= KNOWS_ITS_PORT;
                return Ok(Cluster { name, shares_hosts });
            }
            names.push(found.to_owned());
        }
        Err(CollectError::NoCluster { name, known: one_line(&names.join(", ")) })
    }

    /// Whether the user sees all tables; none when the server cannot be asked.
    async fn may_see_tables(&mut self) -> Result<Option<bool>, CollectError> {
        if self.server.major < CHECKS_GRANTS {
            return Ok(None);
        }
        match self.runner.ask(SHOWS_TABLES, &[], &[], TIMEOUT).await {
            Ok(rows) if rows.len() == 1 => Ok(rows.bool(0, 0)?),
            Err(error) if error.ends_connection() => Err(error),
            _ => Ok(None),
        }
    }
}

/// What the server says of itself.
fn read_server(rows: &JsonRows, server: &mut Server) -> Result<(), CollectError> {
    let mut cursor = Cursor::new(rows, 0);
    server.version = one_line(cursor.text()?.unwrap_or_default());
    let mut numbers = server.version.split('.').map(|number| number.parse().unwrap_or(0));
    let mut number = || numbers.next().filter(|number| *number < MOST_OF_A_VERSION).unwrap_or(0);
    server.major = number() * 100 + number();
    cursor.text()?; // host_name
    let at = cursor.required_timestamp()?;
    let uptime = Duration::from_secs(u64::try_from(cursor.required_i64()?).unwrap_or_default());
    let started_at = at - uptime;
    let moved = started_at.since(server.started_at).max(server.started_at.since(started_at));
    if moved > START_JITTER {
        server.started_at = started_at;
    }
    Ok(())
}
