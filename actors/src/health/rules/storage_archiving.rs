//! Failing WAL archiving.

use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit,
    format_count, format_duration,
};
use crate::model::{Archiver, Engine};

pub(crate) static RULE: Rule = Rule {
    id: "storage.archiving",
    scope: Scope::Only(Engine::Postgres),
    category: Category::Storage,
    title: "WAL archiving fails",
    description: "Whether the last attempt to archive a WAL segment failed. WAL that is not archived stays on \
                  disk until the disk is full, and point-in-time recovery ends at the last archived segment.",
    needs: &[Need::Now("pg_stat_archiver")],
    measure: Measure::Count,
    threshold: Threshold { enter: 1.0, leave: 1.0, unit: Unit::Count },
    hold_for: Duration::from_secs(60),
    curve: Curve::flat(20.0),
    makes_recommendations: true,
    recommendation: "Find the error of archive_command or archive_library in the server's log, and fix it: the \
                     archive may be full or unreachable.",
    investigate: "SELECT last_failed_wal, last_failed_time, failed_count, last_archived_wal, last_archived_time FROM \
                  pg_stat_archiver;",
    fix: "ALTER SYSTEM SET archive_command = '...';\nSELECT pg_reload_conf();",
    source: "PostgreSQL documentation, Continuous Archiving: a segment that fails is tried again until it succeeds.",
    check,
    ..Rule::DEFAULT
};

fn check(context: &RuleContext<'_>) -> CheckResult {
    let seen = context.newest::<Archiver>()?;
    let switched_off = seen.archive_mode.as_deref() == Some("off");
    if switched_off || seen.failing != Some(true) {
        return Ok(Vec::new());
    }
    let segment = seen.last_failed_wal.as_deref().unwrap_or("a segment");
    let ago =
        seen.last_failed.map(|at| format!(" {} ago", format_duration(seen.ts.since(at)))).unwrap_or_default();
    let failures = format_count(seen.failed_count.unwrap_or(1));
    Ok(vec![Object {
        name: "archive_command".to_owned(),
        value: 1.0,
        note: format!("archiving {segment} failed{ago}; {failures} attempts have failed so far"),
        fix: None,
    }])
}
