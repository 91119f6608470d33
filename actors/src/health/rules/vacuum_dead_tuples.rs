//! Tables with many dead rows.

use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit, as_f64,
    format_count, quote_name,
};
use crate::model::{Engine, VacuumTable, VacuumTables};

pub(crate) static RULE: Rule = Rule {
    id: "vacuum.dead_tuples",
    scope: Scope::Only(Engine::Postgres),
    category: Category::Vacuum,
    title: "Tables with many dead rows",
    description: "Dead rows of each table, compared with the number at which autovacuum starts, by the table's \
                  own settings. Tables with fewer than 10,000 dead rows are left out.",
    needs: &[Need::Now("vacuum")],
    measure: Measure::Highest,
    threshold: Threshold { enter: 3.0, leave: 1.5, unit: Unit::Ratio },
    hold_for: Duration::from_secs(300),
    curve: Curve { least: 4.0, worst: 20.0, most: 18.0 },
    makes_recommendations: true,
    recommendation: "Vacuum it now. If dead rows accumulate again, start autovacuum earlier or let it run \
                     faster for this table (autovacuum_vacuum_scale_factor, autovacuum_vacuum_cost_limit), or \
                     find out what prevents it from removing rows.",
    investigate: "SELECT relname, n_live_tup, n_dead_tup, last_autovacuum FROM pg_stat_user_tables ORDER BY n_dead_tup DESC LIMIT \
                  20;\n-- GET /api/v1/databases/{id}/vacuum",
    fix: "VACUUM (ANALYZE) ...;",
    source: "PostgreSQL documentation, The Autovacuum Daemon: threshold + scale factor x rows, capped by \
             autovacuum_vacuum_max_threshold from 18 on.",
    check,
    ..Rule::DEFAULT
};

/// Tables with fewer dead rows are ignored.
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
    let ratio = as_f64(dead) / as_f64(trigger.max(1));
    if !context.exceeds(ratio) {
        return None;
    }
    let names = [table.schema_name.as_str(), table.table_name.as_str()];
    let name = context.qualified(database, &names);
    let never = "and autovacuum never ran".to_owned();
    let last = table.last_autovacuum.map_or(never, |at| format!("and autovacuum last ran at {at}"));
    Some(Object {
        note: format!(
            "{name} has {} dead and {} live rows; autovacuum starts at {}, {last}",
            format_count(dead),
            format_count(table.live_tuples.unwrap_or(0)),
            format_count(trigger)
        ),
        name,
        value: ratio,
        fix: Some(context.run_in(database, &format!("VACUUM (ANALYZE) {};", quote_name(&names)))),
    })
}
