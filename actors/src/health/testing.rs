//! Facts for the unit tests of rules.

use std::collections::{BTreeMap, BTreeSet};

use super::{Case, Effective, Facts, Found, Rule, Scope, rules};
use crate::model::{
    CollectorState, CollectorStatus, Engine, Newest, RuleSetting, Seen, Snapshot, Status, Timestamp,
};

/// When the tests take place.
pub(crate) const NOW: Timestamp = Timestamp(1_800_000_000_000);

/// A collector that has just worked, and has for a day.
pub(crate) fn collector(name: &'static str) -> CollectorStatus {
    CollectorStatus {
        name,
        enabled: true,
        interval_seconds: 10,
        state: CollectorState::Ok,
        reason: None,
        fix: None,
        last_success_at: Some(NOW),
        first_success_at: Some(Timestamp(NOW.as_millis() - 86_400_000)),
        last_duration_ms: Some(1),
        rows: Some(1),
        runs: 1,
        failures: 0,
        next_run_at: None,
    }
}

/// A connected database of which nothing was seen, whose collectors all work.
pub(crate) fn facts(engine: Engine) -> Facts {
    Facts {
        at: NOW,
        engine,
        status: Status::Connected,
        last_error: None,
        newest: Newest::default(),
        activity: None,
        collectors: collectors(engine),
        skew_ms: Some(0),
        past: BTreeMap::new(),
    }
}

/// All that the rules for `engine` need.
fn collectors(engine: Engine) -> Vec<CollectorStatus> {
    let needs = rules::of(engine).flat_map(|rule| rule.needs);
    let names: BTreeSet<&'static str> = needs.map(|need| need.collector()).collect();
    names.into_iter().map(collector).collect()
}

/// Adds what was seen in `database`.
pub(crate) fn saw<T: Snapshot>(facts: &mut Facts, database: &str, seen: T) {
    facts.newest.put(database, Seen::new(seen));
}

/// What `rule` finds at its own threshold in facts that `arrange` has changed.
pub(crate) fn found(rule: &'static Rule, arrange: impl FnOnce(&mut Facts)) -> Found {
    let engine = match rule.scope {
        Scope::Only(engine) => engine,
        Scope::Any => Engine::Postgres,
    };
    let mut facts = facts(engine);
    arrange(&mut facts);
    let set = Effective::of(rule, RuleSetting::default());
    (rule.check)(&Case { facts: &facts, rule, set, limit: set.enter })
}
