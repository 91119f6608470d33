//! Large tables that are read from end to end again and again.

use std::collections::HashMap;
use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit, bytes,
    count, float, quoted, span,
};
use crate::model::streams::{INDEXES, TABLES};
use crate::model::{Engine, History, HistorySeries};

pub(crate) static RULE: Rule = Rule {
    id: "indexes.missing",
    scope: Scope::Only(Engine::Postgres),
    category: Category::Indexes,
    title: "Large tables are read from end to end",
    description: "Tables of 8 MB and more that were read sequentially at least 10 times, at least 10,000 rows each time: an \
               index may be missing. The value is how many rows were read that way per minute.",
    needs: &[Need::Totals("pg_stat_user_tables", &TABLES), Need::Totals("pg_stat_user_indexes", &INDEXES)],
    window: Duration::from_secs(3600),
    baseline: Duration::ZERO,
    measure: Measure::Highest,
    threshold: Threshold { enter: 1_000_000.0, leave: 500_000.0, unit: Unit::PerMinute },
    hold_for: Duration::ZERO,
    curve: Curve { least: 3.0, worst: 200_000_000.0, most: 15.0 },
    makes_recommendations: true,
    recommendation: "Find the statements that read the table and look at their plans. Where few of its rows are wanted, make \
                     an index on the columns that their WHERE or JOIN compares; reports that need most of the rows are best \
                     served as they are.",
    investigate: "SELECT schemaname, relname, seq_scan, seq_tup_read, idx_scan, n_live_tup\n  FROM pg_stat_user_tables\n ORDER \
                  BY seq_tup_read DESC\n LIMIT 10;\n-- EXPLAIN the statements that read them",
    fix: "CREATE INDEX CONCURRENTLY ON ... (...);",
    source: "PostgreSQL documentation, pg_stat_all_tables: seq_scan and seq_tup_read; Indexes, Introduction.",
    check,
};

/// A smaller table is read within milliseconds.
const LEAST_BYTES: i64 = 8 * 1024 * 1024;
/// A backup, an index that is built and a check of a constraint read all of it once.
const LEAST_SCANS: i64 = 10;
/// Fewer rows each time: most scans end early, for instance at a LIMIT.
const LEAST_ROWS_PER_SCAN: i64 = 10_000;

fn check(context: &RuleContext<'_>) -> CheckResult {
    let past = context.totals(&TABLES)?;
    let of_indexes = context.totals(&INDEXES)?;
    let minutes = context.window().as_secs_f64() / 60.0;
    let suspects: Vec<(&HistorySeries, f64)> = past
        .series
        .iter()
        .filter_map(|series| Some((series, read_sequentially(series)? / minutes)))
        .filter(|(_, per_minute)| context.exceeds(*per_minute))
        .collect();
    if suspects.is_empty() {
        return Ok(Vec::new());
    }
    let scans = index_scans(&of_indexes);
    let found = suspects.into_iter().filter_map(|(series, per_minute)| {
        let text = |column| past.text(series.get(&TABLES, column)?);
        let (database, schema, table) = (text("database_name")?, text("schema_name")?, text("table_name")?);
        let (seq_scans, rows) = (series.get(&TABLES, "seq_scan")?, series.get(&TABLES, "seq_tup_read")?);
        let by_index = scans.get(&(database, schema, table)).copied().unwrap_or(0);
        let sql = format!(
            "CREATE INDEX CONCURRENTLY ON {} (...);\n-- the columns that its statements compare, see their plans",
            quoted(&[schema, table])
        );
        Some(Object {
            name: context.called(database, &[schema, table]),
            value: per_minute,
            note: format!(
                "{table} ({}) was read sequentially {} times within {}, {} rows each time, and {} times by an index",
                bytes(float(series.get(&TABLES, "table_size_bytes").unwrap_or(0))),
                count(seq_scans),
                span(context.window()),
                count(rows / seq_scans.max(1)),
                count(by_index)
            ),
            fix: Some(context.run_in(database, &sql)),
        })
    });
    Ok(found.collect())
}

/// Rows that long sequential scans read; none for a table that is no suspect.
fn read_sequentially(series: &HistorySeries) -> Option<f64> {
    let rows = series.get(&TABLES, "seq_tup_read").filter(|rows| *rows > 0)?;
    let scans = series.get(&TABLES, "seq_scan").filter(|scans| *scans >= LEAST_SCANS)?;
    let is_large = series.get(&TABLES, "table_size_bytes").is_some_and(|size| size >= LEAST_BYTES);
    (is_large && rows / scans >= LEAST_ROWS_PER_SCAN).then(|| float(rows))
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
