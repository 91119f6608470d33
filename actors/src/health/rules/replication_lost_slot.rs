//! Slots whose WAL is gone, or about to go.

use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit, amount,
    float, literal,
};
use crate::model::{Engine, Replication, Slot};

pub(crate) static RULE: Rule = Rule {
    id: "replication.lost_slot",
    scope: Scope::Only(Engine::Postgres),
    category: Category::Replication,
    title: "A slot has lost its WAL",
    description: "Slots whose wal_status is lost (the consumer has to be built anew) or unreserved (the next checkpoint may remove \
               what it needs).",
    needs: &[Need::Now("pg_stat_replication")],
    window: Duration::ZERO,
    baseline: Duration::ZERO,
    measure: Measure::Count,
    threshold: Threshold { enter: 1.0, leave: 1.0, unit: Unit::Count },
    hold_for: Duration::ZERO,
    curve: Curve { least: 15.0, worst: 3.0, most: 30.0 },
    makes_recommendations: true,
    recommendation: "Where the WAL is gone, drop the slot and build its consumer anew. Where it is about to go, raise \
                     max_slot_wal_keep_size before the next checkpoint, or let the consumer catch up.",
    investigate: "SELECT slot_name, wal_status, safe_wal_size, active FROM pg_replication_slots;",
    fix: "SELECT pg_drop_replication_slot('...');\n-- while it can still be saved: ALTER SYSTEM SET max_slot_wal_keep_size \
          = '...'; SELECT pg_reload_conf();",
    source: "PostgreSQL documentation, pg_replication_slots: wal_status.",
    check,
};

fn check(context: &RuleContext<'_>) -> CheckResult {
    let seen = context.newest::<Replication>()?;
    Ok(seen.slots.iter().filter_map(object).collect())
}

fn object(slot: &Slot) -> Option<Object> {
    let name = &slot.slot_name;
    let (what, fix) = match slot.wal_status.as_deref()? {
        "lost" => (
            "has lost the WAL that it needs",
            Some(format!("SELECT pg_drop_replication_slot({});", literal(name))),
        ),
        "unreserved" => ("needs WAL that the next checkpoint may remove", slot.lag_bytes.map(more_room)),
        _ => return None,
    };
    let reason = slot.invalidation_reason.as_deref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    Some(Object { name: name.clone(), value: 1.0, note: format!("the slot {name} {what}{reason}"), fix })
}

/// Twice what the slot keeps by now.
fn more_room(kept_bytes: i64) -> String {
    let room = amount(float(kept_bytes) * 2.0);
    format!("ALTER SYSTEM SET max_slot_wal_keep_size = '{room}';\nSELECT pg_reload_conf();")
}
