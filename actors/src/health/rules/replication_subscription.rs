//! Subscriptions without an apply worker.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit,
    quote_name,
};
use crate::model::{Engine, Subscription, SubscriptionSnapshot};

pub(crate) static RULE: Rule = Rule {
    id: "replication.subscription",
    scope: Scope::Only(Engine::Postgres),
    category: Category::Replication,
    title: "Subscription has no apply worker",
    description: "Enabled subscriptions without a worker. A worker that fails is restarted after \
                  wal_retrieve_retry_interval, so one that is missing for long fails repeatedly.",
    needs: &[Need::Now("pg_stat_subscription")],
    measure: Measure::Count,
    threshold: Threshold { enter: 1.0, leave: 1.0, unit: Unit::Count },
    hold_for: Duration::from_secs(60),
    curve: Curve { least: 12.0, worst: 3.0, most: 25.0 },
    makes_recommendations: true,
    recommendation: "Find in the server's log why its worker exits: a conflicting row, a missing table, an \
                     unreachable publisher.",
    investigate: "SELECT subname, pid, received_lsn, latest_end_time FROM pg_stat_subscription;\nSELECT * FROM \
                  pg_stat_subscription_stats;  -- 15 and later",
    fix: "ALTER SUBSCRIPTION ... DISABLE;",
    source: "PostgreSQL documentation, Logical Replication: Conflicts.",
    check,
    ..Rule::DEFAULT
};

fn check(context: &RuleContext<'_>) -> CheckResult {
    // the workers of a subscriber run on its primary
    if context.is_standby() {
        return Ok(Vec::new());
    }
    let seen = context.newest::<SubscriptionSnapshot>()?;
    let mut by_name: BTreeMap<(Option<&str>, &str), Vec<&Subscription>> = BTreeMap::new();
    for line in seen.subscriptions.iter().filter(|line| line.enabled == Some(true)) {
        by_name.entry((line.database_name.as_deref(), &line.subscription_name)).or_default().push(line);
    }
    let idle = by_name.into_iter().filter(|(_, lines)| lines.iter().all(|line| line.pid.is_none()));
    Ok(idle.map(|((database, name), lines)| object(context, database, name, &lines)).collect())
}

fn object(context: &RuleContext<'_>, database: Option<&str>, name: &str, lines: &[&Subscription]) -> Object {
    let errors: i64 = lines.iter().filter_map(|line| line.apply_error_count).max().unwrap_or(0);
    let failed = if errors > 0 { format!("; applying has failed {errors} times") } else { String::new() };
    let sql = format!("ALTER SUBSCRIPTION {} DISABLE;", quote_name(&[name]));
    Object {
        name: name.to_owned(),
        value: 1.0,
        note: format!("subscription {name} is enabled and has no apply worker{failed}"),
        fix: Some(database.map_or_else(|| sql.clone(), |database| context.run_in(database, &sql))),
    }
}
