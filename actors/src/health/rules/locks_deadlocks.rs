//! Transactions were ended because they waited for each other.

use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit, float,
    span,
};
use crate::model::Engine;
use crate::model::streams::DATABASES;

pub(crate) static RULE: Rule = Rule {
    id: "locks.deadlocks",
    scope: Scope::Only(Engine::Postgres),
    category: Category::Locks,
    title: "Transactions end in deadlocks",
    description: "Deadlocks that the server has broken, by database. Each cost one client its transaction.",
    needs: &[Need::Totals("pg_stat_database", &DATABASES)],
    window: Duration::from_secs(3600),
    baseline: Duration::ZERO,
    measure: Measure::Sum,
    threshold: Threshold { enter: 2.0, leave: 1.0, unit: Unit::Count },
    hold_for: Duration::ZERO,
    curve: Curve { least: 5.0, worst: 100.0, most: 20.0 },
    makes_recommendations: false,
    recommendation: "Let every transaction take its locks in the same order, keep transactions short, and let clients try \
                     again after SQLSTATE 40P01.",
    investigate: "SELECT datname, deadlocks FROM pg_stat_database ORDER BY deadlocks DESC;\n-- the server's log shows \
                  both statements of each deadlock",
    fix: "-- in the application: lock rows in one order, for instance SELECT ... ORDER BY id FOR UPDATE",
    source: "PostgreSQL documentation, 13.3.4 Deadlocks.",
    check,
};

fn check(context: &RuleContext<'_>) -> CheckResult {
    let past = context.totals(&DATABASES)?;
    let object = |count: i64, name: &str| Object {
        name: name.to_owned(),
        value: float(count),
        note: format!("{count} deadlocks in {name} within {}", span(context.window())),
        fix: None,
    };
    let found = past.series.iter().filter_map(|series| {
        let count = series.get(&DATABASES, "deadlocks").filter(|count| *count > 0)?;
        Some(object(count, past.text(series.get(&DATABASES, "database_name")?)?))
    });
    Ok(found.collect())
}
