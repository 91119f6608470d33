//! Low buffer cache hit ratio.

use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit, as_f64,
    format_bytes, format_count, format_duration, format_pct, pct_of, setting_size,
};
use crate::model::Engine;
use crate::model::streams::DATABASES;

pub(crate) static RULE: Rule = Rule {
    id: "memory.cache_hit_ratio",
    scope: Scope::Only(Engine::Postgres),
    category: Category::Memory,
    title: "Low buffer cache hit ratio",
    description: "The share of blocks requested by each database that were found in shared_buffers. The others \
                  were read from the operating system: from its page cache or from disk. Databases that read \
                  fewer than 10 blocks per second are ignored.",
    needs: &[Need::Totals("pg_stat_database", &DATABASES), Need::Now("pg_settings")],
    window: Duration::from_secs(3600),
    measure: Measure::Lowest,
    threshold: Threshold { enter: 90.0, leave: 92.0, unit: Unit::Pct },
    hold_for: Duration::from_secs(600),
    curve: Curve { least: 3.0, worst: 50.0, most: 15.0 },
    recommendation: "First look for statements that read far more than they return: an index may be missing. \
                     Otherwise give the server more memory and shared_buffers about a quarter of it. Large \
                     scans of cold data lower the ratio too, and no cache helps against them.",
    investigate: "SELECT queryid, calls, shared_blks_read, shared_blks_hit, left(query, 80) AS query\n  FROM \
                  pg_stat_statements\n ORDER BY shared_blks_read DESC\n LIMIT 10;",
    fix: "ALTER SYSTEM SET shared_buffers = '...';\n-- takes effect when the server is restarted",
    source: "PostgreSQL documentation, Memory: 25 % of the memory is a reasonable starting value of \
             shared_buffers. pg_stat_database: blks_hit counts only that cache.",
    check,
    ..Rule::DEFAULT
};

/// Fewer reads, 80 kB per second, are no load for a disk.
const LEAST_READS_PER_SECOND: f64 = 10.0;
/// The smallest size recommended.
const LEAST_CACHE: f64 = 256.0 * 1024.0 * 1024.0;

fn check(context: &RuleContext<'_>) -> CheckResult {
    let past = context.totals(&DATABASES)?;
    let cache = context.setting_bytes("shared_buffers")?;
    let least_reads = LEAST_READS_PER_SECOND * context.window().as_secs_f64();
    let object = |name: &str, read: i64, hit: i64, hit_pct: f64| Object {
        name: name.to_owned(),
        value: hit_pct,
        note: format!(
            "{} of {} blocks that {name} requested within {} were in shared_buffers ({}), which is {}",
            format_count(hit),
            format_count(hit + read),
            format_duration(context.window()),
            format_pct(hit_pct),
            format_bytes(cache)
        ),
        fix: Some(format!(
            "ALTER SYSTEM SET shared_buffers = '{}';\n-- takes effect when the server is restarted; not beyond a \
             quarter of its memory",
            setting_size((cache * 2.0).max(LEAST_CACHE))
        )),
    };
    let found = past.series.iter().filter_map(|series| {
        let (read, hit) = (series.get(&DATABASES, "blks_read")?, series.get(&DATABASES, "blks_hit")?);
        let hit_pct = pct_of(hit, hit + read).filter(|hit_pct| context.exceeds(*hit_pct))?;
        let name = past.text(series.get(&DATABASES, "database_name")?)?;
        (as_f64(read) >= least_reads).then(|| object(name, read, hit, hit_pct))
    });
    Ok(found.collect())
}
