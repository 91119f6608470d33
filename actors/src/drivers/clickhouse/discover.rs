//! Reads the properties of a server at connect, and again when a collector lacked something.

use std::collections::HashMap;
use std::time::Duration;

use super::super::check_columns;
use super::ClickHouse;
use super::column_fallback::{Cluster, SystemColumns};
use super::rows::JsonRows;
use crate::collect::{CollectError, Cursor, Rows as _, Server, one_line};

pub(super) const SETTINGS: &str = include_str!("sql/settings.sql");
const SETTINGS_COLUMNS: &[&str] = &["setting_name", "setting_value"];
const SERVER: &str = include_str!("sql/server.sql");
const SERVER_COLUMNS: &[&str] = &["version", "host_name", "at", "uptime_seconds"];
const COLUMNS: &str = include_str!("sql/columns.sql");
const COLUMNS_COLUMNS: &[&str] = &["table_name", "column_name"];
const CLUSTERS: &str = include_str!("sql/clusters.sql");
const CLUSTERS_COLUMNS: &[&str] = &["cluster_name", "shares_hosts"];
const SHOWS_TABLES: &str = include_str!("sql/shows_tables.sql");

const TIMEOUT: Duration = Duration::from_secs(5);
/// The first versions with `tcpPort()` and `CHECK GRANT`.
const TCP_PORT_VERSION: u32 = 2_012;
const CHECK_GRANT_VERSION: u32 = 2_501;
/// Larger numbers in a version are invalid.
const MAX_VERSION_PART: u32 = 10_000;
/// How much two readings of the start time may differ: uptime and clock have a resolution of seconds.
const START_JITTER: Duration = Duration::from_secs(2);

impl ClickHouse {
    pub(super) async fn discover(&mut self) -> Result<(), CollectError> {
        self.read_settings().await?;
        let rows = self.query(SERVER, SERVER_COLUMNS).await?;
        read_server(&rows, &mut self.server)?;
        self.read_columns().await?;
        if let Some(name) = self.server.cluster.clone() {
            self.cluster = Some(self.find_cluster(name).await?);
        }
        self.shows_tables = self.may_see_tables().await?;
        Ok(())
    }

    async fn query(&mut self, sql: &str, columns: &'static [&'static str]) -> Result<JsonRows, CollectError> {
        let rows = self.runner.run(sql, &[], columns, TIMEOUT).await?;
        check_columns(&rows.columns(), columns)?;
        Ok(rows)
    }

    async fn read_settings(&mut self) -> Result<(), CollectError> {
        let rows = match self.query(SETTINGS, SETTINGS_COLUMNS).await {
            // what the user may set shows with the next queries
            Err(CollectError::Missing { .. }) => return Ok(()),
            rows => rows?,
        };
        self.runner.limits.clear();
        for row in 0..rows.len() {
            let (name, value) = (rows.text(row, 0)?, rows.text(row, 1)?);
            self.runner.limits.add_setting(name.unwrap_or_default(), value.unwrap_or_default());
        }
        Ok(())
    }

    async fn read_columns(&mut self) -> Result<(), CollectError> {
        (self.columns, self.adapted) = (SystemColumns::default(), HashMap::new());
        let rows = match self.query(COLUMNS, COLUMNS_COLUMNS).await {
            // without them, queries are sent unchanged
            Err(CollectError::Permission { .. } | CollectError::Missing { .. }) => return Ok(()),
            rows => rows?,
        };
        for row in 0..rows.len() {
            let (table, column) = (rows.text(row, 0)?, rows.text(row, 1)?);
            self.columns.insert(table.unwrap_or_default(), column.unwrap_or_default());
        }
        Ok(())
    }

    async fn find_cluster(&mut self, name: String) -> Result<Cluster, CollectError> {
        let rows = match self.query(CLUSTERS, CLUSTERS_COLUMNS).await {
            // if there is no such cluster, the queries fail
            Err(CollectError::Permission { .. } | CollectError::Missing { .. }) => {
                return Ok(Cluster { name, shares_hosts: false });
            }
            rows => rows?,
        };
        let mut names = Vec::new();
        for row in 0..rows.len() {
            let found = rows.text(row, 0)?.unwrap_or_default();
            if found == name {
                let shares_hosts = rows.bool(row, 1)? == Some(true) && self.server.major >= TCP_PORT_VERSION;
                return Ok(Cluster { name, shares_hosts });
            }
            names.push(found.to_owned());
        }
        Err(CollectError::NoCluster { name, known: one_line(&names.join(", ")) })
    }

    /// Returns whether the user has SHOW TABLES on all tables; none when the server cannot tell.
    async fn may_see_tables(&mut self) -> Result<Option<bool>, CollectError> {
        if self.server.major < CHECK_GRANT_VERSION {
            return Ok(None);
        }
        match self.runner.run(SHOWS_TABLES, &[], &[], TIMEOUT).await {
            Ok(rows) if rows.len() == 1 => Ok(rows.bool(0, 0)?),
            Err(error) if error.ends_connection() => Err(error),
            _ => Ok(None),
        }
    }
}

/// Reads version and start time of the server.
fn read_server(rows: &JsonRows, server: &mut Server) -> Result<(), CollectError> {
    let mut cursor = Cursor::new(rows, 0);
    server.version = one_line(cursor.text()?.unwrap_or_default());
    let mut numbers = server.version.split('.').map(|number| number.parse().unwrap_or(0));
    let mut number = || numbers.next().filter(|number| *number < MAX_VERSION_PART).unwrap_or(0);
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
