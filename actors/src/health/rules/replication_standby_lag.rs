//! This standby is behind its primary.

use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit, bytes,
    float, span,
};
use crate::model::{Engine, Replication};

pub(crate) static RULE: Rule = Rule {
    id: "replication.standby_lag",
    scope: Scope::Only(Engine::Postgres),
    category: Category::Replication,
    title: "This standby is behind its primary",
    description: "How old what this standby shows is. A primary that writes nothing makes no lag; a standby that follows nobody has \
               some from the moment on that it lost its primary.",
    needs: &[Need::Now("pg_stat_replication")],
    window: Duration::ZERO,
    baseline: Duration::ZERO,
    measure: Measure::Highest,
    threshold: Threshold { enter: 60.0, leave: 30.0, unit: Unit::Seconds },
    hold_for: Duration::from_secs(30),
    curve: Curve { least: 8.0, worst: 3600.0, most: 40.0 },
    makes_recommendations: false,
    recommendation: "Look whether replay is paused or waits for a long query, whether the disk keeps up, and whether the primary is \
                     reached at all.",
    investigate: "SELECT pg_is_wal_replay_paused(), pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn();\nSELECT status, \
                  sender_host FROM pg_stat_wal_receiver;",
    fix: "SELECT pg_wal_replay_resume();",
    source: "PostgreSQL documentation, Recovery Information Functions.",
    check,
};

fn check(context: &RuleContext<'_>) -> CheckResult {
    let seen = context.newest::<Replication>()?;
    let Some(late) = seen.replication_lag_seconds.filter(|_| seen.is_replica) else { return Ok(Vec::new()) };
    let waiting = bytes(float(seen.replication_lag_bytes.unwrap_or(0)));
    let why = match (seen.replay_paused, &seen.upstream_host) {
        (Some(true), _) => "; replay is paused".to_owned(),
        (_, None) => "; it follows nobody".to_owned(),
        (_, Some(host)) => format!("; it follows {host}"),
    };
    let late_for = span(Duration::from_secs_f64(late.max(0.0)));
    Ok(vec![Object {
        name: "replay".to_owned(),
        value: late,
        note: format!("this standby is {late_for} behind, with {waiting} to replay{why}"),
        fix: None,
    }])
}
