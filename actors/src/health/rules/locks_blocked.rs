//! Sessions blocked by locks.

use std::time::Duration;

use crate::analysis::{Blocker, lock_tree};
use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit,
    format_duration, quote_literal,
};
use crate::model::{Engine, LockSnapshot};

pub(crate) static RULE: Rule = Rule {
    id: "locks.blocked",
    scope: Scope::Only(Engine::Postgres),
    category: Category::Locks,
    title: "Sessions are blocked by locks",
    description: "The longest wait behind each session that blocks others and is not blocked itself: the root \
                  of a blocking chain.",
    needs: &[Need::Now("pg_locks")],
    measure: Measure::Highest,
    threshold: Threshold { enter: 10.0, leave: 10.0, unit: Unit::Seconds },
    curve: Curve { least: 8.0, worst: 300.0, most: 40.0 },
    recommendation: "End the root session, or let it finish. Keep transactions short, set lock_timeout for \
                     schema changes, and acquire locks in the same order everywhere.",
    investigate: "SELECT pid, pg_blocking_pids(pid) AS blocked_by, now() - state_change AS since, query\n  FROM \
                  pg_stat_activity\n WHERE wait_event_type = 'Lock';\n-- GET /api/v1/databases/{id}/locks/tree",
    fix: "SELECT pg_terminate_backend(...);",
    source: "PostgreSQL documentation, Explicit Locking; pg_blocking_pids().",
    check,
    ..Rule::DEFAULT
};

fn check(context: &RuleContext<'_>) -> CheckResult {
    let seen = context.newest::<LockSnapshot>()?;
    Ok(lock_tree(&seen.locks).iter().filter_map(object).collect())
}

fn object(root: &Blocker) -> Option<Object> {
    let longest = Duration::from_millis(u64::try_from(root.longest_wait_ms?).ok()?);
    let (name, fix) = match root.prepared_transaction.as_deref() {
        Some(gid) => {
            (format!("prepared transaction {gid}"), format!("ROLLBACK PREPARED {};", quote_literal(gid)))
        }
        None => (format!("pid {}", root.pid), format!("SELECT pg_terminate_backend({});", root.pid)),
    };
    let who = match (&root.user_name, &root.state) {
        (Some(user), Some(state)) => format!("{name} of {user}, {state},"),
        _ => name.clone(),
    };
    let what = root.relation_name.as_deref().map(|relation| format!(" for {relation}")).unwrap_or_default();
    let note = format!(
        "{who} blocks {} sessions that wait{what}, the longest for {}",
        root.blocked_sessions,
        format_duration(longest)
    );
    Some(Object { name, value: longest.as_secs_f64(), note, fix: Some(fix) })
}
