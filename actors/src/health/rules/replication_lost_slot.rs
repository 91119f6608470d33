//! Replication slots whose WAL was removed, or is about to be.

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit, as_f64,
    quote_literal, setting_size,
};
use crate::model::{Engine, Replication, Slot};

pub(crate) static RULE: Rule = Rule {
    id: "replication.lost_slot",
    scope: Scope::Only(Engine::Postgres),
    category: Category::Replication,
    title: "Replication slot lost its WAL",
    description: "Slots whose wal_status is lost (the consumer has to be rebuilt) or unreserved (the next \
                  checkpoint may remove WAL that it needs).",
    needs: &[Need::Now("pg_stat_replication")],
    measure: Measure::Count,
    threshold: Threshold { enter: 1.0, leave: 1.0, unit: Unit::Count },
    curve: Curve { least: 15.0, worst: 3.0, most: 30.0 },
    makes_recommendations: true,
    recommendation: "If the WAL is gone, drop the slot and rebuild its consumer. If it is about to be removed, \
                     raise max_slot_wal_keep_size before the next checkpoint, or let the consumer catch up.",
    investigate: "SELECT slot_name, wal_status, safe_wal_size, active FROM pg_replication_slots;",
    fix: "SELECT pg_drop_replication_slot('...');\n-- while it can still be saved: ALTER SYSTEM SET max_slot_wal_keep_size \
          = '...'; SELECT pg_reload_conf();",
    source: "PostgreSQL documentation, pg_replication_slots: wal_status.",
    check,
    ..Rule::DEFAULT
};

fn check(context: &RuleContext<'_>) -> CheckResult {
    let seen = context.newest::<Replication>()?;
    // the copies of slots of the primary are made again
    let own = seen.slots.iter().filter(|slot| !(seen.is_replica && slot.synced == Some(true)));
    Ok(own.filter_map(object).collect())
}

fn object(slot: &Slot) -> Option<Object> {
    let name = &slot.slot_name;
    let (what, fix) = match slot.wal_status.as_deref()? {
        "lost" => (
            "has lost WAL that it needs",
            Some(format!("SELECT pg_drop_replication_slot({});", quote_literal(name))),
        ),
        "unreserved" => ("needs WAL that the next checkpoint may remove", slot.lag_bytes.map(more_room)),
        _ => return None,
    };
    let reason = slot.invalidation_reason.as_deref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    Some(Object { name: name.clone(), value: 1.0, note: format!("the slot {name} {what}{reason}"), fix })
}

/// Twice what the slot keeps by now.
fn more_room(kept_bytes: i64) -> String {
    let room = setting_size(as_f64(kept_bytes) * 2.0);
    format!("ALTER SYSTEM SET max_slot_wal_keep_size = '{room}';\nSELECT pg_reload_conf();")
}
