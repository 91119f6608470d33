//! Our own store, on SQLite as the server opens it.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use basira::samples::{
    DatabaseScope, ManagedSampleStore as _, Projection, Resolution, Retention, SampleStore as _,
    SegmentStore, Window,
};
use basira::storage::Storage;
use basira_actors::model::streams::STATEMENTS;
use basira_actors::model::{Batch, DatabaseId, OrganizationId, Record, SeriesEntry, Timestamp};
use basira_actors::ports::SampleRepository as _;
use basira_benches::Failure;

use super::day::{COUNTERS, Counters, HOUR_MS, Poll};
use super::peer::{BUCKET_MS, Bucket, Peer, Ranked, Span, TOP};

const FILE: &str = "basira.db";
/// So long after its end a day is rolled up for certain.
pub(crate) const ROLLED_UP_MS: i64 = 3 * HOUR_MS;

/// An open store.
pub(crate) struct Store {
    pub(crate) samples: SegmentStore,
    storage: Storage,
    file: PathBuf,
}

impl Store {
    /// Opens the one in `directory`, or makes it.
    pub(crate) async fn open(directory: &Path) -> Result<Self, Failure> {
        let file = directory.join(FILE);
        let storage = Storage::open(&format!("sqlite://{}", file.display()), &[7; 32]).await?;
        storage.migrate().await?;
        let samples =
            SegmentStore::new(storage.writer().clone(), storage.reader().clone(), Retention::default());
        Ok(Self { samples, storage, file })
    }

    pub(crate) async fn close(self) -> Result<(), Failure> {
        self.samples.close().await;
        Ok(self.storage.close().await?)
    }

    /// Of the main file.
    pub(crate) fn file_bytes(&self) -> Result<u64, Failure> {
        Ok(std::fs::metadata(&self.file)?.len())
    }

    /// Enters every statement as a group of its own.
    pub(crate) async fn register(
        &self,
        scope: DatabaseScope,
        series: impl Iterator<Item = u64>,
    ) -> Result<(), Failure> {
        let labels = serde_json::Map::new();
        let entry =
            |series| SeriesEntry { stream: &STATEMENTS, series, group: series, labels: labels.clone() };
        let batch = Batch { entries: series.map(entry).collect(), ..new_batch(scope) };
        Ok(self.samples.append(batch.into()).await?)
    }

    pub(crate) async fn append(&self, scope: DatabaseScope, record: Record) -> Result<(), Failure> {
        Ok(self.samples.append(Batch { records: vec![record], ..new_batch(scope) }.into()).await?)
    }

    /// What `GET /queries` asks: everyone's ranking columns, then all columns of those that lead.
    pub(crate) async fn top(&self, scope: DatabaseScope, span: Span) -> Result<Vec<Ranked>, Failure> {
        let (window, [calls, time]) = (window(span), [column("calls"), column("total_time_us")]);
        let ranking = Projection { columns: Some(vec![calls, time]), ..Projection::ALL };
        let mut totals = self.samples.totals(scope, &STATEMENTS, window, &ranking).await?;
        totals.sort_unstable_by_key(|total| (-total.values[time], total.group));
        let leaders: Vec<u64> = totals.iter().take(TOP).map(|total| total.group).collect();
        let wanted = Projection { groups: Some(leaders), ..Projection::ALL };
        let mut shown = self.samples.totals(scope, &STATEMENTS, window, &wanted).await?;
        shown.retain(|total| wanted.groups.as_ref().is_some_and(|leaders| leaders.contains(&total.group)));
        shown.sort_unstable_by_key(|total| (-total.values[time], total.group));
        Ok(shown.into_iter().map(|total| (total.group, counters(&total.values))).collect())
    }

    pub(crate) async fn series(
        &self,
        scope: DatabaseScope,
        series: u64,
        span: Span,
    ) -> Result<Vec<Bucket>, Failure> {
        let points = self.samples.points(scope, &STATEMENTS, series, window(span), BUCKET_MS).await?;
        Ok(points.into_iter().map(|point| (point.ts.as_millis(), counters(&point.values))).collect())
    }

    /// Rows and bytes at `resolution`, of all databases; none when there are no rows.
    pub(crate) async fn held(&self, resolution: Resolution) -> Result<Option<(u64, u64)>, Failure> {
        let usage = self.samples.usage().await?;
        let held =
            usage.streams.iter().flat_map(|stream| &stream.held).filter(|held| held.resolution == resolution);
        let (rows, bytes) = held.fold((0, 0), |(rows, bytes), held| (rows + held.rows, bytes + held.bytes));
        Ok((rows > 0).then_some((rows, bytes)))
    }
}

/// A database that nobody else has.
pub(crate) fn new_scope() -> DatabaseScope {
    DatabaseScope { organization: OrganizationId::generate(), database: DatabaseId::generate() }
}

fn new_batch(scope: DatabaseScope) -> Batch {
    Batch::new(scope.organization, scope.database)
}

fn window(span: Span) -> Window {
    Window { since: Timestamp(span.since), until: Timestamp(span.until) }
}

fn column(name: &str) -> usize {
    STATEMENTS.column(name).unwrap_or_default()
}

fn counters(values: &[i64]) -> Counters {
    COUNTERS.map(|name| values[column(name)])
}

/// The store with one database, as one of those that are compared.
pub(crate) struct Ours {
    pub(crate) store: Store,
    pub(crate) scope: DatabaseScope,
    /// CPU time of keeping the store, in seconds: sealing and rolling up.
    pub(crate) upkeep_s: f64,
}

impl Ours {
    pub(crate) async fn start(directory: &Path, series: impl Iterator<Item = u64>) -> Result<Self, Failure> {
        let (store, scope) = (Store::open(directory).await?, new_scope());
        store.register(scope, series).await?;
        Ok(Self { store, scope, upkeep_s: 0.0 })
    }

    /// What would have happened by itself by `now`.
    pub(crate) async fn keep(&mut self, now: i64) -> Result<(), Failure> {
        let pid = std::process::id();
        let before = basira_benches::process::cpu_of(pid)?;
        self.store.samples.maintain(Timestamp(now)).await?;
        self.upkeep_s += basira_benches::process::cpu_of(pid)?.saturating_sub(before).as_secs_f64();
        Ok(())
    }
}

#[async_trait]
impl Peer for Ours {
    fn name(&self) -> &'static str {
        "store"
    }

    async fn load(&mut self, polls: &[Poll]) -> Result<(), Failure> {
        for poll in polls {
            self.store.append(self.scope, poll.record()).await?;
        }
        match polls.last() {
            Some(last) => self.keep(last.at).await,
            None => Ok(()),
        }
    }

    async fn finish(&mut self) -> Result<(), Failure> {
        let newest = self.store.samples.last_stored_at(self.scope.database, &STATEMENTS).await?;
        let newest = newest.ok_or("nothing is stored")?;
        self.keep(newest.as_millis() + ROLLED_UP_MS).await
    }

    async fn bytes(&self) -> Result<Option<u64>, Failure> {
        Ok(self.store.held(Resolution::Raw).await?.map(|(_, bytes)| bytes))
    }

    async fn top(&self, span: Span) -> Result<Vec<Ranked>, Failure> {
        self.store.top(self.scope, span).await
    }

    async fn series(&self, series: u64, span: Span) -> Result<Vec<Bucket>, Failure> {
        self.store.series(self.scope, series, span).await
    }
}
