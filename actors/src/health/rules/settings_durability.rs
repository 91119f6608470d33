//! Durability settings that are off.

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit,
};
use crate::model::Engine;

pub(crate) static RULE: Rule = Rule {
    id: "settings.durability",
    scope: Scope::Only(Engine::Postgres),
    category: Category::Settings,
    title: "Durability settings are off",
    description: "fsync and full_page_writes, without which a crash of the machine can corrupt the whole \
                  cluster (10 points each), and synchronous_commit, without which it loses the most recent \
                  commits (1 point).",
    needs: &[Need::Now("pg_settings")],
    measure: Measure::Sum,
    threshold: Threshold { enter: 1.0, leave: 1.0, unit: Unit::Count },
    curve: Curve { least: 2.0, worst: 20.0, most: 50.0 },
    makes_recommendations: true,
    recommendation: "Turn them on. For faster commits of some transactions only, set synchronous_commit = off \
                     in those: that loses no consistency, only the most recent commits.",
    investigate: "SELECT name, setting, source, sourcefile\n  FROM pg_settings\n WHERE name IN ('fsync', 'full_page_writes', \
                  'synchronous_commit');",
    fix: "ALTER SYSTEM SET fsync = on;\nALTER SYSTEM SET full_page_writes = on;\nSELECT pg_reload_conf();",
    source: "PostgreSQL documentation, Write Ahead Log, Settings: turning fsync or full_page_writes off can result in \
             unrecoverable data corruption.",
    check,
    ..Rule::DEFAULT
};

/// The setting, what it is worth, and what happens without it.
const GUARDS: [(&str, f64, &str); 3] = [
    ("fsync", 10.0, "a crash of the machine can destroy the cluster"),
    ("full_page_writes", 10.0, "a crash can leave pages half written, which cannot be repaired"),
    ("synchronous_commit", 1.0, "a crash loses the transactions of the last moments"),
];

fn check(context: &RuleContext<'_>) -> CheckResult {
    let mut found = Vec::new();
    for (name, value, without) in GUARDS {
        // one that Basira's own session or role has another value of cannot be seen
        if context.setting(name).is_ok_and(|setting| setting == "off") {
            found.push(Object {
                name: name.to_owned(),
                value,
                note: format!("{name} is off: {without}"),
                fix: Some(format!("ALTER SYSTEM SET {name} = on;\nSELECT pg_reload_conf();")),
            });
        }
    }
    Ok(found)
}
