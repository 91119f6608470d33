//! Replication queue entries that fail repeatedly.

use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit,
    format_count, quote_clickhouse_literal, quote_name,
};
use crate::model::{Engine, QueueEntries, Replica, Replicas};

pub(crate) static RULE: Rule = Rule {
    id: "replication.queue_errors",
    scope: Scope::Only(Engine::Clickhouse),
    category: Category::Replication,
    title: "Replication queue entries fail",
    description: "Entries of the replication queue that ended in an exception, by the highest number of tries. \
                  Until an entry succeeds, the replica lacks its data.",
    needs: &[Need::Now("ch_replicas")],
    measure: Measure::Highest,
    threshold: Threshold { enter: 10.0, leave: 10.0, unit: Unit::Count },
    hold_for: Duration::from_secs(60),
    curve: Curve { least: 5.0, worst: 1000.0, most: 20.0 },
    recommendation: "Read the exception: an unreachable replica, a part that no replica has any more, a full \
                     disk. A replica that is restarted compares its parts with the others and fetches the \
                     missing ones. A mutation that fails keeps failing until it is killed.",
    investigate: "SELECT database, table, type, new_part_name, num_tries, last_exception\n  FROM \
                  system.replication_queue\n WHERE last_exception != ''\n ORDER BY num_tries DESC\n LIMIT \
                  10;",
    fix: "SYSTEM RESTART REPLICA database.table;\n-- where a mutation fails: KILL MUTATION WHERE database = '...' \
          AND table = '...' AND latest_fail_reason != '';",
    source: "ClickHouse documentation, system.replication_queue: num_tries, last_exception.",
    check,
    ..Rule::DEFAULT
};

fn check(context: &RuleContext<'_>) -> CheckResult {
    let seen = context.newest::<Replicas>()?;
    let entries =
        seen.replicas.iter().flat_map(|replica| replica.queue.iter().map(move |entries| (replica, entries)));
    Ok(entries.filter_map(|(replica, entries)| object(context, replica, entries)).collect())
}

fn object(context: &RuleContext<'_>, replica: &Replica, entries: &QueueEntries) -> Option<Object> {
    let (exception, tries) = (entries.last_exception.as_ref()?, entries.most_tries?);
    let value = f64::from(u32::try_from(tries).ok()?);
    if !context.exceeds(value) {
        return None;
    }
    let Replica { database, table, host_name, .. } = replica;
    let kind = &entries.kind;
    Some(Object {
        name: format!("{database}.{table} {kind} on {host_name}"),
        value,
        note: format!("{kind} of {database}.{table} was tried {} times: {exception}", format_count(tries)),
        fix: Some(fix(database, table, kind)),
    })
}

/// A mutation that fails keeps failing after a restart.
fn fix(database: &str, table: &str, kind: &str) -> String {
    if kind == "MUTATE_PART" {
        format!(
            "KILL MUTATION WHERE database = {} AND table = {} AND latest_fail_reason != '';",
            quote_clickhouse_literal(database),
            quote_clickhouse_literal(table)
        )
    } else {
        format!("SYSTEM RESTART REPLICA {};", quote_name(&[database, table]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::health::testing::{NOW, add_snapshot, found, replica};

    #[test]
    fn entries_that_fail_often_count() {
        let entries = |tries, exception: Option<&str>| QueueEntries {
            kind: "GET_PART".to_owned(),
            entries: 2,
            executing: None,
            oldest_at: None,
            most_tries: tries,
            most_postponed: None,
            last_exception: exception.map(str::to_owned),
            postpone_reason: None,
        };
        for (tries, exception, expected) in [
            (Some(9), Some("Code: 210"), None),
            (
                Some(1_200),
                Some("Code: 210"),
                Some("GET_PART of shop.orders was tried 1,200 times: Code: 210"),
            ),
            (Some(1_200), None, None),
            (None, Some("Code: 210"), None),
        ] {
            let objects = found(&RULE, |facts| {
                let replica = Replica { queue: vec![entries(tries, exception)], ..replica() };
                add_snapshot(facts, "", Replicas { at: NOW, replicas: vec![replica] });
            });
            let objects = objects.unwrap();
            assert_eq!(objects.first().map(|object| object.note.as_str()), expected, "{tries:?}");
        }
    }
}
