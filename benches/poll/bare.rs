//! What a poll costs at least: the leanest queries by tokio-postgres, rows read and dropped.

use std::time::Duration;

use tokio::time::{interval, sleep};
use tokio_postgres::{Client, Statement};

use super::common::Failure;
use super::meter::{Cost, Meter};

const STATEMENTS: &str = "SELECT userid, dbid, toplevel, queryid, calls, total_exec_time, rows, shared_blks_hit, \
    shared_blks_read, shared_blks_dirtied, shared_blks_written, temp_blks_read, temp_blks_written, blk_read_time, \
    blk_write_time, wal_bytes::float8 FROM pg_stat_statements(false)";
const ACTIVITY: &str = "SELECT pid, datname, usename, application_name, client_addr, backend_start, xact_start, \
    query_start, state_change, wait_event_type, wait_event, state, query_id, left(query, 4096), backend_type, \
    CASE WHEN wait_event_type = 'Lock' THEN pg_blocking_pids(pid) END AS blocking_pids \
    FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND state IS DISTINCT FROM 'idle'";

/// One persistent connection with prepared statements.
pub(crate) struct Bare {
    client: Client,
    statements: Statement,
    activity: Statement,
}

impl Bare {
    const APPLICATION: &str = "bare";

    pub(crate) async fn connect(dsn: &str) -> Result<Self, Failure> {
        let dsn = format!("{dsn}?application_name={}", Self::APPLICATION);
        let client = basira::demo::servers::connect(&dsn).await?;
        let statements = client.prepare(STATEMENTS).await?;
        let activity = client.prepare(ACTIVITY).await?;
        Ok(Self { client, statements, activity })
    }

    /// What one of `polls` costs, one a second.
    pub(crate) async fn cost(&self, dsn: &str, polls: u32) -> Result<Cost, Failure> {
        self.poll().await?;
        let meter = Meter::of(dsn, Self::APPLICATION).await?;
        sleep(Duration::from_millis(300)).await;
        let before = meter.read()?;
        let mut second = interval(Duration::from_secs(1));
        for _ in 0..polls {
            second.tick().await;
            self.poll().await?;
        }
        sleep(Duration::from_millis(300)).await;
        Ok(meter.read()?.since(before).per(polls))
    }

    async fn poll(&self) -> Result<(), Failure> {
        drop(self.client.query(&self.activity, &[]).await?);
        drop(self.client.query(&self.statements, &[]).await?);
        Ok(())
    }
}
