//! Data checksum failures.

use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit, as_f64,
    format_duration,
};
use crate::model::Engine;
use crate::model::streams::DATABASES;

pub(crate) static RULE: Rule = Rule {
    id: "storage.checksum_failures",
    scope: Scope::Only(Engine::Postgres),
    category: Category::Storage,
    title: "Data checksum failures",
    description: "Pages read with a wrong checksum. Data was damaged by a disk, a controller, memory or a file \
                  system.",
    needs: &[Need::Totals("pg_stat_database", &DATABASES)],
    window: Duration::from_secs(24 * 3600),
    measure: Measure::Sum,
    threshold: Threshold { enter: 1.0, leave: 1.0, unit: Unit::Count },
    curve: Curve::flat(60.0),
    makes_recommendations: true,
    recommendation: "Stop writing to it as soon as possible, check the hardware, and restore from a backup \
                     made before the damage. Do not run VACUUM FULL or pg_resetwal as an attempt to repair it.",
    investigate: "SELECT datname, checksum_failures, checksum_last_failure FROM pg_stat_database WHERE checksum_failures > 0;",
    fix: "-- restore the damaged relation from a backup; pg_amcheck finds which one it is",
    source: "PostgreSQL documentation, Data Checksums; pg_stat_database.checksum_failures.",
    check,
    ..Rule::DEFAULT
};

fn check(context: &RuleContext<'_>) -> CheckResult {
    let past = context.totals(&DATABASES)?;
    let found = past.series.iter().filter_map(|series| {
        let failures = series.get(&DATABASES, "checksum_failures").filter(|failures| *failures > 0)?;
        let word = series.get(&DATABASES, "database_name");
        let name = word.and_then(|word| past.text(word)).unwrap_or("shared objects");
        Some(Object {
            name: name.to_owned(),
            value: as_f64(failures),
            note: format!(
                "{failures} damaged pages were read in {name} within {}",
                format_duration(context.window())
            ),
            fix: None,
        })
    });
    Ok(found.collect())
}
