//! Orphaned prepared transactions.

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit,
    format_duration, quote_literal,
};
use crate::model::{Engine, XidHorizon, XminHolder};

pub(crate) static RULE: Rule = Rule {
    id: "transactions.prepared",
    scope: Scope::Only(Engine::Postgres),
    category: Category::Transactions,
    title: "Orphaned prepared transactions",
    description: "Transactions that were prepared for a two-phase commit and neither committed nor rolled \
                  back. They survive restarts, keep their locks, and prevent vacuum from removing dead rows.",
    needs: &[Need::Now("xid_horizon")],
    measure: Measure::Highest,
    threshold: Threshold { enter: 600.0, leave: 600.0, unit: Unit::Seconds },
    curve: Curve { least: 8.0, worst: 24.0 * 3600.0, most: 25.0 },
    makes_recommendations: true,
    recommendation: "Check their state in the transaction manager, then commit or roll them back. Without a \
                     transaction manager set max_prepared_transactions to 0.",
    investigate: "SELECT gid, prepared, owner, database, transaction FROM pg_prepared_xacts ORDER BY prepared;",
    fix: "ROLLBACK PREPARED '...';",
    source: "PostgreSQL documentation, PREPARE TRANSACTION: it is unwise to leave transactions in the prepared state for long.",
    check,
    ..Rule::DEFAULT
};

fn check(context: &RuleContext<'_>) -> CheckResult {
    let horizon = context.newest::<XidHorizon>()?;
    let prepared = horizon.holders.iter().filter(|holder| holder.kind == "prepared_transaction");
    Ok(prepared.filter_map(|holder| object(&horizon, holder)).collect())
}

fn object(horizon: &XidHorizon, holder: &XminHolder) -> Option<Object> {
    let (name, since) = (holder.holder.as_deref()?, holder.since?);
    let open = horizon.at.since(since);
    let database = holder.database_name.as_deref().unwrap_or("the server");
    Some(Object {
        name: name.to_owned(),
        value: open.as_secs_f64(),
        note: format!("{name} in {database} was prepared {} ago", format_duration(open)),
        fix: Some(format!("-- in database {database}\nROLLBACK PREPARED {};", quote_literal(name))),
    })
}
