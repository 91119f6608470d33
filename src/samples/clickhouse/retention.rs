//! Drops what is past its retention, and what is above the cap: whole days, the finest first.

use basira_actors::model::Timestamp;

use super::error::ClickHouseError;
use super::plan::{DAY_MS, Kept};
use super::shipper::Shipper;
use super::tables::RemoteTables;
use crate::samples::{Resolution, StoreError};

const PARTS: &str = include_str!("sql/parts.sql");

/// One day of one table.
pub(super) struct Part {
    pub(super) table: String,
    pub(super) resolution: Resolution,
    partition: String,
    day: i64,
    pub(super) bytes: u64,
    /// Sets of files that it consists of.
    pub(super) pieces: u64,
}

impl RemoteTables {
    /// What all of our tables consist of.
    pub(super) async fn parts(&self) -> Result<Vec<Part>, ClickHouseError> {
        let names: Vec<_> = Self::tables().map(|(table, ..)| format!("'{table}'")).collect();
        let query = self.server.query_system(&PARTS.replace("$tables", &names.join(", ")));
        let rows: Vec<(String, String, i64, u64, u64)> =
            self.server.rows("looking at the disk", query).await?;
        let part = |(table, partition, day, bytes, pieces): (String, String, i64, u64, u64)| {
            let (.., resolution) = Self::tables().find(|(name, ..)| *name == table)?;
            Some(Part { table, resolution, partition, day, bytes, pieces })
        };
        Ok(rows.into_iter().filter_map(part).collect())
    }
}

impl Shipper {
    /// Ships what waits, then drops what is past its retention at `now`, unless the clock has leapt there, or above the cap.
    pub(super) async fn maintain(&mut self, now: Timestamp) -> Result<(), StoreError> {
        let now = self.clock.trusted_time(now, self.shipments.newest_sample().await?);
        self.remote.redeclare().await?;
        self.ship().await?;
        let mut kept = *self.remote.kept().await?.read().await;
        for resolution in Resolution::ALL {
            let age_ms =
                i64::try_from(self.remote.retention.get().of(resolution).as_millis()).unwrap_or(i64::MAX);
            // a day is over at its end, which belongs to it
            let since = now.as_millis().saturating_sub(age_ms).saturating_sub(1).div_euclid(DAY_MS);
            let kept = kept.since_mut(resolution);
            *kept = since.max(*kept);
        }
        self.drop_before(kept).await?;
        let Some(cap) = self.remote.retention.get().max_bytes else { return Ok(()) };
        loop {
            let parts = self.remote.parts().await?;
            let used: u64 = parts.iter().map(|part| part.bytes).sum();
            let Some(first) = parts.iter().min_by_key(|part| (part.resolution, part.day)) else {
                return Ok(());
            };
            if used <= cap {
                return Ok(());
            }
            tracing::warn!(
                used,
                cap,
                resolution = first.resolution.as_str(),
                "samples above the cap are dropped"
            );
            *kept.since_mut(first.resolution) = first.day.saturating_add(1);
            self.drop_before(kept).await?;
        }
    }

    /// First says that the days are gone, so that no read counts on them, then drops them.
    async fn drop_before(&self, next: Kept) -> Result<(), StoreError> {
        let kept = self.remote.kept().await?;
        let server = &self.remote.server;
        let now = *kept.read().await;
        for resolution in Resolution::ALL {
            let day = next.since(resolution);
            if day != now.since(resolution) {
                let name = resolution.as_str();
                let sql = format!("INSERT INTO sample_kept (resolution, day) VALUES ('{name}', {day})");
                server.execute("noting what is dropped", &sql).await?;
            }
        }
        // waits for the reads under way
        *kept.write().await = next;
        for part in self.remote.parts().await? {
            if part.day < next.since(part.resolution) {
                let sql = format!("ALTER TABLE {} DROP PARTITION ID '{}'", part.table, part.partition);
                server.execute("dropping a day", &sql).await?;
            }
        }
        Ok(())
    }
}
