//! Reads `pg_stat_statements` once a second and keeps what was added.

use std::collections::HashMap;
use std::time::Duration;

use basira_benches::Failure;
use basira_test_support::PostgresServer;
use tokio::time::{MissedTickBehavior, interval};
use tokio_postgres::{Client, Statement};

use super::super::day::{Counters, Row};

/// In the order of our counters; times in whole microseconds, as the store keeps them.
const COUNTERS: &str = "
select queryid, calls, (total_exec_time * 1000)::int8, rows, shared_blks_hit, shared_blks_read, shared_blks_dirtied,
       shared_blks_written, (shared_blk_read_time * 1000)::int8, wal_records, wal_bytes::int8
from pg_stat_statements(false) where dbid = (select oid from pg_database where datname = current_database())";
const INTERVAL: Duration = Duration::from_secs(1);

/// A connection, and the counters as they were.
pub(super) struct Recorder {
    client: Client,
    counters: Statement,
    before: HashMap<u64, Counters>,
}

impl Recorder {
    pub(super) async fn connect(server: &PostgresServer) -> Result<Self, Failure> {
        let client = server.client().await?;
        let counters = client.prepare(COUNTERS).await?;
        Ok(Self { client, counters, before: HashMap::new() })
    }

    /// What changed in each of `polls` intervals, by series.
    pub(super) async fn record(mut self, polls: usize) -> Result<Vec<Vec<Row>>, Failure> {
        let mut pace = interval(INTERVAL);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        pace.tick().await;
        self.changed().await?;
        let mut recorded = Vec::with_capacity(polls);
        for _ in 0..polls {
            pace.tick().await;
            recorded.push(self.changed().await?);
        }
        Ok(recorded)
    }

    async fn changed(&mut self) -> Result<Vec<Row>, Failure> {
        let mut changed = Vec::new();
        for row in self.client.query(&self.counters, &[]).await? {
            let series = row.get::<_, i64>(0).cast_unsigned();
            let now: Counters = std::array::from_fn(|place| row.get(1 + place));
            let before = self.before.insert(series, now).unwrap_or_default();
            if now[0] != before[0] {
                changed
                    .push(Row { series, counters: std::array::from_fn(|place| now[place] - before[place]) });
            }
        }
        changed.sort_unstable_by_key(|row| row.series);
        Ok(changed)
    }
}
