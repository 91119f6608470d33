//! Facts for the unit tests of rules.

use std::collections::{BTreeMap, BTreeSet};

use super::{CheckResult, EffectiveSettings, Facts, Rule, Scope, rules};
use crate::model::{
    AnySnapshot, CollectorState, CollectorStatus, Engine, Replica, RuleSetting, Snapshot, Snapshots, Status,
    Timestamp,
};

/// The time of the tests.
pub(crate) const NOW: Timestamp = Timestamp(1_800_000_000_000);

/// A collector that has just succeeded, and has for a day.
pub(crate) fn collector(name: &'static str) -> CollectorStatus {
    CollectorStatus {
        name,
        enabled: true,
        interval_seconds: 10,
        state: CollectorState::Ok,
        reason: None,
        fix: None,
        hides: false,
        last_success_at: Some(NOW),
        first_success_at: Some(Timestamp(NOW.as_millis() - 86_400_000)),
        last_duration_ms: Some(1),
        rows: Some(1),
        runs: 1,
        failures: 0,
        next_run_at: None,
    }
}

/// A connected database without snapshots, whose collectors all succeed.
pub(crate) fn facts(engine: Engine) -> Facts {
    Facts {
        at: NOW,
        engine,
        status: Status::Connected,
        last_error: None,
        store_error: None,
        snapshots: Snapshots::default(),
        activity: None,
        collectors: collectors(engine),
        skew_ms: Some(0),
        past: BTreeMap::new(),
    }
}

/// The collectors that the rules for `engine` need.
fn collectors(engine: Engine) -> Vec<CollectorStatus> {
    let needs = rules::of(engine).flat_map(|rule| rule.needs);
    let names: BTreeSet<&'static str> = needs.map(|need| need.collector()).collect();
    names.into_iter().map(collector).collect()
}

/// Adds a snapshot of `database`.
pub(crate) fn add_snapshot<T: Snapshot>(facts: &mut Facts, database: &str, seen: T) {
    facts.snapshots.put(database, AnySnapshot::new(seen));
}

/// Returns what `rule` finds at its own threshold in facts changed by `arrange`.
pub(crate) fn found(rule: &'static Rule, arrange: impl FnOnce(&mut Facts)) -> CheckResult {
    let engine = match rule.scope {
        Scope::Only(engine) => engine,
        Scope::Any => Engine::Postgres,
    };
    let mut facts = facts(engine);
    arrange(&mut facts);
    let set = EffectiveSettings::of(rule, RuleSetting::default());
    (rule.check)(&rule.context(&facts, set, set.enter))
}

/// A replicated table without delay.
pub(crate) fn replica() -> Replica {
    Replica {
        database: "shop".to_owned(),
        table: "orders".to_owned(),
        host_name: "a".to_owned(),
        replica_name: None,
        is_leader: None,
        is_readonly: Some(false),
        readonly_since: None,
        is_session_expired: Some(false),
        absolute_delay_seconds: Some(0),
        queue_size: Some(3),
        inserts_in_queue: None,
        merges_in_queue: None,
        part_mutations_in_queue: None,
        queue_oldest_time: None,
        future_parts: None,
        parts_to_check: None,
        lost_part_count: None,
        last_queue_update_exception: None,
        keeper_exception: None,
        queue: Vec::new(),
    }
}
