//! This standby lags behind its primary.

use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit, as_f64,
    format_bytes, format_duration,
};
use crate::model::{Engine, Replication};

pub(crate) static RULE: Rule = Rule {
    id: "replication.standby_lag",
    scope: Scope::Only(Engine::Postgres),
    category: Category::Replication,
    title: "This standby lags behind its primary",
    description: "The age of the data that this standby shows. An idle primary causes no lag; a standby \
                  without a primary lags from the moment it lost it.",
    needs: &[Need::Now("pg_stat_replication")],
    measure: Measure::Highest,
    threshold: Threshold { enter: 60.0, leave: 30.0, unit: Unit::Seconds },
    hold_for: Duration::from_secs(30),
    curve: Curve { least: 8.0, worst: 3600.0, most: 40.0 },
    recommendation: "Check whether replay is paused or waits for a long query, whether the disk keeps up, and \
                     whether the primary is reachable.",
    investigate: "SELECT pg_is_wal_replay_paused(), pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn();\nSELECT status, \
                  sender_host FROM pg_stat_wal_receiver;",
    fix: "SELECT pg_wal_replay_resume();",
    source: "PostgreSQL documentation, Recovery Information Functions.",
    check,
    ..Rule::DEFAULT
};

fn check(context: &RuleContext<'_>) -> CheckResult {
    let seen = context.newest::<Replication>()?;
    let Some(behind) = seen.replication_lag_seconds.filter(|_| seen.is_replica) else {
        return Ok(Vec::new());
    };
    // a delay that is wanted is no lag
    let wanted = context.setting_number("recovery_min_apply_delay").map_or(0.0, |ms| ms / 1_000.0);
    let late = (behind - wanted).max(0.0);
    let waiting = format_bytes(as_f64(seen.replication_lag_bytes.unwrap_or(0)));
    let why = match (seen.replay_paused, &seen.upstream_host) {
        (Some(true), _) => "; replay is paused".to_owned(),
        (_, None) => "; it has no primary".to_owned(),
        (_, Some(host)) => format!("; it follows {host}"),
    };
    let delayed = if wanted > 0.0 { " beyond recovery_min_apply_delay" } else { "" };
    let late_for = format_duration(Duration::from_secs_f64(late.max(0.0)));
    Ok(vec![Object {
        name: "replay".to_owned(),
        value: late,
        note: format!("this standby is {late_for} behind{delayed}, with {waiting} to replay{why}"),
        fix: None,
    }])
}
