//! Evictions from pg_stat_statements.

use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit, as_f64,
    format_count, format_duration,
};
use crate::model::Engine;
use crate::model::streams::EVICTIONS;

pub(crate) static RULE: Rule = Rule {
    id: "queries.statements_evicted",
    scope: Scope::Only(Engine::Postgres),
    category: Category::Queries,
    title: "pg_stat_statements evicts entries",
    description: "How often pg_stat_statements evicted its least used entries, 5 % each time, because there \
                  were more statements than pg_stat_statements.max. What they did between two polls is not \
                  counted, and each eviction sorts all entries.",
    needs: &[Need::Totals("pg_stat_statements", &EVICTIONS), Need::Now("pg_settings")],
    window: Duration::from_secs(3600),
    measure: Measure::Sum,
    threshold: Threshold { enter: 3.0, leave: 1.0, unit: Unit::Count },
    curve: Curve { least: 2.0, worst: 100.0, most: 8.0 },
    makes_recommendations: true,
    recommendation: "Raise pg_stat_statements.max, which takes about 1 kB of memory per entry and a restart. \
                     If every statement is different, because table names or lists of values vary, use \
                     parameters and arrays in the application.",
    investigate: "SELECT dealloc, stats_reset FROM pg_stat_statements_info;\nSELECT count(*) FROM pg_stat_statements(false);",
    fix: "ALTER SYSTEM SET pg_stat_statements.max = 10000;\n-- takes effect when the server is restarted",
    source: "PostgreSQL documentation, pg_stat_statements: dealloc counts how often entries of the least-executed \
             statements were deallocated.",
    check,
    ..Rule::DEFAULT
};

/// Twice the default.
const LEAST_ENTRIES: f64 = 10_000.0;

fn check(context: &RuleContext<'_>) -> CheckResult {
    let past = context.totals(&EVICTIONS)?;
    let rounds: i64 = past.series.iter().filter_map(|series| series.get(&EVICTIONS, "rounds")).sum();
    if !context.exceeds(as_f64(rounds)) || rounds == 0 {
        return Ok(Vec::new());
    }
    let most = context.setting_number("pg_stat_statements.max")?;
    let wanted = (most * 2.0).max(LEAST_ENTRIES);
    Ok(vec![Object {
        name: "pg_stat_statements.max".to_owned(),
        value: as_f64(rounds),
        note: format!(
            "entries were evicted {} times within {}; pg_stat_statements.max is {most:.0}",
            format_count(rounds),
            format_duration(context.window())
        ),
        fix: Some(format!(
            "ALTER SYSTEM SET pg_stat_statements.max = {wanted:.0};\n-- takes effect when the server is restarted"
        )),
    }])
}
