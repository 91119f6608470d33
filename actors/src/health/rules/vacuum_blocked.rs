//! Old snapshots that prevent vacuum from removing dead rows.

use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit, as_f64,
    format_count, format_duration, quote_literal,
};
use crate::model::{Engine, XidHorizon, XminHolder};

pub(crate) static RULE: Rule = Rule {
    id: "vacuum.blocked",
    scope: Scope::Only(Engine::Postgres),
    category: Category::Vacuum,
    title: "Old snapshots keep vacuum from removing dead rows",
    description: "The age, in transactions, of the oldest snapshot that is still held: rows that died since \
                  then stay, however often they are vacuumed. Holders are sessions, prepared transactions, \
                  replication slots and standbys with hot_standby_feedback; a VACUUM is none. A session or a \
                  prepared transaction keeps the rows of its own database, a logical slot those of catalogs.",
    needs: &[Need::Now("xid_horizon")],
    measure: Measure::Highest,
    threshold: Threshold { enter: 1_000_000.0, leave: 500_000.0, unit: Unit::Count },
    hold_for: Duration::from_secs(600),
    curve: Curve { least: 6.0, worst: 100_000_000.0, most: 30.0 },
    makes_recommendations: true,
    recommendation: "Release the oldest snapshot first: end the session, the prepared transaction or the slot \
                     that holds it. Vacuum then removes the rows.",
    investigate: "SELECT pid, usename, state, age(backend_xmin) FROM pg_stat_activity WHERE backend_xmin IS NOT NULL ORDER BY 4 \
                  DESC;\nSELECT slot_name, age(xmin), age(catalog_xmin) FROM pg_replication_slots;\nSELECT gid, \
                  age(transaction) FROM pg_prepared_xacts;",
    fix: "SELECT pg_terminate_backend(...);",
    source: "PostgreSQL documentation, Routine Vacuuming; every holder of an xmin holds back the horizon.",
    check,
    ..Rule::DEFAULT
};

fn check(context: &RuleContext<'_>) -> CheckResult {
    let horizon = context.newest::<XidHorizon>()?;
    let old = horizon.holders.iter().filter(|holder| context.exceeds(as_f64(holder.age_xids)));
    Ok(old.map(|holder| object(context, &horizon, holder)).collect())
}

fn object(context: &RuleContext<'_>, horizon: &XidHorizon, holder: &XminHolder) -> Object {
    let called = holder.holder.as_deref().unwrap_or("unknown");
    let here = |sql: String| match &holder.database_name {
        Some(database) => context.run_in(database, &sql),
        None => sql,
    };
    let (name, fix) = match (holder.kind.as_str(), holder.pid) {
        ("prepared_transaction", _) => (
            format!("prepared transaction {called}"),
            Some(here(format!("ROLLBACK PREPARED {};", quote_literal(called)))),
        ),
        // it cannot be dropped while it is in use
        ("replication_slot", Some(pid)) => (
            format!("slot {called}"),
            Some(format!("-- let its consumer (pid {pid}) confirm what it has received")),
        ),
        ("replication_slot", None) => {
            let drop = format!("SELECT pg_drop_replication_slot({});", quote_literal(called));
            let drop =
                holder.database_name.as_ref().map_or(drop.clone(), |name| context.in_database(name, &drop));
            (format!("slot {called}"), Some(format!("-- if its consumer is gone for good\n{drop}")))
        }
        ("standby", _) => {
            let fix =
                "-- on the standby\nALTER SYSTEM SET hot_standby_feedback = off;\nSELECT pg_reload_conf();";
            (format!("standby {called}"), Some(fix.to_owned()))
        }
        (_, Some(pid)) => (format!("pid {pid}"), Some(format!("SELECT pg_terminate_backend({pid});"))),
        _ => (called.to_owned(), None),
    };
    let since = holder
        .since
        .map(|since| format!(", for {}", format_duration(horizon.at.since(since))))
        .unwrap_or_default();
    let keeps = match &holder.database_name {
        _ if holder.holds_catalogs_only => "; only rows of system catalogs are kept for it".to_owned(),
        Some(database) => format!("; rows of database {database} are kept for it"),
        None => String::new(),
    };
    let state = holder.state.as_deref().map(|state| format!(" ({state})")).unwrap_or_default();
    Object {
        note: format!(
            "{name}{state} holds a snapshot that is {} transactions old{since}{keeps}",
            format_count(holder.age_xids)
        ),
        name,
        value: as_f64(holder.age_xids),
        fix,
    }
}
