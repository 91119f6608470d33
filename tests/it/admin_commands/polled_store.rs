//! A store that is polled into from this process: a record of 50 statements every ten seconds of its own time.

use std::path::Path;

use basira::samples::{DatabaseScope, ManagedSampleStore, Projection, Retention, Total, Window, open};
use basira::storage::Storage;
use basira_actors::model::streams::STATEMENTS;
use basira_actors::model::{Batch, Record, Timestamp};
use std::sync::Arc;

pub(crate) const HOUR_MS: i64 = 3_600_000;
pub(crate) const POLL_MS: i64 = 10_000;
/// The start of an hour long ago.
pub(crate) const START: i64 = 1_764_000_000_000 / HOUR_MS * HOUR_MS;
const SERIES: u64 = 50;

pub(crate) struct Polled {
    pub(crate) storage: Storage,
    pub(crate) samples: Arc<dyn ManagedSampleStore>,
    pub(crate) scope: DatabaseScope,
}

impl Polled {
    /// On the SQLite at `file`, which other processes may use too.
    pub(crate) async fn open(file: &Path, scope: DatabaseScope) -> Self {
        let storage = Storage::open(&format!("sqlite://{}", file.display()), &[7; 32]).await.unwrap();
        storage.migrate().await.unwrap();
        let samples = open::open(&storage, None, Retention::default()).unwrap();
        Self { storage, samples, scope }
    }

    /// Appends the poll number `nth`, every counter of it 1.
    pub(crate) async fn poll(&self, nth: i64) {
        let record = Record {
            stream: &STATEMENTS,
            from: Timestamp(START + nth * POLL_MS),
            at: Timestamp(START + (nth + 1) * POLL_MS),
            series: (0..SERIES).collect(),
            columns: vec![vec![1; usize::try_from(SERIES).unwrap()]; STATEMENTS.columns.len()],
        };
        let batch =
            Batch { records: vec![record], ..Batch::new(self.scope.organization, self.scope.database) };
        self.samples.append(batch.into()).await.unwrap();
    }

    /// The sums of the polls before number `until`, by series.
    pub(crate) async fn totals(&self, until: i64) -> Vec<Total> {
        let window = Window { since: Timestamp(0), until: Timestamp(START + until * POLL_MS) };
        let totals = self.samples.totals(self.scope, &STATEMENTS, window, &Projection::ALL).await;
        let mut totals = totals.unwrap();
        totals.sort_by_key(|total| total.group);
        totals
    }

    pub(crate) async fn close(self) {
        self.samples.close().await;
        self.storage.close().await.unwrap();
    }
}
