//! WAL waits to be sent to standbys.

use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit, bytes,
    float, standby,
};
use crate::model::{Engine, Replication};

pub(crate) static RULE: Rule = Rule {
    id: "replication.sending_lag",
    scope: Scope::Only(Engine::Postgres),
    category: Category::Replication,
    title: "WAL is not sent fast enough",
    description: "WAL that was written and not yet sent to each standby: the network or the sender is the bottleneck, not the \
               standby's replay.",
    needs: &[Need::Now("pg_stat_replication")],
    window: Duration::ZERO,
    baseline: Duration::ZERO,
    measure: Measure::Highest,
    threshold: Threshold { enter: 64.0 * 1024.0 * 1024.0, leave: 32.0 * 1024.0 * 1024.0, unit: Unit::Bytes },
    hold_for: Duration::from_secs(60),
    curve: Curve { least: 8.0, worst: 16.0 * 1024.0 * 1024.0 * 1024.0, most: 30.0 },
    makes_recommendations: false,
    recommendation: "Look at the network between the two, and whether the standby is stopped or was cut off. wal_compression \
                     makes less to send.",
    investigate: "SELECT application_name, client_addr, state, pg_wal_lsn_diff(pg_current_wal_lsn(), sent_lsn) AS not_sent\n  \
                  FROM pg_stat_replication\n ORDER BY 4 DESC NULLS LAST;",
    fix: "ALTER SYSTEM SET wal_compression = on;\nSELECT pg_reload_conf();",
    source: "PostgreSQL documentation, pg_stat_replication: sent_lsn against pg_current_wal_lsn().",
    check,
};

fn check(context: &RuleContext<'_>) -> CheckResult {
    let seen = context.newest::<Replication>()?;
    let found = seen.standbys.iter().filter_map(|line| {
        // one that copies the whole server first is no follower yet
        let unsent = line.sent_lag_bytes.filter(|_| line.state.as_deref() != Some("backup"))?;
        let name = standby(line);
        Some(Object {
            note: format!("{} wait to be sent to {name}", bytes(float(unsent))),
            name,
            value: float(unsent),
            fix: None,
        })
    });
    Ok(found.collect())
}
