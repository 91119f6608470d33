//! Transaction ids run out.

use std::time::Duration;

use crate::health::wraparound::wraparound;
use crate::health::{Category, CheckResult, Curve, Measure, Need, Rule, RuleContext, Scope, Threshold, Unit};
use crate::model::Engine;
use crate::model::streams::DATABASES;

pub(crate) static RULE: Rule = Rule {
    id: "vacuum.xid_wraparound",
    scope: Scope::Only(Engine::Postgres),
    category: Category::Vacuum,
    title: "Transaction ids run out",
    description: "The age of the oldest transaction ids of each database, of the 2^31 after which the server refuses to write. \
               Autovacuum prevents it at a tenth of that unless something keeps it from freezing.",
    needs: &[Need::Now("xid_horizon"), Need::Course("pg_stat_database", &DATABASES)],
    window: Duration::from_secs(3600),
    baseline: Duration::ZERO,
    measure: Measure::Highest,
    threshold: Threshold { enter: 40.0, leave: 35.0, unit: Unit::Pct },
    hold_for: Duration::ZERO,
    curve: Curve { least: 10.0, worst: 85.0, most: 80.0 },
    makes_recommendations: true,
    recommendation: "Find out what keeps autovacuum from freezing (vacuum.blocked, a table whose vacuum fails or was switched \
                     off), then freeze the oldest tables.",
    investigate: "SELECT datname, age(datfrozenxid), mxid_age(datminmxid) FROM pg_database ORDER BY 2 DESC;\nSELECT \
                  oid::regclass, age(relfrozenxid), mxid_age(relminmxid) FROM pg_class WHERE relkind IN ('r', 'm', 't') ORDER \
                  BY 2 DESC LIMIT 20;",
    fix: "VACUUM (FREEZE);",
    source: "PostgreSQL documentation, Preventing Transaction ID Wraparound Failures.",
    check,
};

fn check(context: &RuleContext<'_>) -> CheckResult {
    wraparound(context, "transaction ids", "xid_age", |database| database.xid_age)
}
