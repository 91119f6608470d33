//! What runs now, as sessions of PostgreSQL and queries of ClickHouse are stored and shown.

use std::cmp::Reverse;

use super::{Collected, Interner, SampleInterval};
use crate::model::streams::{ACTIVITY, ActivityRow};
use crate::model::{ActiveQuery, ActivitySnapshot, Record, Timestamp};

/// The sample of what runs at `at`. Series 0 stands for the sample itself, so that one without any query can be found.
#[must_use]
pub fn activity_sample(
    SampleInterval { from, gap }: SampleInterval,
    at: Timestamp,
    rows: Vec<(u64, ActivityRow)>,
    mut queries: Vec<ActiveQuery>,
    interner: &mut Interner,
) -> Collected {
    let sample = (0, ActivityRow::NULL);
    let rows = std::iter::once(sample).chain(rows).map(|(series, row)| (series, row.values()));
    queries.sort_by_key(|query| Reverse(query.duration_ms));
    Collected {
        records: vec![Record::new(&ACTIVITY, from, at, rows.collect())],
        gaps: gap.into_iter().collect(),
        dictionary: interner.drain_new(),
        rows: queries.len() as u64,
        activity: Some(ActivitySnapshot { at, queries }),
        ..Collected::default()
    }
}
