//! Statements that spill to temporary files.

use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit, as_f64,
    format_bytes, format_count, format_duration, quote_name, setting_size,
};
use crate::model::Engine;
use crate::model::streams::DATABASES;

pub(crate) static RULE: Rule = Rule {
    id: "queries.temp_spills",
    scope: Scope::Only(Engine::Postgres),
    category: Category::Queries,
    title: "Statements spill to temporary files",
    description: "Bytes that the statements of each database wrote to temporary files, because a sort, a hash \
                  or a materialised result did not fit into work_mem.",
    needs: &[Need::Totals("pg_stat_database", &DATABASES), Need::Now("pg_settings")],
    window: Duration::from_secs(3600),
    measure: Measure::Highest,
    threshold: Threshold { enter: 5.0 * GIGABYTE, leave: 3.0 * GIGABYTE, unit: Unit::Bytes },
    curve: Curve { least: 3.0, worst: 200.0 * GIGABYTE, most: 15.0 },
    recommendation: "Find the statements that spill, and give them an index that sorts, or more work_mem: to \
                     the role or the database that needs it rather than globally, since every sort of every \
                     session may use that much.",
    investigate: "SELECT queryid, calls, temp_blks_written, left(query, 80) AS query\n  FROM pg_stat_statements\n WHERE \
                  temp_blks_written > 0\n ORDER BY temp_blks_written DESC\n LIMIT 10;",
    fix: "ALTER DATABASE ... SET work_mem = '...';\n-- or: ALTER ROLE ... SET work_mem = '...'; new sessions have it",
    source: "PostgreSQL documentation, Memory: work_mem; pg_stat_database: temp_bytes counts all temporary \
             files.",
    check,
    ..Rule::DEFAULT
};

const GIGABYTE: f64 = 1024.0 * 1024.0 * 1024.0;
/// Data takes about this much more room in memory than in a temporary file.
const MEMORY_PER_FILE: f64 = 3.0;
/// The largest size recommended: every sort of every session may use it.
const MOST_WORK_MEM: f64 = 256.0 * 1024.0 * 1024.0;

fn check(context: &RuleContext<'_>) -> CheckResult {
    let past = context.totals(&DATABASES)?;
    let work_mem = context.setting_bytes("work_mem")?;
    let found = past.series.iter().filter_map(|series| {
        let spilled = series.get(&DATABASES, "temp_bytes").filter(|spilled| *spilled > 0)?;
        let spilled = Some(as_f64(spilled)).filter(|spilled| context.exceeds(*spilled))?;
        let files = series.get(&DATABASES, "temp_files")?.max(1);
        let name = past.text(series.get(&DATABASES, "database_name")?)?;
        let wanted = (spilled / as_f64(files) * MEMORY_PER_FILE).max(work_mem * 2.0).min(MOST_WORK_MEM);
        Some(Object {
            name: name.to_owned(),
            value: spilled,
            note: format!(
                "{name} wrote {} to {} temporary files within {}, {} each",
                format_bytes(spilled),
                format_count(files),
                format_duration(context.window()),
                format_bytes(spilled / as_f64(files))
            ),
            fix: Some(format!(
                "ALTER DATABASE {} SET work_mem = '{}';\n-- or only for the role that needs it; new sessions have it",
                quote_name(&[name]),
                setting_size(wanted)
            )),
        })
    });
    Ok(found.collect())
}
