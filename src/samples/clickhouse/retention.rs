//! Drops expired days, and above the size limit the oldest days of the finest resolution.

use basira_actors::model::Timestamp;

use super::error::ClickHouseError;
use super::plan::{DAY_MS, FirstDays};
use super::shipper::Shipper;
use super::tables::RemoteTables;
use crate::samples::{Resolution, StoreError};

const PARTS: &str = include_str!("sql/parts.sql");

/// One day of one table.
pub(super) struct Partition {
    pub(super) table: String,
    pub(super) resolution: Resolution,
    id: String,
    day: i64,
    pub(super) bytes: u64,
    /// Parts, in the sense of ClickHouse, that it consists of.
    pub(super) parts: u64,
}

impl RemoteTables {
    /// The partitions of all of our tables.
    pub(super) async fn partitions(&self) -> Result<Vec<Partition>, ClickHouseError> {
        let names: Vec<_> = Self::tables().map(|(table, ..)| format!("'{table}'")).collect();
        let query = self.server.query_system(&PARTS.replace("$tables", &names.join(", ")));
        let rows: Vec<(String, String, i64, u64, u64)> =
            self.server.rows("reading the sizes of tables", query).await?;
        let partition = |(table, id, day, bytes, parts): (String, String, i64, u64, u64)| {
            let (.., resolution) = Self::tables().find(|(name, ..)| *name == table)?;
            Some(Partition { table, resolution, id, day, bytes, parts })
        };
        Ok(rows.into_iter().filter_map(partition).collect())
    }
}

impl Shipper {
    /// Ships the tail, then drops days that are expired at `now`, by a clock that has not jumped, and days above the size limit.
    pub(super) async fn maintain(&mut self, now: Timestamp) -> Result<(), StoreError> {
        let now = self.clock.trusted_time(now, self.shipments.newest_sample().await?);
        self.remote.redeclare().await?;
        self.ship().await?;
        let mut first_days = *self.remote.first_days().await?.read().await;
        for resolution in Resolution::ALL {
            let age_ms =
                i64::try_from(self.remote.retention.get().of(resolution).as_millis()).unwrap_or(i64::MAX);
            // a day includes its end
            let since = now.as_millis().saturating_sub(age_ms).saturating_sub(1).div_euclid(DAY_MS);
            let first_days = first_days.since_mut(resolution);
            *first_days = since.max(*first_days);
        }
        self.drop_before(first_days).await?;
        let Some(cap) = self.remote.retention.get().max_bytes else { return Ok(()) };
        loop {
            let partitions = self.remote.partitions().await?;
            let used: u64 = partitions.iter().map(|partition| partition.bytes).sum();
            let Some(first) = partitions.iter().min_by_key(|partition| (partition.resolution, partition.day))
            else {
                return Ok(());
            };
            if used <= cap {
                return Ok(());
            }
            tracing::warn!(
                used,
                cap,
                resolution = first.resolution.as_str(),
                "samples above the size limit are dropped"
            );
            *first_days.since_mut(first.resolution) = first.day.saturating_add(1);
            self.drop_before(first_days).await?;
        }
    }

    /// Records the new first days, so that no read uses older ones, then drops these.
    async fn drop_before(&self, next: FirstDays) -> Result<(), StoreError> {
        let first_days = self.remote.first_days().await?;
        let server = &self.remote.server;
        let now = *first_days.read().await;
        for resolution in Resolution::ALL {
            let day = next.since(resolution);
            if day != now.since(resolution) {
                let name = resolution.as_str();
                let sql = format!("INSERT INTO sample_kept (resolution, day) VALUES ('{name}', {day})");
                server.execute("recording dropped days", &sql).await?;
            }
        }
        // waits for running reads
        *first_days.write().await = next;
        for partition in self.remote.partitions().await? {
            if partition.day < next.since(partition.resolution) {
                let sql = format!("ALTER TABLE {} DROP PARTITION ID '{}'", partition.table, partition.id);
                server.execute("dropping a day", &sql).await?;
            }
        }
        Ok(())
    }
}
