//! Tables carry far more dead rows than vacuum should let them.

use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit, count,
    float, quoted,
};
use crate::model::{Engine, VacuumTable, VacuumTables};

pub(crate) static RULE: Rule = Rule {
    id: "vacuum.dead_tuples",
    scope: Scope::Only(Engine::Postgres),
    category: Category::Vacuum,
    title: "Dead rows pile up",
    description: "Dead rows of each table against what starts an autovacuum on it, by its own settings. Tables with fewer than \
               10,000 dead rows are left out: they cost nothing.",
    needs: &[Need::Now("vacuum")],
    window: Duration::ZERO,
    baseline: Duration::ZERO,
    measure: Measure::Highest,
    threshold: Threshold { enter: 3.0, leave: 1.5, unit: Unit::Ratio },
    hold_for: Duration::from_secs(300),
    curve: Curve { least: 4.0, worst: 20.0, most: 18.0 },
    makes_recommendations: true,
    recommendation: "Vacuum it now. If it comes back, let autovacuum come earlier or work faster for this table \
                     (autovacuum_vacuum_scale_factor, autovacuum_vacuum_cost_limit), or find out what keeps it from removing rows.",
    investigate: "SELECT relname, n_live_tup, n_dead_tup, last_autovacuum FROM pg_stat_user_tables ORDER BY n_dead_tup DESC LIMIT \
                  20;\n-- GET /api/v1/databases/{id}/vacuum",
    fix: "VACUUM (ANALYZE) ...;",
    source: "PostgreSQL documentation, The Autovacuum Daemon: threshold + scale factor x rows, capped by \
             autovacuum_vacuum_max_threshold from 18 on.",
    check,
};

/// What fewer dead rows cost is not worth a word.
const LEAST_DEAD: i64 = 10_000;

fn check(context: &RuleContext<'_>) -> CheckResult {
    let mut found = Vec::new();
    for (database, seen) in context.newest_of_each::<VacuumTables>() {
        found.extend(seen.tables.iter().filter_map(|table| object(context, &database, table)));
    }
    Ok(found)
}

fn object(context: &RuleContext<'_>, database: &str, table: &VacuumTable) -> Option<Object> {
    let (dead, trigger) = (table.dead_tuples.filter(|dead| *dead >= LEAST_DEAD)?, table.vacuum_trigger?);
    let ratio = float(dead) / float(trigger.max(1));
    if !context.exceeds(ratio) {
        return None;
    }
    let names = [table.schema_name.as_str(), table.table_name.as_str()];
    let name = context.called(database, &names);
    let never = "and never was by itself".to_owned();
    let last = table.last_autovacuum.map_or(never, |at| format!("and last was by itself at {at}"));
    Some(Object {
        note: format!(
            "{name} has {} dead rows beside {} live ones; it is vacuumed from {} on, {last}",
            count(dead),
            count(table.live_tuples.unwrap_or(0)),
            count(trigger)
        ),
        name,
        value: ratio,
        fix: Some(context.run_in(database, &format!("VACUUM (ANALYZE) {};", quoted(&names)))),
    })
}
