//! Sessions that are idle in a transaction.

use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit,
    describe_session, format_duration,
};
use crate::model::{ActiveQuery, Engine};

pub(crate) static RULE: Rule = Rule {
    id: "transactions.idle",
    scope: Scope::Only(Engine::Postgres),
    category: Category::Transactions,
    title: "Sessions idle in transaction",
    description: "How long sessions have been idle in a transaction, measured from the end of their last \
                  statement. Such a session keeps its locks, and prevents vacuum from removing rows that died \
                  since it began.",
    needs: &[Need::Now("pg_stat_activity")],
    measure: Measure::Highest,
    threshold: Threshold { enter: 300.0, leave: 300.0, unit: Unit::Seconds },
    curve: Curve { least: 5.0, worst: 3600.0, most: 20.0 },
    recommendation: "Find out in the application why the transaction is left open, and let the server end such \
                     sessions with idle_in_transaction_session_timeout.",
    investigate: "SELECT pid, usename, application_name, state, now() - xact_start AS open_for, query\n  FROM \
                  pg_stat_activity\n WHERE state LIKE 'idle in transaction%'\n ORDER BY xact_start;",
    fix: "ALTER SYSTEM SET idle_in_transaction_session_timeout = '5min';\nSELECT pg_reload_conf();",
    source: "PostgreSQL documentation, idle_in_transaction_session_timeout: an open transaction prevents vacuuming away \
             recently-dead tuples.",
    check,
    ..Rule::DEFAULT
};

fn check(context: &RuleContext<'_>) -> CheckResult {
    let activity = context.activity()?;
    let idle = activity
        .queries
        .iter()
        .filter(|query| query.state.as_deref().is_some_and(|state| state.starts_with("idle in transaction")));
    Ok(idle.filter_map(|query| object(context, query)).collect())
}

fn object(context: &RuleContext<'_>, query: &ActiveQuery) -> Option<Object> {
    // a busy transaction may be met between two of its statements: what counts is since when the last one began
    let idle_ms = query.transaction_ms?.min(query.duration_ms?);
    let idle = Duration::from_millis(u64::try_from(idle_ms).ok()?);
    let pid = query.pid.filter(|_| context.exceeds(idle.as_secs_f64()))?;
    Some(Object {
        name: format!("pid {pid}"),
        value: idle.as_secs_f64(),
        note: format!(
            "{} has been idle in a transaction for {}",
            describe_session(query),
            format_duration(idle)
        ),
        fix: Some(format!("SELECT pg_terminate_backend({pid});")),
    })
}
