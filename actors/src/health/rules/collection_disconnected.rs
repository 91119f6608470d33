//! The database cannot be read, so nothing is known of it.

use std::time::Duration;

use crate::health::{Category, Curve, Measure, Rule, Scope, Threshold, Unit};

/// The examiner itself applies it: without a connection no other rule is evaluated, and there is no score.
pub(crate) static RULE: Rule = Rule {
    id: "collection.disconnected",
    scope: Scope::Any,
    category: Category::Collection,
    title: "Basira cannot read this database",
    description: "Whether the last poll of the base collectors succeeded within three intervals, at least 15 s. Without \
               fresh samples nothing is known, so there is no score.",
    needs: &[],
    window: Duration::ZERO,
    baseline: Duration::ZERO,
    measure: Measure::Count,
    threshold: Threshold { enter: 1.0, leave: 1.0, unit: Unit::Count },
    hold_for: Duration::ZERO,
    curve: Curve::flat(100.0),
    makes_recommendations: false,
    recommendation: "Find out whether the server is down, cannot be reached, or refuses the login; `last_error` says \
                     which.",
    investigate: "-- from the machine that runs Basira\n-- basira check 'postgres://user@host:port/database'",
    fix: "-- start the server, open the way to it, or correct the registration with PATCH /api/v1/databases/{id}",
    source: "The contract of the API: stale data never scores.",
    check: |_| Ok(Vec::new()),
};
