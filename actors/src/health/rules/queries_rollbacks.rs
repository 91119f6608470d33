//! Many transactions end without effect.

use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit, count,
    pct, pct_of, span,
};
use crate::model::Engine;
use crate::model::streams::DATABASES;

pub(crate) static RULE: Rule = Rule {
    id: "queries.rollbacks",
    scope: Scope::Only(Engine::Postgres),
    category: Category::Queries,
    title: "Many transactions are rolled back",
    description: "Of the transactions of each database, how many were rolled back: by an error, by a timeout, or because the \
               client said so. Nothing is said of fewer than 100.",
    needs: &[Need::Totals("pg_stat_database", &DATABASES)],
    window: Duration::from_secs(3600),
    baseline: Duration::ZERO,
    measure: Measure::Highest,
    threshold: Threshold { enter: 20.0, leave: 15.0, unit: Unit::Pct },
    hold_for: Duration::from_secs(300),
    curve: Curve { least: 2.0, worst: 90.0, most: 8.0 },
    makes_recommendations: false,
    recommendation: "Read in the server's log which statements fail, and mend them in the application. Some frameworks end \
                     every transaction that only read with ROLLBACK: then dismiss this by its threshold.",
    investigate: "SELECT datname, xact_commit, xact_rollback FROM pg_stat_database ORDER BY xact_rollback DESC;\n-- the \
                  server's log shows each statement that failed: log_min_error_statement = error",
    fix: "-- in the application: mend the statements that fail, as the server's log has them",
    source: "PostgreSQL documentation, pg_stat_database: xact_rollback.",
    check,
};

/// Fewer say nothing.
const LEAST_ROLLBACKS: i64 = 100;

fn check(context: &RuleContext<'_>) -> CheckResult {
    let past = context.totals(&DATABASES)?;
    let found = past.series.iter().filter_map(|series| {
        let (undone, done) = (series.get(&DATABASES, "rollbacks")?, series.get(&DATABASES, "commits")?);
        let share = pct_of(undone, undone + done).filter(|share| context.exceeds(*share))?;
        let name = past.text(series.get(&DATABASES, "database_name")?)?;
        (undone >= LEAST_ROLLBACKS).then(|| Object {
            name: name.to_owned(),
            value: share,
            note: format!(
                "{} of {} transactions of {name} were rolled back within {} ({})",
                count(undone),
                count(undone + done),
                span(context.window()),
                pct(share)
            ),
            fix: None,
        })
    });
    Ok(found.collect())
}
