//! The store on the tables of SQLite or PostgreSQL.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use async_trait::async_trait;
use basira_actors::model::{Batch, DatabaseId, Gap, GapReason, OrganizationId, Stream, Timestamp};
use basira_actors::ports::{SampleSink, SinkError};
use sea_orm::{
    ColumnTrait, Condition, DatabaseConnection, DatabaseTransaction, DbErr, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect, Select,
};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::entity::{entry, gap, segment, tail, word};
use super::fold::{Buckets, Gather, Totals};
use super::read::{Walk, snapshot};
use super::seal::Sealer;
use super::writer::{Command, Prepared, QUEUE, Writer};
use super::{
    Member, Point, Retention, SampleKeeping, SampleStore, Scope, StoreError, Total, Usage, Wanted, Window,
    usage,
};

/// Words asked for in one statement.
const WORDS: usize = 1_000;

/// Samples as small durable records that are sealed into compressed segments.
pub struct SegmentStore {
    reader: DatabaseConnection,
    retention: Retention,
    commands: mpsc::Sender<Command>,
    sealer: Sealer,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl SegmentStore {
    /// A store that writes through `writer` alone and reads through `reader`, with its two tasks started on the current
    /// runtime. On SQLite `writer` must be a single connection.
    #[must_use]
    pub fn new(writer: DatabaseConnection, reader: DatabaseConnection, retention: Retention) -> Self {
        let (commands, inbox) = mpsc::channel(QUEUE);
        let sealer = Sealer { reader: reader.clone(), writer: commands.clone() };
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        tasks.spawn(Writer { connection: writer, sealed_until: HashMap::new() }.run(inbox));
        tasks.spawn(sealer.clone().run(stop.clone()));
        tasks.close();
        Self { reader, retention, commands, sealer, stop, tasks }
    }

    /// Seals every hour that was over at `now`, and says how many segments that made. Happens by itself once a minute.
    ///
    /// # Errors
    /// [`StoreError`] when a tail could not be read or replaced; it stays as it was.
    pub async fn seal(&self, now: Timestamp) -> Result<usize, StoreError> {
        self.sealer.seal(now).await
    }

    async fn walk<G: Gather>(
        &self,
        snapshot: DatabaseTransaction,
        scope: Scope,
        window: Window,
        gather: G,
    ) -> Result<G, StoreError> {
        let walk = Walk { scope, window, gather, damaged: Vec::new() }.run(&snapshot).await?;
        snapshot.commit().await?;
        for damaged in walk.damaged {
            // a full queue loses nothing: the next read notes it again
            self.commands.try_send(Command::Damaged(scope, damaged)).ok();
        }
        Ok(walk.gather)
    }
}

#[async_trait]
impl SampleSink for SegmentStore {
    async fn append(&self, batch: Batch) -> Result<(), SinkError> {
        if batch.is_empty() {
            return Ok(());
        }
        let closed = || SinkError("it is shut down".to_owned());
        let (answer, result) = oneshot::channel();
        let prepared = Box::new(Prepared::new(batch)?);
        self.commands.send(Command::Append(prepared, answer)).await.map_err(|_| closed())?;
        result.await.map_err(|_| closed())?
    }

    async fn newest(
        &self,
        database: DatabaseId,
        stream: &'static Stream,
    ) -> Result<Option<Timestamp>, SinkError> {
        newest(&self.reader, database, stream).await.map_err(|error| SinkError(error.to_string()))
    }
}

/// The segments last: what moves from the tail into a segment meanwhile is then seen at least once.
async fn newest(
    reader: &DatabaseConnection,
    database: DatabaseId,
    stream: &Stream,
) -> Result<Option<Timestamp>, DbErr> {
    let mut newest = None;
    macro_rules! newest_of {
        ($($table:ident . $column:ident),*) => {$(
            let of_table = $table::Entity::find()
                .filter($table::Column::DatabaseId.eq(database.0))
                .filter($table::Column::Stream.eq(stream.name))
                .select_only()
                .column_as($table::Column::$column.max(), "newest");
            newest = newest.max(of_table.into_tuple::<Option<i64>>().one(reader).await?.flatten());
        )*};
    }
    newest_of!(tail.AtMs, gap.ToMs, segment.LastMs);
    Ok(newest.map(Timestamp))
}

#[async_trait]
impl SampleStore for SegmentStore {
    async fn totals(
        &self,
        scope: Scope,
        stream: &'static Stream,
        window: Window,
        _wanted: &Wanted,
    ) -> Result<Vec<Total>, StoreError> {
        let snapshot = snapshot(&self.reader).await?;
        let groups = entries(scope, stream)
            .select_only()
            .columns([entry::Column::Series, entry::Column::GroupHash])
            .into_tuple::<(i64, i64)>()
            .all(&snapshot)
            .await?;
        let groups = groups
            .into_iter()
            .map(|(series, group)| (series.cast_unsigned(), group.cast_unsigned()))
            .collect();
        let totals = Totals { stream, groups, cells: HashMap::new() };
        Ok(self.walk(snapshot, scope, window, totals).await?.finish())
    }

    async fn points(
        &self,
        scope: Scope,
        stream: &'static Stream,
        group: u64,
        window: Window,
        bucket_ms: i64,
    ) -> Result<Vec<Point>, StoreError> {
        let snapshot = snapshot(&self.reader).await?;
        let involved = Condition::any()
            .add(entry::Column::GroupHash.eq(group.cast_signed()))
            .add(entry::Column::Series.eq(group.cast_signed()));
        let involved = entries(scope, stream)
            .filter(involved)
            .select_only()
            .columns([entry::Column::Series, entry::Column::GroupHash])
            .into_tuple::<(i64, i64)>()
            .all(&snapshot)
            .await?;
        let mut series = BTreeSet::from([group]);
        for (member, its_group) in involved {
            if its_group.cast_unsigned() == group {
                series.insert(member.cast_unsigned());
            } else {
                // the series of this number belongs to another group
                series.remove(&member.cast_unsigned());
            }
        }
        let series = series.into_iter().collect();
        let buckets = Buckets { stream, series, bucket_ms: bucket_ms.max(1), cells: BTreeMap::new() };
        Ok(self.walk(snapshot, scope, window, buckets).await?.finish())
    }

    async fn members(
        &self,
        scope: Scope,
        stream: &'static Stream,
        group: u64,
    ) -> Result<Vec<Member>, StoreError> {
        let rows = entries(scope, stream)
            .filter(entry::Column::GroupHash.eq(group.cast_signed()))
            .order_by_asc(entry::Column::Series)
            .all(&self.reader)
            .await?;
        let member = |row: entry::Model| {
            let labels = match row.labels {
                serde_json::Value::Object(labels) => labels,
                _ => serde_json::Map::new(),
            };
            Member { series: row.series.cast_unsigned(), labels }
        };
        Ok(rows.into_iter().map(member).collect())
    }

    async fn gaps(
        &self,
        scope: Scope,
        stream: &'static Stream,
        window: Window,
    ) -> Result<Vec<Gap>, StoreError> {
        let rows = gap::Entity::find()
            .filter(gap::Column::DatabaseId.eq(scope.database.0))
            .filter(gap::Column::OrganizationId.eq(scope.organization.0))
            .filter(gap::Column::Stream.eq(stream.name))
            .filter(gap::Column::ToMs.gt(window.since.as_millis()))
            .filter(gap::Column::FromMs.lt(window.until.as_millis()))
            .order_by_asc(gap::Column::FromMs)
            .order_by_asc(gap::Column::ToMs)
            .all(&self.reader)
            .await?;
        let gap = |row: gap::Model| {
            let reason = GapReason::from_name(&row.reason)?;
            Some(Gap { stream, from: Timestamp(row.from_ms), to: Timestamp(row.to_ms), reason })
        };
        Ok(rows.into_iter().filter_map(gap).collect())
    }

    async fn words(
        &self,
        organization: OrganizationId,
        hashes: &[u64],
    ) -> Result<HashMap<u64, Arc<str>>, StoreError> {
        let mut words = HashMap::with_capacity(hashes.len());
        for chunk in hashes.chunks(WORDS) {
            let rows = word::Entity::find()
                .filter(word::Column::OrganizationId.eq(organization.0))
                .filter(word::Column::Hash.is_in(chunk.iter().map(|hash| hash.cast_signed())))
                .all(&self.reader)
                .await?;
            words.extend(rows.into_iter().map(|row| (row.hash.cast_unsigned(), Arc::from(row.text))));
        }
        Ok(words)
    }

    async fn forget(&self, scope: Scope) -> Result<(), StoreError> {
        let (answer, result) = oneshot::channel();
        self.commands.send(Command::Forget(scope, answer)).await.map_err(|_| StoreError::Closed)?;
        Ok(result.await.map_err(|_| StoreError::Closed)??)
    }
}

#[async_trait]
impl SampleKeeping for SegmentStore {
    async fn maintain(&self, now: Timestamp) -> Result<(), StoreError> {
        self.seal(now).await.map(drop)
    }

    async fn usage(&self) -> Result<Usage, StoreError> {
        usage::of(&self.reader, self.retention).await
    }

    async fn close(&self) {
        self.stop.cancel();
        // fails only when it is closed already
        self.commands.send(Command::Close).await.ok();
        self.tasks.wait().await;
    }
}

/// Who the series of one stream are.
fn entries(scope: Scope, stream: &Stream) -> Select<entry::Entity> {
    entry::Entity::find()
        .filter(entry::Column::DatabaseId.eq(scope.database.0))
        .filter(entry::Column::OrganizationId.eq(scope.organization.0))
        .filter(entry::Column::Stream.eq(stream.name))
}
