//! The sample store: what a poll appends, kept small, read back over any span.

mod aggregate;
mod clickhouse;
mod codec;
mod entity;
mod local;
pub mod open;
mod port;
mod retention;
mod segments;
mod store;
#[cfg(test)]
mod tests;
mod usage;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use basira_actors::model::{DatabaseId, Gap, OrganizationId, Stream, Timestamp};
use basira_actors::ports::SampleRepository;

#[cfg(test)]
use clickhouse::tests::OnClickHouse;
pub use clickhouse::{ClickHouseError, ClickHouseOptions, ClickHouseStore};
pub use local::word_hashes;
pub use open::OpenError;
pub use retention::{Resolution, Retention};
pub use segments::SegmentStore;
pub use usage::{StoredResolution, StreamUsage, Usage};

/// Whose samples: no read starts without its organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DatabaseScope {
    pub organization: OrganizationId,
    pub database: DatabaseId,
}

/// How many gaps of a stream one read returns. Where statements are evicted at every poll there is one every few seconds,
/// millions in the time that they are kept.
pub const MAX_GAPS: usize = 1_000;

/// The span of a read, by when the work happened: records that end after `since` and begin before `until`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub since: Timestamp,
    pub until: Timestamp,
}

impl Window {
    /// Whether a record of work after `from` and not after `at` counts.
    const fn covers(self, from: i64, at: i64) -> bool {
        at > self.since.as_millis() && from < self.until.as_millis()
    }
}

/// Which part of the totals is wanted; what is not is not even read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Projection {
    /// Places of columns, ascending; the values of others are [`basira_actors::model::NULL`]. None: all.
    pub columns: Option<Vec<usize>>,
    /// None: all.
    pub groups: Option<Vec<u64>>,
    /// Only these of their series, ascending. None: all.
    pub series: Option<Vec<u64>>,
}

impl Projection {
    /// Everything.
    pub const ALL: Self = Self { columns: None, groups: None, series: None };
}

/// One group summed over a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Total {
    pub group: u64,
    /// One per column of the stream; [`basira_actors::model::NULL`] where no sample had a value.
    pub values: Vec<i64>,
    /// Starts of the first and end of the last record that had this group.
    pub first: Timestamp,
    pub last: Timestamp,
}

/// One group over time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeline {
    pub group: u64,
    /// Oldest first; buckets without a record are absent.
    pub points: Vec<Point>,
}

/// One bucket of one group's series, its series summed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// The start of the bucket.
    pub ts: Timestamp,
    pub values: Vec<i64>,
}

/// A series of a group with what is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    pub series: u64,
    pub labels: serde_json::Map<String, serde_json::Value>,
}

/// The store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the sample store's database failed: {0}")]
    Database(#[from] sea_orm::DbErr),
    #[error("the sample store's ClickHouse: {0}")]
    ClickHouse(#[from] ClickHouseError),
    #[error("decoding stored samples failed: {0}")]
    Decoding(String),
    #[error("packing samples failed: {0}")]
    Encoding(String),
    #[error("the sample store is shut down")]
    Closed,
}

/// Reading samples back. Every backend gives identical answers.
#[async_trait]
pub trait SampleStore: SampleRepository {
    /// Every wanted group of `stream` that has a record in `window`, summed, in no particular order.
    async fn totals(
        &self,
        scope: DatabaseScope,
        stream: &'static Stream,
        window: Window,
        wanted: &Projection,
    ) -> Result<Vec<Total>, StoreError>;

    /// Every wanted group over time in buckets of `bucket_ms`, in the order of the groups.
    /// A record belongs to the bucket in which it ends; a bucket, like a window, excludes its start and includes its end.
    async fn timelines(
        &self,
        scope: DatabaseScope,
        stream: &'static Stream,
        window: Window,
        bucket_ms: i64,
        wanted: &Projection,
    ) -> Result<Vec<Timeline>, StoreError>;

    /// One group over time, as [`Self::timelines`].
    async fn points(
        &self,
        scope: DatabaseScope,
        stream: &'static Stream,
        group: u64,
        window: Window,
        bucket_ms: i64,
    ) -> Result<Vec<Point>, StoreError> {
        let wanted = Projection { groups: Some(vec![group]), ..Projection::ALL };
        let mut timelines = self.timelines(scope, stream, window, bucket_ms, &wanted).await?;
        Ok(timelines.pop().map(|timeline| timeline.points).unwrap_or_default())
    }

    /// The series of one group.
    async fn members(
        &self,
        scope: DatabaseScope,
        stream: &'static Stream,
        group: u64,
    ) -> Result<Vec<Series>, StoreError>;

    /// The series whose entry has `value` under `label`, ascending.
    async fn labelled(
        &self,
        scope: DatabaseScope,
        stream: &'static Stream,
        label: &str,
        value: &str,
    ) -> Result<Vec<u64>, StoreError>;

    /// The newest [`MAX_GAPS`] gaps that overlap `window`, oldest first.
    async fn gaps(
        &self,
        scope: DatabaseScope,
        stream: &'static Stream,
        window: Window,
    ) -> Result<Vec<Gap>, StoreError>;

    /// The texts behind `hashes`, as far as they are known.
    async fn words(
        &self,
        organization: OrganizationId,
        hashes: &[u64],
    ) -> Result<HashMap<u64, Arc<str>>, StoreError>;

    /// How long records are kept as they came; later they are rolled up.
    fn raw_kept(&self) -> Duration;

    /// What the owner should know of the samples of `scope`: that some were dropped within the last hour, or lack a text.
    fn notice(&self, _scope: DatabaseScope) -> Option<String> {
        None
    }

    /// Whether what is appended would be stored.
    async fn ready(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Forgets everything of a deleted database.
    async fn forget(&self, scope: DatabaseScope) -> Result<(), StoreError>;
}

/// A store as its process keeps it: what happens by itself in the background, and what the operator wants to know.
#[async_trait]
pub trait ManagedSampleStore: SampleStore {
    /// Everything that was due at `now`: sealing, rolling up, dropping what is past its retention or above the cap.
    /// Happens by itself once a minute.
    async fn maintain(&self, now: Timestamp) -> Result<(), StoreError>;

    /// What is held, by database, stream and resolution.
    async fn usage(&self) -> Result<Usage, StoreError>;

    /// Keeps samples so long from now on; what is past that goes when order is next kept.
    fn retain(&self, retention: Retention);

    /// Writes everything that waits, then ends; whoever appends later is refused.
    async fn close(&self);
}
