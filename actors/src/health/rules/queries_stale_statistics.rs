//! Outdated planner statistics.

use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit,
    format_count, format_duration, pct_of, quote_name,
};
use crate::model::relations::{TABLE_COLUMNS, TableSnapshot};
use crate::model::streams::TABLES;
use crate::model::{Engine, NULL, Timestamp};

pub(crate) static RULE: Rule = Rule {
    id: "queries.stale_statistics",
    scope: Scope::Only(Engine::Postgres),
    category: Category::Queries,
    title: "Planner statistics are out of date",
    description: "Rows changed since a table was last analysed, or ever if it never was, compared with its \
                  number of rows. The planner relies on the statistics of the last ANALYZE, and chooses bad \
                  plans when the table has changed since. Tables with fewer than 50,000 changed rows are left \
                  out.",
    needs: &[Need::Now("pg_stat_user_tables")],
    measure: Measure::Highest,
    threshold: Threshold { enter: 50.0, leave: 25.0, unit: Unit::Pct },
    // autovacuum analyses after a load within a minute or a few
    hold_for: Duration::from_secs(600),
    curve: Curve { least: 4.0, worst: 500.0, most: 12.0 },
    makes_recommendations: true,
    recommendation: "Analyse the table now. Then find out why autovacuum did not: it may be off for the table, \
                     busy with others, or waiting for a lock.",
    investigate: "SELECT schemaname, relname, n_live_tup, n_mod_since_analyze, last_analyze, last_autoanalyze\n  FROM \
                  pg_stat_user_tables\n ORDER BY n_mod_since_analyze DESC\n LIMIT 10;",
    fix: "ANALYZE ...;",
    source: "PostgreSQL documentation, Updating Planner Statistics; The Autovacuum Daemon: by default a table is analysed when \
             10 % of its rows have changed.",
    check,
    ..Rule::DEFAULT
};

/// Fewer changed rows are analysed soon, and a bad plan for them costs little.
const LEAST_CHANGED: i64 = 50_000;

fn check(context: &RuleContext<'_>) -> CheckResult {
    let mut found = Vec::new();
    for (database, seen) in context.newest_of_each::<TableSnapshot>() {
        for table in &seen.0.relations {
            let Some(Changed { rows, of, pct }) = changed(&table.values) else { continue };
            if !context.exceeds(pct) {
                continue;
            }
            let ago = analysed_at(&table.values).map_or("it never was".to_owned(), |at| {
                format!("that was {} ago", format_duration(seen.0.at.since(at)))
            });
            let note = format!(
                "{} rows of {} changed since it was analysed ({ago}); it has {}",
                format_count(rows),
                table.name,
                format_count(of)
            );
            let sql = format!("ANALYZE {};", quote_name(&[&table.schema, &table.name]));
            found.push(Object {
                name: context.qualified(&database, &[&table.schema, &table.name]),
                value: pct,
                note,
                fix: Some(context.run_in(&database, &sql)),
            });
        }
    }
    Ok(found)
}

struct Changed {
    rows: i64,
    of: i64,
    pct: f64,
}

fn cell(values: &[i64; TABLE_COLUMNS], name: &str) -> Option<i64> {
    Some(values[TABLES.column(name)?]).filter(|value| *value != NULL)
}

fn changed(values: &[i64; TABLE_COLUMNS]) -> Option<Changed> {
    let rows = cell(values, "n_mod_since_analyze").filter(|rows| *rows >= LEAST_CHANGED)?;
    let of = cell(values, "n_live_tup")?;
    Some(Changed { rows, of, pct: pct_of(rows, of.max(1))? })
}

fn analysed_at(values: &[i64; TABLE_COLUMNS]) -> Option<Timestamp> {
    cell(values, "last_analyze_at_ms").max(cell(values, "last_autoanalyze_at_ms")).map(Timestamp)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::health::as_f64;

    #[test]
    fn only_known_and_large_estimates_count() {
        let row = |changed: i64, live: i64| {
            let mut values = [NULL; TABLE_COLUMNS];
            values[TABLES.column("n_mod_since_analyze").unwrap()] = changed;
            values[TABLES.column("n_live_tup").unwrap()] = live;
            values
        };
        let pct = |changed_rows, live| {
            changed(&row(changed_rows, live)).map(|changed| as_f64(changed.rows) + changed.pct)
        };
        assert_eq!(pct(49_999, 60_000), None);
        assert_eq!(pct(NULL, NULL), None);
        assert_eq!(pct(60_000, 120_000), Some(60_050.0));
        // all rows were deleted
        assert_eq!(pct(60_000, 0), Some(60_000.0 + 6_000_000.0));
    }
}
