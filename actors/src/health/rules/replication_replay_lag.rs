//! Standbys that receive WAL faster than they replay it.

use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit, as_f64,
    format_bytes, standby_name,
};
use crate::model::{Engine, Replication, Standby};

pub(crate) static RULE: Rule = Rule {
    id: "replication.replay_lag",
    scope: Scope::Only(Engine::Postgres),
    category: Category::Replication,
    title: "Standby replay lag",
    description: "WAL that was sent to each standby and is not replayed there: the standby is the bottleneck, \
                  a query on it blocks replay, or replay is paused. Its reads are that old.",
    needs: &[Need::Now("pg_stat_replication")],
    measure: Measure::Highest,
    threshold: Threshold { enter: 64.0 * 1024.0 * 1024.0, leave: 32.0 * 1024.0 * 1024.0, unit: Unit::Bytes },
    hold_for: Duration::from_secs(60),
    curve: Curve { least: 6.0, worst: 16.0 * 1024.0 * 1024.0 * 1024.0, most: 25.0 },
    recommendation: "On the standby, check for paused replay, long queries (max_standby_streaming_delay) and a \
                     slow disk.",
    investigate: "SELECT application_name, pg_wal_lsn_diff(sent_lsn, replay_lsn) AS not_replayed, replay_lag\n  FROM \
                  pg_stat_replication\n ORDER BY 2 DESC NULLS LAST;",
    fix: "-- on the standby\nSELECT pg_wal_replay_resume();",
    source: "PostgreSQL documentation, pg_stat_replication: replay_lsn against sent_lsn.",
    check,
    ..Rule::DEFAULT
};

fn check(context: &RuleContext<'_>) -> CheckResult {
    let seen = context.newest::<Replication>()?;
    Ok(seen.standbys.iter().filter_map(object).collect())
}

fn object(line: &Standby) -> Option<Object> {
    // WAL that was not sent yet is reported by another rule
    let waiting = line.replay_lag_bytes? - line.sent_lag_bytes.unwrap_or(0);
    let name = standby_name(line);
    let late = line.replay_lag_seconds.map(|late| format!(", {late:.1} s behind")).unwrap_or_default();
    let note = format!("{name} has {} to replay{late}", format_bytes(as_f64(waiting)));
    Some(Object { name, value: as_f64(waiting), note, fix: None })
}
