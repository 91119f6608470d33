//! Statements whose 99th percentile of the duration has increased.

use std::collections::HashMap;
use std::time::Duration;

use crate::analysis::durations::{Durations, query_of};
use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit,
    format_count, format_duration,
};
use crate::model::streams::{QUERIES, QUERY_DURATIONS};
use crate::model::{Engine, History};

pub(crate) static RULE: Rule = Rule {
    id: "queries.p99_regression",
    scope: Scope::Only(Engine::Clickhouse),
    category: Category::Queries,
    title: "Query latency (p99) has increased",
    description: "The 99th percentile of the duration of each statement within the window, compared with the \
                  same time a day before. Statements with fewer than 50 calls in either, and those below 100 \
                  ms, are left out.",
    needs: &[
        Need::Totals("ch_query_log", &QUERIES),
        Need::Totals("ch_query_log", &QUERY_DURATIONS),
        Need::Baseline("ch_query_log", &QUERY_DURATIONS),
    ],
    window: Duration::from_secs(3600),
    baseline: Duration::from_secs(86400),
    measure: Measure::Highest,
    threshold: Threshold { enter: 3.0, leave: 2.0, unit: Unit::Ratio },
    curve: Curve { least: 5.0, worst: 20.0, most: 20.0 },
    recommendation: "Compare what the statement reads now with what it read then: more rows, a dropped index \
                     or projection, cold caches, or a busy server.",
    investigate: "SELECT toStartOfHour(event_time) AS hour, count() AS calls, \
                  quantile(0.99)(query_duration_ms) AS p99_ms, avg(read_rows) AS rows\n  FROM \
                  system.query_log\n WHERE type = 'QueryFinish' AND event_time > now() - 90000\n GROUP BY \
                  hour\n ORDER BY hour;",
    fix: "-- EXPLAIN indexes = 1 of the statement shows what it reads",
    source: "ClickHouse documentation, system.query_log.",
    check,
    ..Rule::DEFAULT
};

/// Fewer calls in either window have no meaningful 99th percentile.
const LEAST_CALLS: i64 = 50;
/// Faster queries are ignored, however fast they were before.
const LEAST_MS: f64 = 100.0;

fn check(context: &RuleContext<'_>) -> CheckResult {
    let (queries, recent) = (context.totals(&QUERIES)?, context.totals(&QUERY_DURATIONS)?);
    let (now, before) = (sketches(&recent), sketches(&*context.baseline(&QUERY_DURATIONS)?));
    let slower = queries.series.iter().filter_map(|series| {
        let query = query_of(series.series);
        let (now, before) = (now.get(&query)?, before.get(&query)?);
        if now.calls < LEAST_CALLS || before.calls < LEAST_CALLS {
            return None;
        }
        let (now_ms, before_ms) = (now.durations.quantile_ms(0.99)?, before.durations.quantile_ms(0.99)?);
        // durations below a millisecond are logged as zero
        let times = now_ms / before_ms.max(1.0);
        if now_ms < LEAST_MS || !context.exceeds(times) {
            return None;
        }
        let text = queries.text(series.series.cast_signed()).unwrap_or_default();
        let shown: String = text.chars().take(80).collect();
        let note = format!(
            "99 % of {} calls took up to {now_ms:.0} ms within {}, and {before_ms:.0} ms {} before: {shown}",
            format_count(now.calls),
            format_duration(context.window()),
            format_duration(context.baseline_ago())
        );
        Some(Object { name: format!("{:016x}", series.series), value: times, note, fix: None })
    });
    Ok(slower.collect())
}

/// How long the calls of one statement took.
#[derive(Default)]
struct Sketch {
    calls: i64,
    durations: Durations,
}

fn sketches(past: &History) -> HashMap<u64, Sketch> {
    let mut sketches = HashMap::<u64, Sketch>::new();
    for series in &past.series {
        let calls = series.get(&QUERY_DURATIONS, "calls").unwrap_or(0);
        let sketch = sketches.entry(query_of(series.series)).or_default();
        sketch.calls += calls;
        sketch.durations.add(series.series, calls);
    }
    sketches
}
