//! Contradictory settings.

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit, Unknown,
    format_bytes, setting_size,
};
use crate::model::Engine;

pub(crate) static RULE: Rule = Rule {
    id: "settings.contradictory",
    scope: Scope::Only(Engine::Postgres),
    category: Category::Settings,
    title: "Contradictory settings",
    description: "autovacuum and track_counts off, so that nothing is vacuumed (10 points each); max_wal_size \
                  below a quarter of shared_buffers, effective_cache_size below shared_buffers (2 points \
                  each); work_mem times max_connections above four times shared_buffers and \
                  effective_cache_size together (1 point). Defaults are no finding.",
    needs: &[Need::Now("pg_settings")],
    measure: Measure::Sum,
    threshold: Threshold { enter: 1.0, leave: 1.0, unit: Unit::Count },
    curve: Curve { least: 1.0, worst: 20.0, most: 40.0 },
    makes_recommendations: true,
    recommendation: "Set each so that it fits the others. Keep autovacuum on: if it causes too much load, \
                     throttle it, or turn it off for one table.",
    investigate: "SELECT name, setting, unit, source\n  FROM pg_settings\n WHERE name IN ('autovacuum', 'track_counts', \
                  'max_wal_size', 'shared_buffers',\n                'effective_cache_size', 'work_mem', 'max_connections');",
    fix: "ALTER SYSTEM SET ... = ...;\nSELECT pg_reload_conf();",
    source: "PostgreSQL documentation, Resource Consumption; Automatic Vacuuming; Write Ahead Log; Query Planning.",
    check,
    ..Rule::DEFAULT
};

const GIGABYTE: f64 = 1024.0 * 1024.0 * 1024.0;
/// A checkpoint writes changed buffers; with so little WAL they are written again and again.
const BUFFERS_PER_WAL: f64 = 4.0;
/// Few statements use all their work_mem at once, so it takes this much more than there is.
const MEMORIES: f64 = 4.0;
/// Of a machine with a quarter of its memory in shared_buffers, the cache is the rest.
const CACHE_PER_BUFFERS: f64 = 3.0;

type Check = fn(&RuleContext<'_>) -> Result<Option<Object>, Unknown>;

fn check(context: &RuleContext<'_>) -> CheckResult {
    let checks: [Check; 5] = [
        |context| {
            off(
                context,
                "autovacuum",
                "dead rows are not removed, statistics become outdated, and transaction IDs run out",
            )
        },
        |context| off(context, "track_counts", "autovacuum has no statistics to act on"),
        little_wal,
        small_cache,
        much_work_mem,
    ];
    // a setting that is not visible affects only its own check
    Ok(checks.iter().filter_map(|check| check(context).ok().flatten()).collect())
}

fn off(context: &RuleContext<'_>, name: &str, without: &str) -> Result<Option<Object>, Unknown> {
    let is_off = context.setting(name)? == "off";
    Ok(is_off.then(|| object(name, 10.0, format!("{name} is off: {without}"), "on")))
}

fn little_wal(context: &RuleContext<'_>) -> Result<Option<Object>, Unknown> {
    let (wal, buffers) = (context.setting_bytes("max_wal_size")?, context.setting_bytes("shared_buffers")?);
    let note =
        || format!("max_wal_size is {}, and shared_buffers {}", format_bytes(wal), format_bytes(buffers));
    let small = wal * BUFFERS_PER_WAL < buffers;
    Ok(small.then(|| object("max_wal_size", 2.0, note(), &quoted_amount(buffers.max(GIGABYTE)))))
}

fn small_cache(context: &RuleContext<'_>) -> Result<Option<Object>, Unknown> {
    let (cache, buffers) =
        (context.setting_bytes("effective_cache_size")?, context.setting_bytes("shared_buffers")?);
    let note = || {
        format!(
            "effective_cache_size is {}, less than shared_buffers ({})",
            format_bytes(cache),
            format_bytes(buffers)
        )
    };
    let fits = quoted_amount(buffers * CACHE_PER_BUFFERS);
    Ok((cache < buffers).then(|| object("effective_cache_size", 2.0, note(), &fits)))
}

fn much_work_mem(context: &RuleContext<'_>) -> Result<Option<Object>, Unknown> {
    let (each, clients) = (context.setting_bytes("work_mem")?, context.setting_number("max_connections")?);
    let memory = context.setting_bytes("shared_buffers")? + context.setting_bytes("effective_cache_size")?;
    let note = || {
        format!(
            "work_mem is {} for each of {clients:.0} connections, and memory about {}",
            format_bytes(each),
            format_bytes(memory)
        )
    };
    // rounded up to a power of two it is at most half of what fits
    let fits = quoted_amount(memory * MEMORIES / clients / 4.0);
    Ok((each * clients > memory * MEMORIES).then(|| object("work_mem", 1.0, note(), &fits)))
}

fn quoted_amount(bytes: f64) -> String {
    format!("'{}'", setting_size(bytes))
}

fn object(name: &str, value: f64, note: String, fits: &str) -> Object {
    let fix = format!("ALTER SYSTEM SET {name} = {fits};\nSELECT pg_reload_conf();");
    Object { name: name.to_owned(), value, note, fix: Some(fix) }
}
