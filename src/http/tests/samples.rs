//! A sample store with a fixed content: one busy statement and one of another organization's.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use basira_actors::model::streams::STATEMENTS;
use basira_actors::model::{Batch, DatabaseId, Gap, GapReason, NULL, OrganizationId, Stream, Timestamp};
use basira_actors::ports::{RepositoryError, SampleRepository};
use serde_json::{Map, json};

use crate::samples::{
    DatabaseScope, ManagedSampleStore, Point, Projection, Retention, SampleStore, Series, StoreError,
    Timeline, Total, Usage, Window,
};

/// The statement that everything is known of.
pub(super) const BUSY: u64 = 0xb5;
/// A statement that ran before the window.
pub(super) const IDLE: u64 = 0x1d;

/// Answers for `scope`, and nothing for any other.
pub(super) struct FixedSamples {
    pub(super) scope: DatabaseScope,
}

pub(super) fn values(cells: &[(&str, i64)]) -> Vec<i64> {
    let mut values = vec![NULL; STATEMENTS.columns.len()];
    for (name, value) in cells {
        values[STATEMENTS.column(name).expect("a column of statements")] = *value;
    }
    values
}

#[async_trait]
impl SampleRepository for FixedSamples {
    async fn append(&self, _: Arc<Batch>) -> Result<(), RepositoryError> {
        Ok(())
    }

    async fn last_stored_at(
        &self,
        _: DatabaseId,
        _: &'static Stream,
    ) -> Result<Option<Timestamp>, RepositoryError> {
        Ok(None)
    }
}

#[async_trait]
impl SampleStore for FixedSamples {
    async fn totals(
        &self,
        scope: DatabaseScope,
        _: &'static Stream,
        window: Window,
        _: &Projection,
    ) -> Result<Vec<Total>, StoreError> {
        if scope != self.scope {
            return Ok(Vec::new());
        }
        let total = |group, cells: &[(&str, i64)]| Total {
            group,
            values: values(cells),
            first: window.since,
            last: window.until,
        };
        let busy = [
            ("calls", 4),
            ("total_time_us", 8_000),
            ("rows", 40),
            ("shared_blks_hit", 9),
            ("shared_blks_read", 1),
        ];
        Ok(vec![total(1, &[("calls", 9), ("total_time_us", 10)]), total(BUSY, &busy)])
    }

    async fn timelines(
        &self,
        scope: DatabaseScope,
        _: &'static Stream,
        window: Window,
        _: i64,
        wanted: &Projection,
    ) -> Result<Vec<Timeline>, StoreError> {
        let point = Point { ts: window.since, values: values(&[("calls", 4), ("total_time_us", 8_000)]) };
        let known = scope == self.scope && wanted.groups.as_deref() == Some(&[BUSY]);
        Ok(if known { vec![Timeline { group: BUSY, points: vec![point] }] } else { Vec::new() })
    }

    async fn members(
        &self,
        scope: DatabaseScope,
        _: &'static Stream,
        group: u64,
    ) -> Result<Vec<Series>, StoreError> {
        let labels = Map::from_iter([
            ("queryid".to_owned(), json!("-42")),
            ("user_name".to_owned(), json!("ann")),
            ("database_name".to_owned(), json!("shop")),
            ("toplevel".to_owned(), json!(true)),
        ]);
        let known = scope == self.scope && [BUSY, IDLE].contains(&group);
        Ok(if known { vec![Series { series: 1, labels }] } else { Vec::new() })
    }

    async fn labelled(
        &self,
        _: DatabaseScope,
        _: &'static Stream,
        _: &str,
        _: &str,
    ) -> Result<Vec<u64>, StoreError> {
        Ok(Vec::new())
    }

    async fn gaps(
        &self,
        _: DatabaseScope,
        stream: &'static Stream,
        window: Window,
    ) -> Result<Vec<Gap>, StoreError> {
        Ok(vec![Gap { stream, from: window.since, to: window.until, reason: GapReason::Restarted }])
    }

    async fn words(&self, _: OrganizationId, hashes: &[u64]) -> Result<HashMap<u64, Arc<str>>, StoreError> {
        Ok(hashes.iter().filter(|hash| **hash == BUSY).map(|hash| (*hash, "select $1".into())).collect())
    }

    fn raw_kept(&self) -> Duration {
        Duration::from_secs(48 * 3600)
    }

    async fn forget(&self, _: DatabaseScope) -> Result<(), StoreError> {
        Ok(())
    }
}

#[async_trait]
impl ManagedSampleStore for FixedSamples {
    async fn maintain(&self, _: Timestamp) -> Result<(), StoreError> {
        Ok(())
    }

    async fn usage(&self) -> Result<Usage, StoreError> {
        Err(StoreError::Closed)
    }

    fn retain(&self, _: Retention) {}

    async fn close(&self) {}
}
