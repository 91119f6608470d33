//! Inactive replication slots that retain WAL.

use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit, as_f64,
    format_bytes, format_duration, quote_literal,
};
use crate::model::{Engine, Replication, Slot};

pub(crate) static RULE: Rule = Rule {
    id: "replication.inactive_slot",
    scope: Scope::Only(Engine::Postgres),
    category: Category::Replication,
    title: "Inactive replication slot retains WAL",
    description: "WAL retained by replication slots without a consumer. It grows until the disk is full, or \
                  until max_slot_wal_keep_size invalidates the slot.",
    needs: &[Need::Now("pg_stat_replication")],
    measure: Measure::Highest,
    threshold: Threshold {
        enter: 256.0 * 1024.0 * 1024.0,
        leave: 256.0 * 1024.0 * 1024.0,
        unit: Unit::Bytes,
    },
    hold_for: Duration::from_secs(300),
    curve: Curve { least: 8.0, worst: 64.0 * 1024.0 * 1024.0 * 1024.0, most: 40.0 },
    makes_recommendations: true,
    recommendation: "Restart its consumer, or drop the slot if the consumer is gone for good. Set \
                     max_slot_wal_keep_size, so that no slot can fill the disk.",
    investigate: "SELECT slot_name, slot_type, active, wal_status, pg_size_pretty(pg_wal_lsn_diff(pg_current_wal_lsn(), \
                  restart_lsn)) AS kept\n  FROM pg_replication_slots\n WHERE NOT active;",
    fix: "SELECT pg_drop_replication_slot('...');",
    source: "PostgreSQL documentation, Replication Slots; max_slot_wal_keep_size.",
    check,
    ..Rule::DEFAULT
};

fn check(context: &RuleContext<'_>) -> CheckResult {
    let seen = context.newest::<Replication>()?;
    let idle = seen.slots.iter().filter(|slot| !slot.active && !slot.is_lost() && !is_copy(&seen, slot));
    Ok(idle.filter_map(|slot| object(&seen, slot)).collect())
}

/// Whether it is the copy of a slot of the primary, which has no consumer until the standby is promoted.
fn is_copy(seen: &Replication, slot: &Slot) -> bool {
    seen.is_replica && slot.synced == Some(true)
}

fn object(seen: &Replication, slot: &Slot) -> Option<Object> {
    let kept = slot.lag_bytes?;
    let since = slot
        .inactive_since
        .map(|since| format!(" for {}", format_duration(seen.ts.since(since))))
        .unwrap_or_default();
    Some(Object {
        name: slot.slot_name.clone(),
        value: as_f64(kept),
        note: format!(
            "slot {} has been inactive{since} and retains {} of WAL",
            slot.slot_name,
            format_bytes(as_f64(kept))
        ),
        fix: Some(format!("SELECT pg_drop_replication_slot({});", quote_literal(&slot.slot_name))),
    })
}
