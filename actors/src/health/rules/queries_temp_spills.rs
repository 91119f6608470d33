//! Sorts and hashes that do not fit into memory.

use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit, amount,
    bytes, count, float, quoted, span,
};
use crate::model::Engine;
use crate::model::streams::DATABASES;

pub(crate) static RULE: Rule = Rule {
    id: "queries.temp_spills",
    scope: Scope::Only(Engine::Postgres),
    category: Category::Queries,
    title: "Statements spill to disk",
    description: "What the statements of each database wrote to temporary files, because a sort, a hash or a materialised \
               result did not fit into work_mem.",
    needs: &[Need::Totals("pg_stat_database", &DATABASES), Need::Now("pg_settings")],
    window: Duration::from_secs(3600),
    baseline: Duration::ZERO,
    measure: Measure::Highest,
    threshold: Threshold { enter: 5.0 * GIGABYTE, leave: 3.0 * GIGABYTE, unit: Unit::Bytes },
    hold_for: Duration::ZERO,
    curve: Curve { least: 3.0, worst: 200.0 * GIGABYTE, most: 15.0 },
    makes_recommendations: false,
    recommendation: "Find the statements that spill, and give them an index that sorts, or more work_mem: to the role or \
                     the database that needs it rather than to all, since every sort of every session may take that \
                     much.",
    investigate: "SELECT queryid, calls, temp_blks_written, left(query, 80) AS query\n  FROM pg_stat_statements\n WHERE \
                  temp_blks_written > 0\n ORDER BY temp_blks_written DESC\n LIMIT 10;",
    fix: "ALTER DATABASE ... SET work_mem = '...';\n-- or: ALTER ROLE ... SET work_mem = '...'; new sessions have it",
    source: "PostgreSQL documentation, Memory: work_mem; pg_stat_database: temp_bytes counts all temporary \
             files.",
    check,
};

const GIGABYTE: f64 = 1024.0 * 1024.0 * 1024.0;
/// What is on disk takes about this much more in memory.
const MEMORY_PER_FILE: f64 = 3.0;
/// More than this for every sort of every session is no advice to give.
const MOST_WORK_MEM: f64 = 256.0 * 1024.0 * 1024.0;

fn check(context: &RuleContext<'_>) -> CheckResult {
    let past = context.totals(&DATABASES)?;
    let work_mem = context.setting_bytes("work_mem")?;
    let found = past.series.iter().filter_map(|series| {
        let spilled = series.get(&DATABASES, "temp_bytes").filter(|spilled| *spilled > 0)?;
        let spilled = Some(float(spilled)).filter(|spilled| context.exceeds(*spilled))?;
        let files = series.get(&DATABASES, "temp_files")?.max(1);
        let name = past.text(series.get(&DATABASES, "database_name")?)?;
        let wanted = (spilled / float(files) * MEMORY_PER_FILE).max(work_mem * 2.0).min(MOST_WORK_MEM);
        Some(Object {
            name: name.to_owned(),
            value: spilled,
            note: format!(
                "{name} wrote {} to {} temporary files within {}, {} each",
                bytes(spilled),
                count(files),
                span(context.window()),
                bytes(spilled / float(files))
            ),
            fix: Some(format!(
                "ALTER DATABASE {} SET work_mem = '{}';\n-- or only for the role that needs it; new sessions have it",
                quoted(&[name]),
                amount(wanted)
            )),
        })
    });
    Ok(found.collect())
}
