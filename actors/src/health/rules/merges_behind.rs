//! Every thread that merges is busy, and has been for long.

use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit, Unknown,
    pct, share_pct,
};
use crate::model::{Engine, ServerMetrics};

pub(crate) static RULE: Rule = Rule {
    id: "merges.behind",
    scope: Scope::Only(Engine::Clickhouse),
    category: Category::Merges,
    title: "Merges do not keep up",
    description: "Merges and mutations that run, in percent of what the pool for them takes, when it is full \
               for 15 minutes. Then parts wait to be merged, and their number grows; a full pool for a \
               shorter time is how a large load goes.",
    needs: &[Need::Now("ch_server_metrics")],
    window: Duration::ZERO,
    baseline: Duration::ZERO,
    measure: Measure::Highest,
    threshold: Threshold { enter: 100.0, leave: 90.0, unit: Unit::Pct },
    hold_for: Duration::from_secs(900),
    curve: Curve::flat(8.0),
    makes_recommendations: false,
    recommendation: "Write larger blocks, do not run mutations over whole tables at busy times, and raise \
                     background_pool_size when processors and disks have room.",
    investigate: "SELECT database, table, elapsed, progress, num_parts, is_mutation, \
                  formatReadableSize(total_size_bytes_compressed)\n  FROM system.merges\n ORDER BY elapsed \
                  DESC;",
    fix: "-- in the server's configuration\n-- <background_pool_size>32</background_pool_size>",
    source: "ClickHouse documentation, background_pool_size and background_merges_mutations_concurrency_ratio.",
    check,
};

/// The pool that merges: versions before 21.11 have one for everything, whose size they do not tell.
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
        let note = format!(
            "{active} of {size} merges and mutations that {name} may run at once do ({})",
            pct(busy_pct)
        );
        context.exceeds(busy_pct).then_some(Object { name, value: busy_pct.min(100.0), note, fix: None })
    });
    Ok(busy.collect())
}
