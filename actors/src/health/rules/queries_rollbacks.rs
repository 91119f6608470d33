//! A high share of rolled back transactions.

use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit,
    format_count, format_duration, format_pct, pct_of,
};
use crate::model::Engine;
use crate::model::streams::DATABASES;

pub(crate) static RULE: Rule = Rule {
    id: "queries.rollbacks",
    scope: Scope::Only(Engine::Postgres),
    category: Category::Queries,
    title: "High rollback ratio",
    description: "The share of transactions of each database that were rolled back: by an error, a timeout, or \
                  the client. Fewer than 100 rollbacks are ignored.",
    needs: &[Need::Totals("pg_stat_database", &DATABASES)],
    window: Duration::from_secs(3600),
    measure: Measure::Highest,
    threshold: Threshold { enter: 20.0, leave: 15.0, unit: Unit::Pct },
    hold_for: Duration::from_secs(300),
    curve: Curve { least: 2.0, worst: 90.0, most: 8.0 },
    recommendation: "Find the failing statements in the server's log, and fix them in the application. Some \
                     frameworks end every read-only transaction with ROLLBACK: raise the threshold in that \
                     case.",
    investigate: "SELECT datname, xact_commit, xact_rollback FROM pg_stat_database ORDER BY xact_rollback DESC;\n-- the \
                  server's log shows each statement that failed: log_min_error_statement = error",
    fix: "-- in the application: fix the statements that the server's log reports as failed",
    source: "PostgreSQL documentation, pg_stat_database: xact_rollback.",
    check,
    ..Rule::DEFAULT
};

/// Fewer are ignored.
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
                format_count(undone),
                format_count(undone + done),
                format_duration(context.window()),
                format_pct(share)
            ),
            fix: None,
        })
    });
    Ok(found.collect())
}
