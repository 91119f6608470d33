//! WAL is not archived.

use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit, count,
    span,
};
use crate::model::{Archiver, Engine};

pub(crate) static RULE: Rule = Rule {
    id: "storage.archiving",
    scope: Scope::Only(Engine::Postgres),
    category: Category::Storage,
    title: "WAL is not archived",
    description: "Whether the newest attempt to archive a segment failed. WAL that is not archived stays on disk until that is full, \
               and a restore to a point in time ends where the archive does.",
    needs: &[Need::Now("pg_stat_archiver")],
    window: Duration::ZERO,
    baseline: Duration::ZERO,
    measure: Measure::Count,
    threshold: Threshold { enter: 1.0, leave: 1.0, unit: Unit::Count },
    hold_for: Duration::from_secs(60),
    curve: Curve::flat(20.0),
    makes_recommendations: true,
    recommendation: "Read in the server's log what archive_command or archive_library says, and mend that: the archive may be full or \
                     not reachable.",
    investigate: "SELECT last_failed_wal, last_failed_time, failed_count, last_archived_wal, last_archived_time FROM \
                  pg_stat_archiver;",
    fix: "ALTER SYSTEM SET archive_command = '...';\nSELECT pg_reload_conf();",
    source: "PostgreSQL documentation, Continuous Archiving: a segment that fails is tried again until it succeeds.",
    check,
};

fn check(context: &RuleContext<'_>) -> CheckResult {
    let seen = context.newest::<Archiver>()?;
    let switched_off = seen.archive_mode.as_deref() == Some("off");
    if switched_off || seen.failing != Some(true) {
        return Ok(Vec::new());
    }
    let segment = seen.last_failed_wal.as_deref().unwrap_or("a segment");
    let ago = seen.last_failed.map(|at| format!(" {} ago", span(seen.ts.since(at)))).unwrap_or_default();
    let failures = count(seen.failed_count.unwrap_or(1));
    Ok(vec![Object {
        name: "archive_command".to_owned(),
        value: 1.0,
        note: format!("archiving {segment} failed{ago}; {failures} attempts have failed so far"),
        fix: None,
    }])
}
