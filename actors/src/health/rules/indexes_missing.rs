//! Sequential scans of large tables.

use std::collections::HashMap;
use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit, as_f64,
    format_bytes, format_count, format_duration, quote_name,
};
use crate::model::streams::{INDEXES, TABLES};
use crate::model::{Engine, History, HistorySeries};

pub(crate) static RULE: Rule = Rule {
    id: "indexes.missing",
    scope: Scope::Only(Engine::Postgres),
    category: Category::Indexes,
    title: "Sequential scans of large tables",
    description: "Tables of at least 8 MB that were scanned sequentially at least 10 times, with at least \
                  10,000 rows per scan: an index may be missing. The value is the number of rows read by \
                  sequential scans per minute.",
    needs: &[Need::Totals("pg_stat_user_tables", &TABLES), Need::Totals("pg_stat_user_indexes", &INDEXES)],
    window: Duration::from_secs(3600),
    measure: Measure::Highest,
    threshold: Threshold { enter: 1_000_000.0, leave: 500_000.0, unit: Unit::PerMinute },
    curve: Curve { least: 3.0, worst: 200_000_000.0, most: 15.0 },
    makes_recommendations: true,
    recommendation: "Find the statements that read the table and look at their plans. If they need few of its \
                     rows, create an index on the columns in their WHERE or JOIN conditions; reports that need \
                     most of the rows are best served by a sequential scan.",
    investigate: "SELECT schemaname, relname, seq_scan, seq_tup_read, idx_scan, n_live_tup\n  FROM pg_stat_user_tables\n ORDER \
                  BY seq_tup_read DESC\n LIMIT 10;\n-- EXPLAIN the statements that read them",
    fix: "CREATE INDEX CONCURRENTLY ON ... (...);",
    source: "PostgreSQL documentation, pg_stat_all_tables: seq_scan and seq_tup_read; Indexes, Introduction.",
    check,
    ..Rule::DEFAULT
};

/// A smaller table is scanned within milliseconds.
const LEAST_BYTES: i64 = 8 * 1024 * 1024;
/// A backup, an index build and the validation of a constraint each scan it once.
const LEAST_SCANS: i64 = 10;
/// Fewer rows each time: most scans end early, for instance at a LIMIT.
const LEAST_ROWS_PER_SCAN: i64 = 10_000;

fn check(context: &RuleContext<'_>) -> CheckResult {
    let past = context.totals(&TABLES)?;
    let of_indexes = context.totals(&INDEXES)?;
    let minutes = context.window().as_secs_f64() / 60.0;
    let candidates: Vec<(&HistorySeries, f64)> = past
        .series
        .iter()
        .filter_map(|series| Some((series, read_sequentially(series)? / minutes)))
        .filter(|(_, per_minute)| context.exceeds(*per_minute))
        .collect();
    if candidates.is_empty() {
        return Ok(Vec::new());
    }
    let scans = index_scans(&of_indexes);
    let found = candidates.into_iter().filter_map(|(series, per_minute)| {
        let text = |column| past.text(series.get(&TABLES, column)?);
        let (database, schema, table) = (text("database_name")?, text("schema_name")?, text("table_name")?);
        let (seq_scans, rows) = (series.get(&TABLES, "seq_scan")?, series.get(&TABLES, "seq_tup_read")?);
        let by_index = scans.get(&(database, schema, table)).copied().unwrap_or(0);
        let sql = format!(
            "CREATE INDEX CONCURRENTLY ON {} (...);\n-- the columns in the conditions of its statements, see their plans",
            quote_name(&[schema, table])
        );
        Some(Object {
            name: context.qualified(database, &[schema, table]),
            value: per_minute,
            note: format!(
                "{table} ({}) was read sequentially {} times within {}, {} rows each time, and {} times by an index",
                format_bytes(as_f64(series.get(&TABLES, "table_size_bytes").unwrap_or(0))),
                format_count(seq_scans),
                format_duration(context.window()),
                format_count(rows / seq_scans.max(1)),
                format_count(by_index)
            ),
            fix: Some(context.run_in(database, &sql)),
        })
    });
    Ok(found.collect())
}

/// Returns the rows read by long sequential scans; none when the table is small or rarely scanned.
fn read_sequentially(series: &HistorySeries) -> Option<f64> {
    let rows = series.get(&TABLES, "seq_tup_read").filter(|rows| *rows > 0)?;
    let scans = series.get(&TABLES, "seq_scan").filter(|scans| *scans >= LEAST_SCANS)?;
    let is_large = series.get(&TABLES, "table_size_bytes").is_some_and(|size| size >= LEAST_BYTES);
    (is_large && rows / scans >= LEAST_ROWS_PER_SCAN).then(|| as_f64(rows))
}

/// Scans of all indexes, by database, schema and table.
fn index_scans(past: &History) -> HashMap<(&str, &str, &str), i64> {
    let mut scans = HashMap::new();
    for series in &past.series {
        let text = |column| past.text(series.get(&INDEXES, column)?);
        let table = (text("database_name"), text("schema_name"), text("table_name"));
        if let (Some(database), Some(schema), Some(table)) = table {
            let times = series.get(&INDEXES, "idx_scan").unwrap_or(0);
            *scans.entry((database, schema, table)).or_insert(0) += times;
        }
    }
    scans
}
