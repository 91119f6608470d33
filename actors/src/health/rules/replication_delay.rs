//! Replicas that lag behind.

use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit,
    format_duration,
};
use crate::model::{Engine, Replica, Replicas};

pub(crate) static RULE: Rule = Rule {
    id: "replication.delay",
    scope: Scope::Only(Engine::Clickhouse),
    category: Category::Replication,
    title: "Replicas lag behind",
    description: "The delay of each replicated table compared with the most recent replica, unless it is \
                  read-only. Queries there return old data, and data not fetched yet has one copy less.",
    needs: &[Need::Now("ch_replicas")],
    measure: Measure::Highest,
    threshold: Threshold { enter: 300.0, leave: 120.0, unit: Unit::Seconds },
    hold_for: Duration::from_secs(60),
    curve: Curve { least: 10.0, worst: 3600.0, most: 40.0 },
    recommendation: "Check what its queue waits for: failing fetches, long merges, or replication that was \
                     stopped.",
    investigate: "SELECT database, table, type, create_time, num_tries, last_exception, postpone_reason\n  \
                  FROM system.replication_queue\n ORDER BY create_time\n LIMIT 10;",
    fix: "SYSTEM START FETCHES;\nSYSTEM START REPLICATION QUEUES;",
    source: "ClickHouse documentation, system.replicas: absolute_delay.",
    check,
    ..Rule::DEFAULT
};

fn check(context: &RuleContext<'_>) -> CheckResult {
    let seen = context.newest::<Replicas>()?;
    Ok(seen.replicas.iter().filter_map(|replica| object(context, replica)).collect())
}

/// The delay of a table that has never read the replication log is counted from 1970.
const NEVER: Duration = Duration::from_secs(315_360_000);

/// The delay of a table that is read only means nothing.
fn object(context: &RuleContext<'_>, replica: &Replica) -> Option<Object> {
    let seconds = replica.absolute_delay_seconds.filter(|_| replica.is_readonly != Some(true))?;
    let delay = u32::try_from(seconds).ok()?;
    if !context.exceeds(f64::from(delay)) {
        return None;
    }
    let behind = match Duration::from_secs(delay.into()) {
        behind if behind < NEVER => format!("{} behind", format_duration(behind)),
        _ => "behind since its creation: it has not read the replication log yet".to_owned(),
    };
    let queued = replica.queue_size.map(|size| format!(", {size} entries in its queue")).unwrap_or_default();
    let Replica { database, table, host_name, .. } = replica;
    Some(Object {
        name: format!("{database}.{table} on {host_name}"),
        value: f64::from(delay),
        note: format!("{database}.{table} on {host_name} is {behind}{queued}"),
        fix: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::health::testing::{NOW, add_snapshot, found, replica};

    #[test]
    fn a_delay_counts_unless_the_table_is_read_only() {
        for (delay, readonly, expected) in [
            (Some(299), Some(false), None),
            (Some(300), Some(false), Some("shop.orders on a is 5 min behind, 3 entries in its queue")),
            (Some(3_600), None, Some("shop.orders on a is 1 h behind, 3 entries in its queue")),
            (Some(1_795_652_961), Some(true), None),
            (
                Some(1_795_652_961),
                Some(false),
                Some(
                    "shop.orders on a is behind since its creation: it has not read the replication log yet, \
                     3 entries in its queue",
                ),
            ),
            (None, Some(false), None),
        ] {
            let objects = found(&RULE, |facts| {
                let replica = Replica { absolute_delay_seconds: delay, is_readonly: readonly, ..replica() };
                add_snapshot(facts, "", Replicas { at: NOW, replicas: vec![replica] });
            });
            let objects = objects.unwrap();
            assert_eq!(objects.first().map(|object| object.note.as_str()), expected, "{delay:?}");
        }
    }
}
