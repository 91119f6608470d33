//! Read-only replicated tables.

use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit,
    quote_name,
};
use crate::model::{Engine, Replica, Replicas};

pub(crate) static RULE: Rule = Rule {
    id: "replication.read_only",
    scope: Scope::Only(Engine::Clickhouse),
    category: Category::Replication,
    title: "Replicated tables are read-only",
    description: "Replicated tables that accept no inserts and fetch nothing, because they have no session \
                  with Keeper or their metadata is missing there.",
    needs: &[Need::Now("ch_replicas")],
    measure: Measure::Count,
    threshold: Threshold { enter: 1.0, leave: 1.0, unit: Unit::Count },
    hold_for: Duration::from_secs(60),
    curve: Curve { least: 20.0, worst: 10.0, most: 50.0 },
    recommendation: "Restore Keeper; the tables then recover. Restart no replica before that: it is detached \
                     and cannot be attached again. A replica whose metadata in Keeper is lost is restored with \
                     SYSTEM RESTORE REPLICA.",
    investigate: "SELECT database, table, is_readonly, is_session_expired, zookeeper_exception\n  FROM \
                  system.replicas\n WHERE is_readonly;",
    fix: "-- once Keeper answers\nSYSTEM RESTART REPLICA database.table;\n-- when its metadata in Keeper is \
          gone: SYSTEM RESTORE REPLICA database.table;",
    source: "ClickHouse documentation, system.replicas: is_readonly; SYSTEM RESTART REPLICA.",
    check,
    ..Rule::DEFAULT
};

fn check(context: &RuleContext<'_>) -> CheckResult {
    let seen = context.newest::<Replicas>()?;
    Ok(seen.replicas.iter().filter(|replica| replica.is_readonly == Some(true)).map(object).collect())
}

fn object(replica: &Replica) -> Object {
    let Replica { database, table, host_name, .. } = replica;
    let why = match (&replica.keeper_exception, replica.is_session_expired) {
        (Some(exception), _) => format!(": {exception}"),
        (None, Some(true)) => ": its session with Keeper is lost".to_owned(),
        (None, _) => String::new(),
    };
    let restart = format!("SYSTEM RESTART REPLICA {};", quote_name(&[database, table]));
    // without Keeper a restart would detach it
    let is_away = replica.is_session_expired == Some(true);
    Object {
        name: format!("{database}.{table} on {host_name}"),
        value: 1.0,
        note: format!("{database}.{table} on {host_name} is read-only{why}"),
        fix: Some(if is_away { format!("-- once Keeper answers\n{restart}") } else { restart }),
    }
}
