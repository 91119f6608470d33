//! Deadlocks.

use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit, as_f64,
    format_duration,
};
use crate::model::Engine;
use crate::model::streams::DATABASES;

pub(crate) static RULE: Rule = Rule {
    id: "locks.deadlocks",
    scope: Scope::Only(Engine::Postgres),
    category: Category::Locks,
    title: "Deadlocks",
    description: "Deadlocks that the server resolved by aborting a transaction, by database.",
    needs: &[Need::Totals("pg_stat_database", &DATABASES)],
    window: Duration::from_secs(3600),
    measure: Measure::Sum,
    threshold: Threshold { enter: 2.0, leave: 1.0, unit: Unit::Count },
    curve: Curve { least: 5.0, worst: 100.0, most: 20.0 },
    recommendation: "Acquire locks in the same order in every transaction, keep transactions short, and let \
                     clients retry after SQLSTATE 40P01.",
    investigate: "SELECT datname, deadlocks FROM pg_stat_database ORDER BY deadlocks DESC;\n-- the server's log shows \
                  both statements of each deadlock",
    fix: "-- in the application: lock rows in one order, for instance SELECT ... ORDER BY id FOR UPDATE",
    source: "PostgreSQL documentation, 13.3.4 Deadlocks.",
    check,
    ..Rule::DEFAULT
};

fn check(context: &RuleContext<'_>) -> CheckResult {
    let object = |count: i64, name: &str| Object {
        name: name.to_owned(),
        value: as_f64(count),
        note: format!("{count} deadlocks in {name} within {}", format_duration(context.window())),
        fix: None,
    };
    let past = context.past_or_empty(&DATABASES);
    let found = past.series.iter().filter_map(|series| {
        let count = series.get(&DATABASES, "deadlocks").filter(|count| *count > 0)?;
        Some(object(count, past.text(series.get(&DATABASES, "database_name")?)?))
    });
    let found: Vec<Object> = found.collect();
    context.check_happened(&DATABASES, found.iter().map(|object| object.value).sum())?;
    Ok(found)
}
