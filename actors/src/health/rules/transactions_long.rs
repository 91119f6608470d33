//! Long-running transactions.

use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit,
    describe_session, format_duration,
};
use crate::model::{ActiveQuery, Engine};

pub(crate) static RULE: Rule = Rule {
    id: "transactions.long",
    scope: Scope::Only(Engine::Postgres),
    category: Category::Transactions,
    title: "Long-running transactions",
    description: "The age of transactions of active clients. While one is open, vacuum cannot remove rows that \
                  died since it began, in any table. Backups by pg_dump are such transactions too.",
    needs: &[Need::Now("pg_stat_activity")],
    measure: Measure::Highest,
    threshold: Threshold { enter: 3600.0, leave: 3600.0, unit: Unit::Seconds },
    curve: Curve { least: 3.0, worst: 12.0 * 3600.0, most: 15.0 },
    recommendation: "Split the work into smaller transactions, run long reports on a standby, or end \
                     transactions that are no longer needed.",
    investigate: "SELECT pid, usename, application_name, state, now() - xact_start AS open_for, query\n  FROM \
                  pg_stat_activity\n WHERE xact_start IS NOT NULL AND backend_type = 'client backend'\n ORDER BY xact_start;",
    fix: "SELECT pg_cancel_backend(...);",
    source: "PostgreSQL documentation, Routine Vacuuming: dead row versions are kept while a transaction may still see them.",
    check,
    ..Rule::DEFAULT
};

/// A session that has been idle in its transaction for less is between two statements.
const BETWEEN_STATEMENTS_MS: i64 = 60_000;

fn check(context: &RuleContext<'_>) -> CheckResult {
    let activity = context.activity()?;
    // others than clients, such as vacuum or the sender of a standby, are long by nature
    let clients =
        activity.queries.iter().filter(|query| query.backend_type.as_deref() == Some("client backend"));
    Ok(clients.filter(|query| is_at_work(query)).filter_map(|query| object(context, query)).collect())
}

/// Sessions idle in transaction for long are reported by another rule.
fn is_at_work(query: &ActiveQuery) -> bool {
    query.state.as_deref() == Some("active") || query.duration_ms.is_some_and(|ms| ms < BETWEEN_STATEMENTS_MS)
}

fn object(context: &RuleContext<'_>, query: &ActiveQuery) -> Option<Object> {
    let open = Duration::from_millis(u64::try_from(query.transaction_ms?).ok()?);
    let pid = query.pid.filter(|_| context.exceeds(open.as_secs_f64()))?;
    Some(Object {
        name: format!("pid {pid}"),
        value: open.as_secs_f64(),
        note: format!("the transaction of {} has run for {}", describe_session(query), format_duration(open)),
        fix: Some(format!("SELECT pg_cancel_backend({pid});")),
    })
}
