//! Cluster nodes that do not respond.

use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit,
};
use crate::model::{ClusterSnapshot, Engine};

pub(crate) static RULE: Rule = Rule {
    id: "availability.node_missing",
    scope: Scope::Only(Engine::Clickhouse),
    category: Category::Availability,
    title: "Cluster nodes do not respond",
    description: "The nodes of the registered cluster, queried through the node connected to. Data of a \
                  missing node is not served unless a replica has it, and nothing of that node is shown in any \
                  other view.",
    needs: &[Need::Now("ch_cluster")],
    measure: Measure::Count,
    threshold: Threshold { enter: 1.0, leave: 1.0, unit: Unit::Count },
    hold_for: Duration::from_secs(30),
    curve: Curve { least: 20.0, worst: 3.0, most: 50.0 },
    recommendation: "Check that the server runs there and that the node connected to can reach its native \
                     port.",
    investigate: "SELECT host_name, port, errors_count, estimated_recovery_time FROM system.clusters WHERE \
                  errors_count > 0;",
    fix: "-- on the missing node: systemctl start clickhouse-server",
    source: "ClickHouse documentation, system.clusters and skip_unavailable_shards.",
    check,
    ..Rule::DEFAULT
};

fn check(context: &RuleContext<'_>) -> CheckResult {
    let seen = context.newest::<ClusterSnapshot>()?;
    let mut objects: Vec<Object> = Vec::new();
    for node in seen.nodes.iter().filter(|node| !node.answered) {
        let name = node.name();
        // a node may be listed in several shards
        if objects.iter().any(|object| object.name == name) {
            continue;
        }
        let note =
            format!("{name}, replica {} of shard {}, does not answer", node.replica_num, node.shard_num);
        objects.push(Object { name, value: 1.0, note, fix: None });
    }
    Ok(objects)
}
