//! Many inserts that carry few rows each.

use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit, count,
    float, span,
};
use crate::model::Engine;
use crate::model::streams::QUERIES;

pub(crate) static RULE: Rule = Rule {
    id: "inserts.too_small",
    scope: Scope::Only(Engine::Clickhouse),
    category: Category::Inserts,
    title: "Inserts carry few rows",
    description: "Statements that insert often and fewer than 1,000 rows at a time, by the query log. Every \
               insert makes a part for each partition that it touches, and merging parts costs more than \
               writing them.",
    needs: &[Need::Totals("ch_query_log", &QUERIES)],
    window: Duration::from_secs(600),
    baseline: Duration::ZERO,
    measure: Measure::Highest,
    threshold: Threshold { enter: 120.0, leave: 60.0, unit: Unit::PerMinute },
    hold_for: Duration::ZERO,
    curve: Curve { least: 5.0, worst: 6000.0, most: 15.0 },
    makes_recommendations: false,
    recommendation: "Collect rows and insert batches of 10,000 and more, about one per second; or let the \
                     server collect them with async_insert = 1.",
    investigate: "SELECT normalizeQuery(query) AS text, count() AS inserts, avg(written_rows) AS rows\n  \
                  FROM system.query_log\n WHERE type = 'QueryFinish' AND query_kind = 'Insert' AND \
                  event_time > now() - 600\n GROUP BY text\n ORDER BY inserts DESC\n LIMIT 10;",
    fix: "-- per session or in the profile of those who insert\nSET async_insert = 1, \
          wait_for_async_insert = 1;",
    source: "ClickHouse documentation, Bulk inserts and Asynchronous inserts.",
    check,
};

/// An insert of fewer rows on average is small: the documentation asks for a thousand at the least.
const FEW_ROWS: i64 = 1_000;
/// Fewer inserts within the window are no habit.
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
        let per_minute = float(inserts) / minutes;
        let is_insert = || past.text(get("kind")?).filter(|kind| *kind == "Insert");
        if !context.exceeds(per_minute) || is_insert().is_none() {
            return None;
        }
        let text = past.text(series.series.cast_signed()).unwrap_or("an insert");
        let shown: String = text.chars().take(80).collect();
        let note = format!(
            "{} inserts within {} wrote {} rows each on average: {shown}",
            count(inserts),
            span(context.window()),
            count(rows / inserts)
        );
        Some(Object { name: format!("{:016x}", series.series), value: per_minute, note, fix: None })
    });
    Ok(found.collect())
}
