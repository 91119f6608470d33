//! Wraparound of transaction IDs and multixact IDs: the body of the two rules.

use std::time::Duration;

use super::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit, as_f64,
    format_duration, format_pct, trend,
};
use crate::model::streams::DATABASES;
use crate::model::{DatabaseAge, Engine, History, XidHorizon};

/// What both rules have in common.
pub(super) const RULE: Rule = Rule {
    scope: Scope::Only(Engine::Postgres),
    category: Category::Vacuum,
    needs: &[Need::Now("xid_horizon"), Need::Course("pg_stat_database", &DATABASES)],
    window: Duration::from_secs(3600),
    measure: Measure::Highest,
    threshold: Threshold { enter: 40.0, leave: 35.0, unit: Unit::Pct },
    curve: Curve { least: 10.0, worst: 85.0, most: 80.0 },
    makes_recommendations: true,
    recommendation: "Find out what prevents autovacuum from freezing (vacuum.blocked, a table whose vacuum \
                     fails or was turned off), then freeze the oldest tables.",
    investigate: "SELECT datname, age(datfrozenxid), mxid_age(datminmxid) FROM pg_database ORDER BY 2 DESC;\nSELECT \
                  oid::regclass, age(relfrozenxid), mxid_age(relminmxid) FROM pg_class WHERE relkind IN ('r', 'm', 't') ORDER \
                  BY 2 DESC LIMIT 20;",
    fix: "VACUUM (FREEZE);",
    source: "PostgreSQL documentation, Preventing Transaction ID Wraparound Failures.",
    ..Rule::DEFAULT
};

/// The number of IDs that may be in use at a time.
const ALL_IDS: f64 = 2_147_483_648.0;
/// The age at which the server refuses to assign new IDs: it keeps a reserve.
const LAST_ID: f64 = ALL_IDS - 3_000_000.0;

/// Returns the databases whose share of used `ids` exceeds the threshold, with a forecast if `column` has a trend.
pub(super) fn check(
    context: &RuleContext<'_>,
    ids: &str,
    column: &'static str,
    age: impl Fn(&DatabaseAge) -> i64,
) -> CheckResult {
    let horizon = context.newest::<XidHorizon>()?;
    // only the forecast needs it
    let past = context.course(&DATABASES).ok();
    let used_pct = |database: &DatabaseAge| as_f64(age(database)) * 100.0 / ALL_IDS;
    let found =
        horizon.databases.iter().filter(|database| context.exceeds(used_pct(database))).map(|database| {
            let (name, used_pct) = (&database.database_name, used_pct(database));
            let forecast = past.as_deref().and_then(|past| forecast(past, name, column)).unwrap_or_default();
            Object {
                name: name.clone(),
                value: used_pct,
                note: format!("{name} has used {} of its {ids}{forecast}", format_pct(used_pct)),
                fix: Some(format!("-- in database {name}\nVACUUM (FREEZE);")),
            }
        });
    Ok(found.collect())
}

fn forecast(past: &History, database: &str, column: &str) -> Option<String> {
    let stored = past.series.iter().find(|series| {
        let word = series.get(&DATABASES, "database_name");
        word.and_then(|word| past.text(word)) == Some(database)
    })?;
    let course: Vec<_> =
        stored.course(&DATABASES, column).into_iter().map(|(at, age)| (at, as_f64(age))).collect();
    let left = trend(&course)?.reaches(LAST_ID)?;
    Some(format!("; at this rate the rest lasts {}", format_duration(left)))
}
