//! What the statements of a window came to: ranking, ratios, the shape of a series. Pure.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use basira_actors::model::streams::{QUERIES, STATEMENTS};
use basira_actors::model::{ColumnKind, Engine, NULL, Stream, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value};

use super::json_cells::{self, Texts, columns, float};
use super::latency::Latency;
use crate::samples::{Point, Projection, Total};

/// By what statements are ranked, largest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rank {
    TotalTime,
    Calls,
    MeanTime,
    Rows,
}

/// One line of `GET /databases/{id}/queries`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Statement {
    /// 16 hex digits.
    pub query_hash: String,
    pub query_text: Option<Arc<str>>,
    pub total_calls: Option<i64>,
    pub total_time_ms: Option<f64>,
    pub mean_time_ms: Option<f64>,
    pub total_rows: Option<i64>,
    pub shared_blks_hit: Option<i64>,
    pub shared_blks_read: Option<i64>,
    /// From 0 to 1; null when no block was asked for.
    pub cache_hit_ratio: Option<f64>,
    /// ClickHouse only.
    #[serde(flatten)]
    pub work: Option<Work>,
}

/// What a query of ClickHouse came to beside that.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Work {
    pub read_rows: Option<i64>,
    pub read_bytes: Option<i64>,
    pub written_rows: Option<i64>,
    pub written_bytes: Option<i64>,
    pub result_rows: Option<i64>,
    /// Bytes that one call needs: the mean over calls of the most that each had.
    pub memory_usage: Option<i64>,
    pub exceptions: Option<i64>,
    /// `Select`, `Insert`, ..
    pub kind: Option<Arc<str>>,
    #[serde(flatten)]
    pub latency: Latency,
}

/// One bucket of a statement's series: every counter by its name, times in milliseconds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StatementPoint {
    pub ts: Timestamp,
    pub mean_time_ms: Option<f64>,
    #[serde(flatten)]
    pub counters: Map<String, Value>,
    /// ClickHouse only.
    #[serde(flatten)]
    pub latency: Option<Latency>,
}

/// Columns that a [`Statement`] shows under names of its own.
const SHOWN_AS_TOTALS: [&str; 5] = ["calls", "total_time_us", "rows", "shared_blks_hit", "shared_blks_read"];

/// Columns that [`Work`] shows.
const SHOWN_AS_WORK: [&str; 7] =
    ["read_rows", "read_bytes", "written_rows", "written_bytes", "memory_bytes", "exceptions", "kind"];

/// Where statements of `engine` are counted. What one engine does not count is null for it.
#[must_use]
pub const fn stream(engine: Engine) -> &'static Stream {
    match engine {
        Engine::Postgres => &STATEMENTS,
        Engine::Clickhouse => &QUERIES,
    }
}

/// What a [`Statement`] shows, of every group.
#[must_use]
pub fn shown(stream: &Stream) -> Projection {
    let names = SHOWN_AS_TOTALS.iter().chain(&SHOWN_AS_WORK);
    let mut columns: Vec<usize> = names.filter_map(|name| stream.column(name)).collect();
    columns.sort_unstable();
    Projection { columns: Some(columns), ..Projection::ALL }
}

/// The first `limit` of `totals` by `rank`; what has no value for it comes last, ties in the order of the hash.
#[must_use]
pub fn top(stream: &Stream, mut totals: Vec<Total>, rank: Rank, limit: usize) -> Vec<Total> {
    let by_rank = |a: &Total, b: &Total| {
        let (a_key, b_key) = (rank.key(stream, &a.values), rank.key(stream, &b.values));
        b_key.partial_cmp(&a_key).unwrap_or(Ordering::Equal).then(a.group.cmp(&b.group))
    };
    if limit < totals.len() {
        totals.select_nth_unstable_by(limit, by_rank);
        totals.truncate(limit);
    }
    totals.sort_unstable_by(by_rank);
    totals
}

/// Hits among all blocks that the statements of `totals` asked for; `None` when there were none.
#[must_use]
pub fn cache_hit_ratio(stream: &Stream, totals: &[Total]) -> Option<f64> {
    let sum = |name| {
        totals.iter().filter_map(|total| cell(stream, &total.values, name)).reduce(i64::saturating_add)
    };
    hit_ratio(sum("shared_blks_hit"), sum("shared_blks_read"))
}

impl Rank {
    fn key(self, stream: &Stream, values: &[i64]) -> Option<f64> {
        match self {
            Self::TotalTime => milliseconds(stream, values, "total_time_us"),
            Self::Calls => cell(stream, values, "calls").map(float),
            Self::MeanTime => mean_time_ms(stream, values),
            Self::Rows => cell(stream, values, "rows").map(float),
        }
    }
}

impl Statement {
    /// The line of `total`, with its text if `texts` has it.
    #[must_use]
    pub fn new(stream: &Stream, total: &Total, texts: &HashMap<u64, Arc<str>>) -> Self {
        Self::of(stream, total.group, &total.values, texts.get(&total.group).cloned())
    }

    /// The line of a statement that did not run.
    #[must_use]
    pub fn idle(stream: &Stream, group: u64, query_text: Option<Arc<str>>) -> Self {
        Self::of(stream, group, &[], query_text)
    }

    fn of(stream: &Stream, group: u64, values: &[i64], query_text: Option<Arc<str>>) -> Self {
        let (hit, read) = (cell(stream, values, "shared_blks_hit"), cell(stream, values, "shared_blks_read"));
        Self {
            query_hash: format!("{group:016x}"),
            query_text,
            total_calls: cell(stream, values, "calls"),
            total_time_ms: milliseconds(stream, values, "total_time_us"),
            mean_time_ms: mean_time_ms(stream, values),
            total_rows: cell(stream, values, "rows"),
            shared_blks_hit: hit,
            shared_blks_read: read,
            cache_hit_ratio: hit_ratio(hit, read),
            work: None,
        }
    }

    /// With what the query of ClickHouse came to beside that.
    #[must_use]
    pub fn with_work(self, values: &[i64], texts: &Texts, latency: Latency) -> Self {
        let cell = |name| cell(&QUERIES, values, name);
        let work = Work {
            read_rows: cell("read_rows"),
            read_bytes: cell("read_bytes"),
            written_rows: cell("written_rows"),
            written_bytes: cell("written_bytes"),
            result_rows: cell("rows"),
            memory_usage: memory_usage(values),
            exceptions: cell("exceptions"),
            kind: json_cells::text(&QUERIES, values, texts, "kind").cloned(),
            latency: latency.with_mean(mean_time_ms(&QUERIES, values)),
        };
        Self { work: Some(work), ..self }
    }
}

impl StatementPoint {
    /// The bucket `point` as the API shows it.
    #[must_use]
    pub fn new(stream: &Stream, point: &Point) -> Self {
        let counters = counters(stream, &point.values, |_| true);
        Self { ts: point.ts, mean_time_ms: mean_time_ms(stream, &point.values), counters, latency: None }
    }

    /// With how long the calls of its query of ClickHouse took.
    #[must_use]
    pub fn with_latency(self, latency: Latency) -> Self {
        let mean_ms = self.mean_time_ms;
        Self { latency: Some(latency.with_mean(mean_ms)), ..self }
    }
}

/// The counters that a [`Statement`] does not show.
#[must_use]
pub fn further_counters(stream: &Stream, values: &[i64]) -> Map<String, Value> {
    counters(stream, values, |name| !SHOWN_AS_TOTALS.contains(&name) && !SHOWN_AS_WORK.contains(&name))
}

fn counters(stream: &Stream, values: &[i64], shown: impl Fn(&str) -> bool) -> Map<String, Value> {
    if values.is_empty() {
        let unknown = vec![NULL; stream.columns.len()];
        return counters(stream, &unknown, shown);
    }
    let mut counters = columns(stream, values, &Texts::new(), |column| {
        column.kind != ColumnKind::Text && column.name != "memory_bytes" && shown(column.name)
    });
    if stream == &QUERIES && shown("memory_bytes") {
        counters.insert("memory_usage".to_owned(), memory_usage(values).into());
    }
    counters
}

fn cell(stream: &Stream, values: &[i64], name: &str) -> Option<i64> {
    json_cells::cell(stream, values, name)
}

fn milliseconds(stream: &Stream, values: &[i64], name: &str) -> Option<f64> {
    cell(stream, values, name).map(json_cells::milliseconds)
}

fn mean_time_ms(stream: &Stream, values: &[i64]) -> Option<f64> {
    let calls = cell(stream, values, "calls").filter(|calls| *calls > 0)?;
    let mean_us = (cell(stream, values, "total_time_us").map(float)? / float(calls)).round();
    Some(mean_us / 1000.0)
}

fn memory_usage(values: &[i64]) -> Option<i64> {
    let calls = cell(&QUERIES, values, "calls").filter(|calls| *calls > 0)?;
    Some(cell(&QUERIES, values, "memory_bytes")? / calls)
}

fn hit_ratio(hit: Option<i64>, read: Option<i64>) -> Option<f64> {
    let (hit, read) = (float(hit?), float(read?));
    (hit + read > 0.0).then(|| hit / (hit + read))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use basira_actors::model::streams::STATEMENTS;
    use basira_actors::model::{NULL, Timestamp};
    use serde_json::json;

    use super::{Rank, Statement, StatementPoint, cache_hit_ratio, further_counters, top};
    use crate::samples::{Point, Total};

    fn values(cells: &[(&str, i64)]) -> Vec<i64> {
        let mut values = vec![NULL; STATEMENTS.columns.len()];
        for (name, value) in cells {
            values[STATEMENTS.column(name).expect("a column of statements")] = *value;
        }
        values
    }

    fn total(group: u64, cells: &[(&str, i64)]) -> Total {
        Total { group, values: values(cells), first: Timestamp(0), last: Timestamp(0) }
    }

    #[test]
    fn ranks_by_each_key_with_the_unknown_last() {
        let totals = vec![
            total(1, &[("calls", 10), ("total_time_us", 1_000), ("rows", 5)]),
            total(2, &[("calls", 1), ("total_time_us", 900), ("rows", 50)]),
            total(3, &[("calls", 100), ("total_time_us", 10)]),
            total(4, &[("calls", 0), ("rows", 5)]),
        ];
        let ranked = |rank, limit| -> Vec<u64> {
            top(&STATEMENTS, totals.clone(), rank, limit).iter().map(|total| total.group).collect()
        };
        assert_eq!(ranked(Rank::TotalTime, 10), [1, 2, 3, 4]);
        assert_eq!(ranked(Rank::Calls, 10), [3, 1, 2, 4]);
        assert_eq!(ranked(Rank::MeanTime, 10), [2, 1, 3, 4]);
        assert_eq!(ranked(Rank::Rows, 10), [2, 1, 4, 3]);
        assert_eq!(ranked(Rank::Rows, 2), [2, 1]);
        assert_eq!(ranked(Rank::Rows, 4), [2, 1, 4, 3]);
    }

    #[test]
    fn a_row_has_null_for_unknown_values() {
        let busy = total(
            0xab,
            &[
                ("calls", 4),
                ("total_time_us", 10_500),
                ("rows", 8),
                ("shared_blks_hit", 3),
                ("shared_blks_read", 1),
            ],
        );
        let texts = HashMap::from([(0xab, "select $1".into())]);
        assert_eq!(
            serde_json::to_value(Statement::new(&STATEMENTS, &busy, &texts)).expect("serialises"),
            json!({
                "query_hash": "00000000000000ab", "query_text": "select $1", "total_calls": 4,
                "total_time_ms": 10.5, "mean_time_ms": 2.625, "total_rows": 8,
                "shared_blks_hit": 3, "shared_blks_read": 1, "cache_hit_ratio": 0.75,
            })
        );
        let untouched = total(1, &[("calls", 1), ("shared_blks_hit", 0), ("shared_blks_read", 0)]);
        let line = Statement::new(&STATEMENTS, &untouched, &HashMap::new());
        assert_eq!((line.query_text, line.cache_hit_ratio, line.mean_time_ms), (None, None, None));
    }

    #[test]
    fn the_total_ratio_is_weighted_by_blocks() {
        let totals = [
            total(1, &[("shared_blks_hit", 90), ("shared_blks_read", 10)]),
            total(2, &[("shared_blks_hit", 0), ("shared_blks_read", 100)]),
            total(3, &[]),
        ];
        assert_eq!(cache_hit_ratio(&STATEMENTS, &totals), Some(0.45));
        assert_eq!(cache_hit_ratio(&STATEMENTS, &[]), None);
    }

    #[test]
    fn a_point_shows_every_counter_in_milliseconds() {
        let point = Point { ts: Timestamp(0), values: values(&[("calls", 2), ("total_time_us", 3_000)]) };
        let shown = serde_json::to_value(StatementPoint::new(&STATEMENTS, &point)).expect("serialises");
        assert_eq!(shown["ts"], "1970-01-01T00:00:00.000Z");
        assert_eq!((&shown["calls"], &shown["total_time_ms"]), (&json!(2), &json!(3.0)));
        assert_eq!((&shown["mean_time_ms"], &shown["wal_bytes"]), (&json!(1.5), &json!(null)));
        let further = further_counters(&STATEMENTS, &values(&[("max_time_us", 1)]));
        assert_eq!(further["max_time_ms"], json!(0.001));
        assert!(!further.contains_key("calls"));
    }
}
