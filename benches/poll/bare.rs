//! What a poll costs at least: the leanest queries by tokio-postgres, rows read and dropped.

use std::time::Duration;

use basira_benches::Failure;
use tokio::time::{interval, sleep};
use tokio_postgres::{Client, Statement};

use super::meter::{Cost, Meter};

const STATEMENTS: &str = "SELECT userid, dbid, toplevel, queryid, calls, total_exec_time, rows, shared_blks_hit, \
    shared_blks_read, shared_blks_dirtied, shared_blks_written, temp_blks_read, temp_blks_written, blk_read_time, \
    blk_write_time, wal_bytes::float8 FROM pg_stat_statements(false)";
const ACTIVITY: &str = "SELECT pid, datname, usename, application_name, client_addr, backend_start, xact_start, \
    query_start, state_change, wait_event_type, wait_event, state, query_id, left(query, 4096), backend_type, \
    CASE WHEN wait_event_type = 'Lock' THEN pg_blocking_pids(pid) END AS blocking_pids \
    FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND state IS DISTINCT FROM 'idle'";
const LOCKS: &str = "SELECT l.pid, l.locktype, l.mode, l.granted, l.relation, l.transactionid::text, l.waitstart \
    FROM pg_locks l WHERE l.pid <> pg_backend_pid() AND (NOT l.granted OR l.locktype = 'relation')";
const TABLES: &str = "SELECT c.oid, pg_stat_get_numscans(c.oid), pg_stat_get_tuples_returned(c.oid), \
    pg_stat_get_tuples_inserted(c.oid), pg_stat_get_tuples_updated(c.oid), pg_stat_get_tuples_deleted(c.oid), \
    pg_stat_get_tuples_hot_updated(c.oid), pg_stat_get_live_tuples(c.oid), pg_stat_get_dead_tuples(c.oid), \
    pg_stat_get_mod_since_analyze(c.oid), pg_stat_get_last_vacuum_time(c.oid), pg_stat_get_last_autovacuum_time(c.oid), \
    pg_stat_get_last_analyze_time(c.oid), pg_stat_get_last_autoanalyze_time(c.oid), pg_stat_get_blocks_fetched(c.oid), \
    pg_stat_get_blocks_hit(c.oid), c.relname, c.relnamespace \
    FROM pg_class c WHERE c.relkind IN ('r', 't', 'm') AND c.oid >= 16384";
const INDEXES: &str = "SELECT c.oid, pg_stat_get_numscans(c.oid), pg_stat_get_tuples_returned(c.oid), \
    pg_stat_get_tuples_fetched(c.oid), pg_stat_get_blocks_fetched(c.oid), pg_stat_get_blocks_hit(c.oid) \
    FROM pg_class c WHERE c.relkind = 'i' AND c.oid >= 16384";
const DATABASES: &str = "SELECT datid, datname, numbackends, xact_commit, xact_rollback, blks_read, blks_hit, \
    tup_returned, tup_fetched, tup_inserted, tup_updated, tup_deleted, conflicts, temp_files, temp_bytes, deadlocks, \
    blk_read_time, blk_write_time, stats_reset FROM pg_stat_database";
const BGWRITER: &str = "SELECT * FROM pg_stat_bgwriter";
const WAL: &str =
    "SELECT wal_records, wal_fpi, wal_bytes::float8, wal_buffers_full, stats_reset FROM pg_stat_wal";
const REPLICATION: &str = "SELECT pid, application_name, state, sync_state, \
    pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)::float8 FROM pg_stat_replication";
const SLOTS: &str = "SELECT slot_name, slot_type, active, wal_status, \
    pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::float8 FROM pg_replication_slots";

/// One look at everything that moves, in the order of the design's measurements.
const COLLECTION: [&str; 10] =
    [ACTIVITY, STATEMENTS, LOCKS, TABLES, INDEXES, DATABASES, BGWRITER, WAL, REPLICATION, SLOTS];

/// One persistent connection with prepared statements.
pub(crate) struct Bare {
    client: Client,
    collection: Vec<Statement>,
}

impl Bare {
    const APPLICATION: &str = "bare";

    pub(crate) async fn connect(dsn: &str) -> Result<Self, Failure> {
        let dsn = format!("{dsn}?application_name={}", Self::APPLICATION);
        let client = basira_test_support::connect(&dsn).await?;
        let mut collection = Vec::new();
        for query in COLLECTION {
            collection.push(client.prepare(query).await?);
        }
        Ok(Self { client, collection })
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

    pub(crate) async fn poll(&self) -> Result<(), Failure> {
        for query in &self.collection {
            drop(self.client.query(query, &[]).await?);
        }
        Ok(())
    }
}
