//! How far ids have come on their way around, and when they will be there.

use super::{CheckResult, Object, RuleContext, float, pct, span, trend};
use crate::model::streams::DATABASES;
use crate::model::{DatabaseAge, History, XidHorizon};

/// How many ids may be in use at a time.
const ALL_IDS: f64 = 2_147_483_648.0;
/// At which age the server refuses to write: it keeps some in reserve.
const LAST_ID: f64 = ALL_IDS - 3_000_000.0;

/// Databases whose `ids` are used up beyond the threshold, with a forecast where it is known where `column` is going.
pub(super) fn wraparound(
    context: &RuleContext<'_>,
    ids: &str,
    column: &'static str,
    age: impl Fn(&DatabaseAge) -> i64,
) -> CheckResult {
    let horizon = context.newest::<XidHorizon>()?;
    // the forecast can do without
    let past = context.course(&DATABASES).ok();
    let used_pct = |database: &DatabaseAge| float(age(database)) * 100.0 / ALL_IDS;
    let found =
        horizon.databases.iter().filter(|database| context.exceeds(used_pct(database))).map(|database| {
            let (name, used_pct) = (&database.database_name, used_pct(database));
            let forecast = past.as_deref().and_then(|past| forecast(past, name, column)).unwrap_or_default();
            Object {
                name: name.clone(),
                value: used_pct,
                note: format!("{name} has used up {} of its {ids}{forecast}", pct(used_pct)),
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
        stored.course(&DATABASES, column).into_iter().map(|(at, age)| (at, float(age))).collect();
    let left = trend(&course)?.reaches(LAST_ID)?;
    Some(format!("; at this rate the rest lasts {}", span(left)))
}
