//! Data checksum failures.

use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit, as_f64,
    format_duration,
};
use crate::model::{DatabaseStates, Engine};

pub(crate) static RULE: Rule = Rule {
    id: "storage.checksum_failures",
    scope: Scope::Only(Engine::Postgres),
    category: Category::Storage,
    title: "Data checksum failures",
    description: "Pages read with a wrong checksum, as long as the last one was read within the window, also \
                  before Basira watched. Data was damaged by a disk, a controller, memory or a file system.",
    needs: &[Need::Now("pg_stat_database")],
    window: Duration::from_secs(7 * 24 * 3600),
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
    let seen = context.newest::<DatabaseStates>()?;
    let found = seen.databases.iter().filter_map(|database| {
        let failures = database.checksum_failures.filter(|failures| *failures > 0)?;
        let last = database.checksum_last_failure?;
        let ago = seen.at.since(last);
        let name = database.database_name.as_deref().unwrap_or("shared objects");
        (ago <= context.window()).then(|| Object {
            name: name.to_owned(),
            value: as_f64(failures),
            note: format!(
                "{failures} damaged pages were read in {name}, the last one {} ago, at {last}",
                format_duration(ago)
            ),
            fix: None,
        })
    });
    Ok(found.collect())
}
