//! Restarts of a watched server.

use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit,
    format_duration,
};
use crate::model::{Engine, ServerMetrics};

pub(crate) static RULE: Rule = Rule {
    id: "availability.server_restarted",
    scope: Scope::Only(Engine::Clickhouse),
    category: Category::Availability,
    title: "Server restarted",
    description: "The uptime of each node that was started while Basira watched it. Caches are cold, clients \
                  were disconnected, and a crash may happen again.",
    needs: &[Need::Now("ch_server_metrics")],
    measure: Measure::Lowest,
    threshold: Threshold { enter: 600.0, leave: 600.0, unit: Unit::Seconds },
    curve: Curve { least: 3.0, worst: 0.0, most: 8.0 },
    recommendation: "Find the cause of the restart: an upgrade, the system's out-of-memory killer, or a crash.",
    investigate: "SELECT * FROM system.crash_log ORDER BY event_time DESC LIMIT 5;\n-- the end of \
                  clickhouse-server.err.log, and `dmesg | grep -i kill`",
    fix: "-- nothing if it was planned; the issue clears after 10 minutes",
    source: "ClickHouse documentation, uptime() and system.crash_log.",
    check,
    ..Rule::DEFAULT
};

/// How far two readings of when the server started may differ, in seconds.
const JITTER_SECONDS: u64 = 5;

fn check(context: &RuleContext<'_>) -> CheckResult {
    let seen = context.newest::<ServerMetrics>()?;
    let line = context.facts().collectors.iter().find(|line| line.name == "ch_server_metrics");
    // a server that had just started when it was registered was not restarted
    let Some(watched_since) = line.and_then(|line| line.first_success_at) else { return Ok(Vec::new()) };
    let watched_seconds = context.at().since(watched_since).as_secs();
    let restarted = seen.hosts.iter().filter_map(|host| {
        let uptime_seconds = u32::try_from(host.uptime_seconds?).ok()?;
        let is_seen = u64::from(uptime_seconds) + JITTER_SECONDS < watched_seconds;
        (is_seen && context.exceeds(f64::from(uptime_seconds))).then_some((host, uptime_seconds))
    });
    let object = |(host, uptime_seconds): (&crate::model::HostMetrics, u32)| {
        let name = host.host_name.clone().unwrap_or_default();
        let ago = format_duration(Duration::from_secs(uptime_seconds.into()));
        Object {
            note: format!("{name} was started {ago} ago"),
            name,
            value: f64::from(uptime_seconds),
            fix: None,
        }
    };
    Ok(restarted.map(object).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::health::testing::{NOW, add_snapshot, found};
    use crate::model::{HostMetrics, Timestamp};

    #[test]
    fn only_an_observed_start_counts() {
        for (watched_seconds, uptime_seconds, expected) in [
            (86_400, 60, true),
            (86_400, 601, false),
            (86_400, 100_000, false),
            (50, 60, false),
            (62, 60, false),
        ] {
            let objects = found(&RULE, |facts| {
                let host = HostMetrics::named("a", NOW);
                let host = HostMetrics { uptime_seconds: Some(uptime_seconds), ..host };
                add_snapshot(facts, "", ServerMetrics { own: host.clone(), hosts: vec![host] });
                for line in &mut facts.collectors {
                    line.first_success_at = Some(Timestamp(NOW.as_millis() - watched_seconds * 1000));
                }
            });
            assert_eq!(objects.unwrap().len() == 1, expected, "{watched_seconds} {uptime_seconds}");
        }
    }
}
