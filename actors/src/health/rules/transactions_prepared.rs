//! Prepared transactions that nobody ends.

use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit, literal,
    span,
};
use crate::model::{Engine, XidHorizon, XminHolder};

pub(crate) static RULE: Rule = Rule {
    id: "transactions.prepared",
    scope: Scope::Only(Engine::Postgres),
    category: Category::Transactions,
    title: "Prepared transactions were forgotten",
    description: "Transactions that were prepared for a two-phase commit and neither committed nor rolled back. They survive \
               restarts, keep their locks, and keep vacuum from removing dead rows.",
    needs: &[Need::Now("xid_horizon")],
    window: Duration::ZERO,
    baseline: Duration::ZERO,
    measure: Measure::Highest,
    threshold: Threshold { enter: 600.0, leave: 600.0, unit: Unit::Seconds },
    hold_for: Duration::ZERO,
    curve: Curve { least: 8.0, worst: 24.0 * 3600.0, most: 25.0 },
    makes_recommendations: true,
    recommendation: "Ask the transaction manager what became of it, then commit it or roll it back. Without such a manager set \
                     max_prepared_transactions to 0.",
    investigate: "SELECT gid, prepared, owner, database, transaction FROM pg_prepared_xacts ORDER BY prepared;",
    fix: "ROLLBACK PREPARED '...';",
    source: "PostgreSQL documentation, PREPARE TRANSACTION: it is unwise to leave transactions in the prepared state for long.",
    check,
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
        note: format!("{name} in {database} was prepared {} ago", span(open)),
        fix: Some(format!("-- in database {database}\nROLLBACK PREPARED {};", literal(name))),
    })
}
