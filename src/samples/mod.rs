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

/// The database whose samples are read or written, with its organization: no read starts without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DatabaseScope {
    pub organization: OrganizationId,
    pub database: DatabaseId,
}

/// The number of gaps that one read returns at most. Where statements are evicted at every poll there is one every few
/// seconds.
pub const MAX_GAPS: usize = 1_000;

/// The span of a read: records that end after `since` and not after `until`, so that windows side by side share no record
/// and omit none. What is rolled up counts as one record per series and bucket, which ends with its last record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub since: Timestamp,
    pub until: Timestamp,
}

impl Window {
    /// Whether a record that ends at `at` is in the window.
    const fn covers(self, at: i64) -> bool {
        self.since.as_millis() < at && at <= self.until.as_millis()
    }
}

/// The part of a stream that a read is limited to; the rest is not decoded.
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

/// A series of a group, with its labels.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    pub series: u64,
    pub labels: serde_json::Map<String, serde_json::Value>,
}

/// The error of a sample store.
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

/// Reads samples back. Every engine gives the same answers.
#[async_trait]
pub trait SampleStore: SampleRepository {
    /// Returns the sum of every group of `projection` that has a record in `window`, in no particular order.
    async fn totals(
        &self,
        scope: DatabaseScope,
        stream: &'static Stream,
        window: Window,
        wanted: &Projection,
    ) -> Result<Vec<Total>, StoreError>;

    /// Returns every group of `projection` over time in buckets of `bucket_ms`, ordered by group.
    /// A record belongs to the bucket in which it ends; a bucket, like a window, excludes its start and includes its end.
    async fn timelines(
        &self,
        scope: DatabaseScope,
        stream: &'static Stream,
        window: Window,
        bucket_ms: i64,
        wanted: &Projection,
    ) -> Result<Vec<Timeline>, StoreError>;

    /// Returns the coarsest resolution in which any part of `window` is answered: parts of it cannot be told apart below that.
    async fn resolution(
        &self,
        _scope: DatabaseScope,
        _stream: &'static Stream,
        _window: Window,
    ) -> Result<Resolution, StoreError> {
        Ok(Resolution::Raw)
    }

    /// Returns one group over time, as [`Self::timelines`].
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

    /// Returns the series of one group.
    async fn members(
        &self,
        scope: DatabaseScope,
        stream: &'static Stream,
        group: u64,
    ) -> Result<Vec<Series>, StoreError>;

    /// Returns the series whose entry has `value` under `label`, ascending.
    async fn labelled(
        &self,
        scope: DatabaseScope,
        stream: &'static Stream,
        label: &str,
        value: &str,
    ) -> Result<Vec<u64>, StoreError>;

    /// Returns the newest [`MAX_GAPS`] gaps that overlap `window`, oldest first.
    async fn gaps(
        &self,
        scope: DatabaseScope,
        stream: &'static Stream,
        window: Window,
    ) -> Result<Vec<Gap>, StoreError>;

    /// Returns the texts of `hashes`; those that are not stored are missing.
    async fn words(
        &self,
        organization: OrganizationId,
        hashes: &[u64],
    ) -> Result<HashMap<u64, Arc<str>>, StoreError>;

    /// Returns how long raw records are kept; older ones are rolled up.
    fn raw_kept(&self) -> Duration;

    /// Returns a notice for readers of `scope`: samples were deleted above the cap, or stored without text, within the hour.
    fn notice(&self, _scope: DatabaseScope) -> Option<String> {
        None
    }

    /// Checks that the store takes writes.
    async fn ready(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Deletes everything of a database.
    async fn forget(&self, scope: DatabaseScope) -> Result<(), StoreError>;
}

/// A store as the process that runs it uses it.
#[async_trait]
pub trait ManagedSampleStore: SampleStore {
    /// Does all background work that is due at `now`: sealing, rolling up, deleting what is past its retention or above the
    /// cap. The store runs it once a minute by itself.
    async fn maintain(&self, now: Timestamp) -> Result<(), StoreError>;

    /// Returns what is stored, by database, stream and resolution.
    async fn usage(&self) -> Result<Usage, StoreError>;

    /// Sets the retention; the next maintenance run deletes what is older.
    fn retain(&self, retention: Retention);

    /// Writes everything that is queued, then ends; later appends fail.
    async fn close(&self);
}
