//! What is known of the tables and indexes of a watched database, now and over time.

use std::collections::BTreeMap;
use std::sync::Arc;

use basira_actors::model::relations::{IndexCatalog, IndexSnapshot, RelationSizes, TableSnapshot};
use basira_actors::model::{ColumnKind, NULL, Stream, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::http::{ApiError, Request, Watched};
use crate::samples::{Point, Window};
use crate::views::buckets;
use crate::views::json_cells::{self, Texts};
use crate::views::relations::{self, DatabaseView};

/// A relation over time, by the start of the bucket.
pub(super) type Series = BTreeMap<Timestamp, Map<String, Value>>;

impl Watched {
    /// What is known of tables and indexes in each database of the server, or in that of `?database=` alone.
    ///
    /// # Errors
    /// 400 when the parameter is there twice.
    pub(super) fn views(&self, request: &Request) -> Result<Vec<DatabaseView>, ApiError> {
        let query = request.query()?;
        let only = query.text("database")?;
        let mut views: BTreeMap<Arc<str>, DatabaseView> = BTreeMap::new();
        let mut view = |database: Arc<str>, put: &dyn Fn(&mut DatabaseView)| {
            if only.is_none_or(|only| *only == *database) {
                let fresh = DatabaseView { database: Arc::clone(&database), ..DatabaseView::default() };
                put(views.entry(database).or_insert(fresh));
            }
        };
        for (database, seen) in self.newest_of_each::<TableSnapshot>() {
            view(database, &|view| view.tables = Some(Arc::clone(&seen)));
        }
        for (database, seen) in self.newest_of_each::<IndexSnapshot>() {
            view(database, &|view| view.indexes = Some(Arc::clone(&seen)));
        }
        for (database, seen) in self.newest_of_each::<IndexCatalog>() {
            view(database, &|view| view.catalog = Some(Arc::clone(&seen)));
        }
        for (database, seen) in self.newest_of_each::<RelationSizes>() {
            view(database, &|view| view.sizes = Some(Arc::clone(&seen)));
        }
        Ok(views.into_values().collect())
    }

    /// The indexes of `view` as the standbys of its server show them, those that the same organization watches.
    ///
    /// # Errors
    /// 503 when the registry cannot be read.
    pub(super) async fn standbys(
        &self,
        request: &Request,
        view: &DatabaseView,
    ) -> Result<Vec<Arc<IndexSnapshot>>, ApiError> {
        let Some(own) = &view.indexes else { return Ok(Vec::new()) };
        let others = request.app.databases(self.scope.organization).list().await?;
        let handles = others
            .iter()
            .filter(|other| other.id != self.scope.database)
            .filter_map(|other| request.app.directory().find(other.id));
        let seen = handles.flat_map(|handle| handle.snapshots::<IndexSnapshot>());
        let of_standby = |(database, other): (Arc<str>, Arc<IndexSnapshot>)| {
            (database == view.database && relations::indexes::is_standby_of(&other, own)).then_some(other)
        };
        Ok(seen.filter_map(of_standby).collect())
    }
}

/// `points` of `stream` by their time, without names.
pub(super) fn series(stream: &Stream, points: &[Point]) -> Series {
    points.iter().map(|point| (point.ts, figures(stream, &point.values))).collect()
}

/// A bucket in which nothing of `stream` was stored.
pub(super) fn empty_bucket(stream: &Stream) -> Map<String, Value> {
    figures(stream, &vec![NULL; stream.columns.len()])
}

fn figures(stream: &Stream, values: &[i64]) -> Map<String, Value> {
    json_cells::columns(stream, values, &Texts::new(), |column| column.kind != ColumnKind::Text)
}

/// Buckets as the API shows them.
#[derive(Serialize)]
pub(super) struct Bucket {
    ts: Timestamp,
    #[serde(flatten)]
    figures: Map<String, Value>,
}

/// `series`, oldest first.
pub(super) fn timeseries(series: Series) -> Vec<Bucket> {
    series.into_iter().map(|(ts, figures)| Bucket { ts, figures }).collect()
}

/// The window of a request and the length of its buckets in `stream`, in milliseconds.
///
/// # Errors
/// 400 when a bound is no timestamp, 503 when the samples cannot be read.
pub(super) async fn window(
    request: &Request,
    watched: &Watched,
    stream: &'static Stream,
) -> Result<(Window, i64), ApiError> {
    let window = request.query()?.window(Timestamp::now())?;
    let bucket_ms = buckets::bucket_ms(&*request.app.samples, watched.scope, stream, window).await?;
    Ok((window, bucket_ms))
}
