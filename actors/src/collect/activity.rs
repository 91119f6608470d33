//! What runs now, as sessions of PostgreSQL and queries of ClickHouse are stored and shown.

use std::cmp::Reverse;

use super::{Collected, Interner, SampleInterval};
use crate::model::{ActiveQuery, ActivitySnapshot, NULL, Record, Timestamp, streams};

/// One row of the stream `activity`.
pub type ActivityRow = [i64; streams::ACTIVITY.columns.len()];

/// The sample of what runs at `at`. Series 0 stands for the sample itself, so that one without any query can be found.
#[must_use]
pub fn activity_sample(
    SampleInterval { from, gap }: SampleInterval,
    at: Timestamp,
    mut rows: Vec<(u64, ActivityRow)>,
    mut queries: Vec<ActiveQuery>,
    interner: &mut Interner,
) -> Collected {
    rows.insert(0, (0, [NULL; streams::ACTIVITY.columns.len()]));
    queries.sort_by_key(|query| Reverse(query.duration_ms));
    Collected {
        records: vec![Record::new(&streams::ACTIVITY, from, at, rows)],
        gaps: gap.into_iter().collect(),
        dictionary: interner.drain_new(),
        rows: queries.len() as u64,
        activity: Some(ActivitySnapshot { at, queries }),
        ..Collected::default()
    }
}
