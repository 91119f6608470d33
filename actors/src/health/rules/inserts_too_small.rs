//! Many small inserts.

use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit, as_f64,
    format_count, format_duration,
};
use crate::model::Engine;
use crate::model::streams::QUERIES;

pub(crate) static RULE: Rule = Rule {
    id: "inserts.too_small",
    scope: Scope::Only(Engine::Clickhouse),
    category: Category::Inserts,
    title: "Inserts are too small",
    description: "Statements that insert often, with fewer than 1,000 rows on average, according to the query \
                  log. Every insert creates a part in each partition that it touches, and merging parts costs \
                  more than writing them.",
    needs: &[Need::Totals("ch_query_log", &QUERIES)],
    window: Duration::from_secs(600),
    measure: Measure::Highest,
    threshold: Threshold { enter: 120.0, leave: 60.0, unit: Unit::PerMinute },
    curve: Curve { least: 5.0, worst: 6000.0, most: 15.0 },
    recommendation: "Insert batches of at least 10,000 rows, about once per second; or let the server batch \
                     them with async_insert = 1.",
    investigate: "SELECT normalizeQuery(query) AS text, count() AS inserts, avg(written_rows) AS rows\n  \
                  FROM system.query_log\n WHERE type = 'QueryFinish' AND query_kind = 'Insert' AND \
                  event_time > now() - 600\n GROUP BY text\n ORDER BY inserts DESC\n LIMIT 10;",
    fix: "-- per session or in the profile of those who insert\nSET async_insert = 1, \
          wait_for_async_insert = 1;",
    source: "ClickHouse documentation, Bulk inserts and Asynchronous inserts.",
    check,
    ..Rule::DEFAULT
};

/// The documentation recommends at least a thousand rows per insert.
const FEW_ROWS: i64 = 1_000;
/// Fewer inserts within the window are ignored.
const LEAST_INSERTS: i64 = 50;

fn check(context: &RuleContext<'_>) -> CheckResult {
    let past = context.totals(&QUERIES)?;
    let minutes = (context.window().as_secs_f64() / 60.0).max(f64::EPSILON);
    let found = past.series.iter().filter_map(|series| {
        let get = |column| series.get(&QUERIES, column);
        let (calls, failed) = (get("calls")?, get("exceptions").unwrap_or(0));
        let (inserts, rows) = (calls - failed, get("written_rows")?);
        // one that is queued for an asynchronous flush writes no rows itself
        if inserts < LEAST_INSERTS || rows == 0 || rows / inserts >= FEW_ROWS {
            return None;
        }
        let per_minute = as_f64(inserts) / minutes;
        let is_insert = || past.text(get("kind")?).filter(|kind| *kind == "Insert");
        if !context.exceeds(per_minute) || is_insert().is_none() {
            return None;
        }
        let text = past.text(series.series.cast_signed()).unwrap_or("an insert");
        let shown: String = text.chars().take(80).collect();
        let note = format!(
            "{} inserts within {} wrote {} rows each on average: {shown}",
            format_count(inserts),
            format_duration(context.window()),
            format_count(rows / inserts)
        );
        Some(Object { name: format!("{:016x}", series.series), value: per_minute, note, fix: None })
    });
    Ok(found.collect())
}
