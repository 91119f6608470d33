//! Memory usage near the server's limit.

use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit, Unknown,
    as_f64, format_bytes, format_pct, share_pct,
};
use crate::model::{Engine, ServerMetrics};

pub(crate) static RULE: Rule = Rule {
    id: "memory.near_limit",
    scope: Scope::Only(Engine::Clickhouse),
    category: Category::Memory,
    title: "Memory usage is near max_server_memory_usage",
    description: "The tracked memory of each node, in percent of `max_server_memory_usage`. At the limit, \
                  queries, inserts and merges that allocate more fail with MEMORY_LIMIT_EXCEEDED.",
    needs: &[Need::Now("ch_server_metrics")],
    measure: Measure::Highest,
    threshold: Threshold { enter: 85.0, leave: 80.0, unit: Unit::Pct },
    hold_for: Duration::from_secs(60),
    curve: Curve { least: 10.0, worst: 98.0, most: 40.0 },
    recommendation: "End the query that uses the most, limit each with max_memory_usage, and let large ones \
                     spill to disk with max_bytes_before_external_group_by and max_bytes_before_external_sort. \
                     Caches and dictionaries count too.",
    investigate: "SELECT query_id, user, formatReadableSize(memory_usage) AS memory, elapsed, \
                  normalizeQuery(query) AS text\n  FROM system.processes\n ORDER BY memory_usage DESC\n \
                  LIMIT 10;",
    fix: "KILL QUERY WHERE memory_usage = (SELECT max(memory_usage) FROM system.processes) ASYNC;",
    source: "ClickHouse documentation, max_server_memory_usage.",
    check,
    ..Rule::DEFAULT
};

fn check(context: &RuleContext<'_>) -> CheckResult {
    let seen = context.newest::<ServerMetrics>()?;
    let known = seen.hosts.iter().filter_map(|host| {
        let limit = host.memory.limit_bytes.filter(|limit| *limit > 0)?;
        Some((host, host.memory.tracked_bytes?, limit))
    });
    let known: Vec<_> = known.collect();
    if known.is_empty() {
        return Err(Unknown::because("the limit of the server's memory is not known"));
    }
    let near = known.into_iter().filter_map(|(host, tracked, limit)| {
        let used_pct = share_pct(tracked, limit);
        let name = host.host_name.clone().unwrap_or_default();
        let note = format!("{name} uses {} of {} ({})", size(tracked), size(limit), format_pct(used_pct));
        context.exceeds(used_pct).then_some(Object { name, value: used_pct.min(100.0), note, fix: None })
    });
    Ok(near.collect())
}

fn size(of_bytes: i64) -> String {
    format_bytes(as_f64(of_bytes))
}
