//! Autovacuum that is off or cannot keep up.

use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit,
    quote_name,
};
use crate::model::{Engine, ProgressSnapshot, VacuumTable, VacuumTables};

pub(crate) static RULE: Rule = Rule {
    id: "vacuum.behind",
    scope: Scope::Only(Engine::Postgres),
    category: Category::Vacuum,
    title: "Autovacuum is off or cannot keep up",
    description: "Tables that need an autovacuum but get none, because it is off for the server or by their \
                  own option; and whether all autovacuum workers are busy while other tables need one. Tables \
                  with fewer than 10,000 dead rows are left out.",
    needs: &[Need::Now("vacuum"), Need::Now("vacuum_progress"), Need::Now("pg_settings")],
    measure: Measure::Count,
    threshold: Threshold { enter: 1.0, leave: 1.0, unit: Unit::Count },
    hold_for: Duration::from_secs(600),
    curve: Curve { least: 6.0, worst: 10.0, most: 20.0 },
    makes_recommendations: true,
    recommendation: "Turn autovacuum on. If it does not keep up, raise its speed \
                     (autovacuum_vacuum_cost_limit, autovacuum_vacuum_cost_delay) before its number of \
                     workers: they share one limit.",
    investigate: "SELECT relname, reloptions FROM pg_class WHERE reloptions::text LIKE '%autovacuum_enabled%';\nSELECT * FROM \
                  pg_stat_progress_vacuum;",
    fix: "ALTER SYSTEM SET autovacuum = on;\nSELECT pg_reload_conf();",
    source: "PostgreSQL documentation, Automatic Vacuuming; the cost limit is shared by all workers.",
    check,
    ..Rule::DEFAULT
};

/// Tables with fewer dead rows are ignored.
const LEAST_DEAD: i64 = 10_000;

fn check(context: &RuleContext<'_>) -> CheckResult {
    let switched_on = context.setting("autovacuum")? == "on";
    let workers = context.setting_number("autovacuum_max_workers")?;
    let mut found = Vec::new();
    let mut due = 0_usize;
    for (database, seen) in context.newest_of_each::<VacuumTables>() {
        // the server never reports a table as due for which autovacuum is off
        let needy = seen.tables.iter().filter(|table| {
            let known = table.dead_tuples.zip(table.vacuum_trigger);
            known.is_some_and(|(dead, trigger)| dead >= LEAST_DEAD && dead > trigger)
        });
        for table in needy {
            due += 1;
            if !switched_on || !table.autovacuum_enabled {
                found.push(left_alone(context, &database, table, switched_on));
            }
        }
    }
    let progress = context.newest::<ProgressSnapshot>()?;
    let busy = autovacuums(&progress);
    if found.is_empty() && f64::from(busy) >= workers && due > usize::try_from(busy).unwrap_or(0) {
        found.push(Object {
            name: "autovacuum_max_workers".to_owned(),
            value: 1.0,
            note: format!("all {busy} autovacuum workers are busy while {due} tables need vacuum"),
            fix: Some(
                "ALTER SYSTEM SET autovacuum_vacuum_cost_limit = 2000;\nSELECT pg_reload_conf();".to_owned(),
            ),
        });
    }
    Ok(found)
}

fn left_alone(context: &RuleContext<'_>, database: &str, table: &VacuumTable, switched_on: bool) -> Object {
    let names = [table.schema_name.as_str(), table.table_name.as_str()];
    let name = context.qualified(database, &names);
    let (why, fix) = if switched_on {
        let alter = format!("ALTER TABLE {} RESET (autovacuum_enabled);", quote_name(&names));
        ("autovacuum_enabled of the table is off", Some(context.run_in(database, &alter)))
    } else {
        ("autovacuum is off", None)
    };
    let note = format!("{name} needs vacuum and gets none, because {why}");
    Object { name, value: 1.0, note, fix }
}

fn autovacuums(seen: &ProgressSnapshot) -> u32 {
    let running = seen.running.iter().filter(|running| running.is_autovacuum == Some(true));
    u32::try_from(running.count()).unwrap_or(u32::MAX)
}
