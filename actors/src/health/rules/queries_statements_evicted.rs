//! `pg_stat_statements` has no room for all statements.

use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit, count,
    float, span,
};
use crate::model::Engine;
use crate::model::streams::EVICTIONS;

pub(crate) static RULE: Rule = Rule {
    id: "queries.statements_evicted",
    scope: Scope::Only(Engine::Postgres),
    category: Category::Queries,
    title: "Statements are forgotten for want of room",
    description: "How often pg_stat_statements threw its least used entries away, 5 % each time, because there were more \
               statements than pg_stat_statements.max. What they did between two polls is not counted, and every time costs \
               the server a sort of all entries.",
    needs: &[Need::Totals("pg_stat_statements", &EVICTIONS), Need::Now("pg_settings")],
    window: Duration::from_secs(3600),
    baseline: Duration::ZERO,
    measure: Measure::Sum,
    threshold: Threshold { enter: 3.0, leave: 1.0, unit: Unit::Count },
    hold_for: Duration::ZERO,
    curve: Curve { least: 2.0, worst: 100.0, most: 8.0 },
    makes_recommendations: true,
    recommendation: "Raise pg_stat_statements.max, at about 1 kB of memory each and a restart. When every statement is a new \
                     one, because names of tables or lists of values vary, let the application use parameters and arrays.",
    investigate: "SELECT dealloc, stats_reset FROM pg_stat_statements_info;\nSELECT count(*) FROM pg_stat_statements(false);",
    fix: "ALTER SYSTEM SET pg_stat_statements.max = 10000;\n-- takes effect when the server is restarted",
    source: "PostgreSQL documentation, pg_stat_statements: dealloc counts how often entries of the least-executed \
             statements were deallocated.",
    check,
};

/// Twice the usual: what any server can spare.
const LEAST_ENTRIES: f64 = 10_000.0;

fn check(context: &RuleContext<'_>) -> CheckResult {
    let past = context.totals(&EVICTIONS)?;
    let rounds: i64 = past.series.iter().filter_map(|series| series.get(&EVICTIONS, "rounds")).sum();
    if !context.exceeds(float(rounds)) || rounds == 0 {
        return Ok(Vec::new());
    }
    let most = context.setting_number("pg_stat_statements.max")?;
    let wanted = (most * 2.0).max(LEAST_ENTRIES);
    Ok(vec![Object {
        name: "pg_stat_statements.max".to_owned(),
        value: float(rounds),
        note: format!(
            "statements were forgotten {} times within {}; there is room for {most:.0}",
            count(rounds),
            span(context.window())
        ),
        fix: Some(format!(
            "ALTER SYSTEM SET pg_stat_statements.max = {wanted:.0};\n-- takes effect when the server is restarted"
        )),
    }])
}
