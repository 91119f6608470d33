//! The database cannot be read.

use crate::health::{Category, Curve, Measure, Rule, Scope, Threshold, Unit};

/// The examiner itself applies it: without a connection no other rule is evaluated, and there is no score.
pub(crate) static RULE: Rule = Rule {
    id: "collection.disconnected",
    scope: Scope::Any,
    category: Category::Collection,
    title: "Basira cannot read this database",
    description: "Whether the last poll of the base collectors succeeded within three intervals, at least 15 \
                  s. Without fresh samples there is no score.",
    measure: Measure::Count,
    threshold: Threshold { enter: 1.0, leave: 1.0, unit: Unit::Count },
    curve: Curve::flat(100.0),
    recommendation: "Find out whether the server is down, unreachable, or refuses the login; `last_error` has \
                     the reason.",
    investigate: "-- from the machine that runs Basira\n-- basira check 'postgres://user@host:port/database'",
    fix: "-- start the server, restore network access, or correct the registration with PATCH \
          /api/v1/databases/{id}",
    source: "The contract of the API: stale data is never scored.",
    ..Rule::DEFAULT
};
