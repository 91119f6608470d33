//! The background merge pool is full.

use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit, Unknown,
    format_pct, share_pct,
};
use crate::model::{Engine, ServerMetrics};

pub(crate) static RULE: Rule = Rule {
    id: "merges.behind",
    scope: Scope::Only(Engine::Clickhouse),
    category: Category::Merges,
    title: "Background merge pool is full",
    description: "Running merges and mutations, in percent of the size of their pool, when it has been full \
                  for 15 minutes. Parts then wait to be merged, and their number grows; a shorter time is \
                  normal for a large load.",
    needs: &[Need::Now("ch_server_metrics")],
    measure: Measure::Highest,
    threshold: Threshold { enter: 100.0, leave: 90.0, unit: Unit::Pct },
    hold_for: Duration::from_secs(900),
    curve: Curve::flat(8.0),
    recommendation: "Write larger blocks, do not run mutations over whole tables at busy times, and raise \
                     background_pool_size if CPU and disks have capacity left.",
    investigate: "SELECT database, table, elapsed, progress, num_parts, is_mutation, \
                  formatReadableSize(total_size_bytes_compressed)\n  FROM system.merges\n ORDER BY elapsed \
                  DESC;",
    fix: "-- in the server's configuration\n-- <background_pool_size>32</background_pool_size>",
    source: "ClickHouse documentation, background_pool_size and background_merges_mutations_concurrency_ratio.",
    check,
    ..Rule::DEFAULT
};

/// The pool of merges: versions before 21.11 have one pool for everything, and do not report its size.
const POOL: &str = "merges_and_mutations";

fn check(context: &RuleContext<'_>) -> CheckResult {
    let seen = context.newest::<ServerMetrics>()?;
    let pools = seen.hosts.iter().filter_map(|host| {
        let pool = host.background_pools.iter().find(|pool| pool.name == POOL)?;
        Some((host, pool.active?, pool.size.filter(|size| *size > 0)?))
    });
    let pools: Vec<_> = pools.collect();
    if pools.is_empty() {
        return Err(Unknown::because("the size of the pool for merges is not known"));
    }
    let busy = pools.into_iter().filter_map(|(host, active, size)| {
        let busy_pct = share_pct(active, size);
        let name = host.host_name.clone().unwrap_or_default();
        let note =
            format!("{name} runs {active} of at most {size} merges and mutations ({})", format_pct(busy_pct));
        context.exceeds(busy_pct).then_some(Object { name, value: busy_pct.min(100.0), note, fix: None })
    });
    Ok(busy.collect())
}
