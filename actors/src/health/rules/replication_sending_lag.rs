//! WAL not yet sent to standbys.

use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit, as_f64,
    format_bytes, standby_name,
};
use crate::model::{Engine, Replication};

pub(crate) static RULE: Rule = Rule {
    id: "replication.sending_lag",
    scope: Scope::Only(Engine::Postgres),
    category: Category::Replication,
    title: "WAL is sent to a standby too slowly",
    description: "WAL that was written and not yet sent to each standby: the network or the WAL sender is the \
                  bottleneck, not replay on the standby.",
    needs: &[Need::Now("pg_stat_replication")],
    measure: Measure::Highest,
    threshold: Threshold { enter: 64.0 * 1024.0 * 1024.0, leave: 32.0 * 1024.0 * 1024.0, unit: Unit::Bytes },
    hold_for: Duration::from_secs(60),
    curve: Curve { least: 8.0, worst: 16.0 * 1024.0 * 1024.0 * 1024.0, most: 30.0 },
    recommendation: "Check the network between the two, and whether the standby is stopped or disconnected. \
                     wal_compression reduces the volume.",
    investigate: "SELECT application_name, client_addr, state, pg_wal_lsn_diff(pg_current_wal_lsn(), sent_lsn) AS not_sent\n  \
                  FROM pg_stat_replication\n ORDER BY 4 DESC NULLS LAST;",
    fix: "ALTER SYSTEM SET wal_compression = on;\nSELECT pg_reload_conf();",
    source: "PostgreSQL documentation, pg_stat_replication: sent_lsn against pg_current_wal_lsn().",
    check,
    ..Rule::DEFAULT
};

fn check(context: &RuleContext<'_>) -> CheckResult {
    let seen = context.newest::<Replication>()?;
    let found = seen.standbys.iter().filter_map(|line| {
        // a base backup in progress is not a standby yet
        let unsent = line.sent_lag_bytes.filter(|_| line.state.as_deref() != Some("backup"))?;
        let name = standby_name(line);
        Some(Object {
            note: format!("{} wait to be sent to {name}", format_bytes(as_f64(unsent))),
            name,
            value: as_f64(unsent),
            fix: None,
        })
    });
    Ok(found.collect())
}
