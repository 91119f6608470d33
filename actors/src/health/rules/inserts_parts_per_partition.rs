//! Partitions with too many parts.

use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit, as_f64,
    format_duration, format_pct, quote_clickhouse_literal, quote_name, share_pct, trend,
};
use crate::model::streams::PARTS;
use crate::model::{Engine, History, PartsSnapshot, StoredTable, TableParts};

pub(crate) static RULE: Rule = Rule {
    id: "inserts.parts_per_partition",
    scope: Scope::Only(Engine::Clickhouse),
    category: Category::Inserts,
    title: "Too many parts in a partition",
    description: "The number of parts in the fullest partition of each table, in percent of its \
                  `parts_to_throw_insert`, at which inserts fail; from `parts_to_delay_insert` on, a third of \
                  that by default, they are delayed. Merges do not keep up with the number of parts written.",
    needs: &[Need::Now("ch_parts"), Need::Course("ch_parts", &PARTS)],
    window: Duration::from_secs(1800),
    measure: Measure::Highest,
    threshold: Threshold { enter: 30.0, leave: 25.0, unit: Unit::Pct },
    hold_for: Duration::from_secs(60),
    curve: Curve { least: 8.0, worst: 90.0, most: 50.0 },
    recommendation: "Write fewer and larger blocks: batches of at least 10,000 rows, or async_insert. \
                     Partition by month rather than by day or hour. OPTIMIZE merges the existing parts at the \
                     cost of rewriting the partition.",
    investigate: "SELECT database, table, partition, count() AS parts, sum(rows) AS rows\n  FROM \
                  system.parts\n WHERE active\n GROUP BY 1, 2, 3\n ORDER BY parts DESC\n LIMIT 10;",
    fix: "OPTIMIZE TABLE database.table FINAL;\n-- in the profile of those who insert: async_insert = 1",
    source: "ClickHouse documentation, MergeTree settings: parts_to_delay_insert, parts_to_throw_insert.",
    check,
    ..Rule::DEFAULT
};

fn check(context: &RuleContext<'_>) -> CheckResult {
    let seen = context.newest::<PartsSnapshot>()?;
    // without it there is only no forecast
    let course = context.course(&PARTS).ok();
    let crowded = seen.tables.iter().filter_map(|table| {
        let parts = table.parts.as_ref()?;
        let throw = parts.parts_to_throw_insert.filter(|throw| *throw > 0)?;
        let full_pct = share_pct(parts.max_parts_in_partition, throw);
        context.exceeds(full_pct).then(|| object(table, parts, throw, full_pct, course.as_deref()))
    });
    Ok(crowded.collect())
}

fn object(
    table: &StoredTable,
    parts: &TableParts,
    throw: i64,
    full_pct: f64,
    course: Option<&History>,
) -> Object {
    let most = parts.max_parts_in_partition;
    let delayed = parts.parts_to_delay_insert.filter(|delay| *delay > 0 && most >= *delay);
    let slowed = delayed.map(|delay| format!("; inserts are delayed from {delay} on")).unwrap_or_default();
    let refused = forecast(course, table.series, throw)
        .map(|within| format!("; at this rate inserts are refused in {}", format_duration(within)))
        .unwrap_or_default();
    let name = format!("{}.{}", table.database, table.table);
    let partition = parts.fullest_partition.as_deref();
    let only =
        partition.map(|id| format!(" PARTITION ID {}", quote_clickhouse_literal(id))).unwrap_or_default();
    Object {
        note: format!(
            "a partition of {name} has {most} parts, {} of the {throw} at which inserts are refused{slowed}{refused}",
            format_pct(full_pct)
        ),
        fix: Some(format!("OPTIMIZE TABLE {}{only} FINAL;", quote_name(&[&table.database, &table.table]))),
        value: full_pct.min(100.0),
        name,
    }
}

fn forecast(course: Option<&History>, series: u64, throw: i64) -> Option<Duration> {
    let past = course?.series.iter().find(|past| past.series == series)?;
    let readings: Vec<_> = past
        .course(&PARTS, "max_parts_in_partition")
        .into_iter()
        .map(|(at, parts)| (at, as_f64(parts)))
        .collect();
    trend(&readings)?.reaches(as_f64(throw))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{HistorySeries, NULL, Timestamp};

    #[test]
    fn the_forecast_follows_the_course() {
        let course = |parts: &[i64]| {
            let point = |(place, parts): (usize, &i64)| {
                let at = Timestamp(i64::try_from(place).unwrap() * 60_000);
                (at, vec![NULL, NULL, NULL, *parts, NULL, NULL, NULL])
            };
            let points = parts.iter().enumerate().map(point).collect();
            let series = HistorySeries { series: 7, values: Vec::new(), first: Timestamp(0), points };
            History { series: vec![series], ..History::default() }
        };
        let rising = course(&[100, 200, 300, 400]);
        assert_eq!(forecast(Some(&rising), 7, 3_000), Some(Duration::from_secs(26 * 60)));
        assert_eq!(forecast(Some(&rising), 8, 3_000), None);
        assert_eq!(forecast(Some(&course(&[400, 300, 200])), 7, 3_000), None);
        assert_eq!(forecast(None, 7, 3_000), None);
    }
}
