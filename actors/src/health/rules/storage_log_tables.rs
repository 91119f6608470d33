//! System log tables without a TTL.

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit, as_f64,
    format_bytes,
};
use crate::model::{Engine, LogTable, LogTables};

pub(crate) static RULE: Rule = Rule {
    id: "storage.log_tables",
    scope: Scope::Only(Engine::Clickhouse),
    category: Category::Storage,
    title: "System log tables grow without a TTL",
    description: "System log tables without a TTL, and copies such as `query_log_0` that the server renamed at \
                  an upgrade, from 1 GiB on. The default configuration sets no TTL: such a table grows until \
                  the disk is full.",
    needs: &[Need::Now("ch_log_tables")],
    measure: Measure::Highest,
    threshold: Threshold { enter: 1_073_741_824.0, leave: 1_073_741_824.0, unit: Unit::Bytes },
    curve: Curve { least: 2.0, worst: 549_755_813_888.0, most: 10.0 },
    makes_recommendations: true,
    recommendation: "Give it a TTL, also in the server's configuration, or the server renames the table at its \
                     next start; drop copies that are not needed.",
    investigate: "SELECT table, formatReadableSize(sum(bytes_on_disk)) AS size, min(min_date), \
                  max(max_date)\n  FROM system.parts\n WHERE active AND database = 'system'\n GROUP BY \
                  table\n ORDER BY sum(bytes_on_disk) DESC;",
    fix: "ALTER TABLE system.query_log MODIFY TTL event_date + INTERVAL 30 DAY;",
    source: "ClickHouse documentation, system tables: by default, table growth is unlimited.",
    check,
    ..Rule::DEFAULT
};

fn check(context: &RuleContext<'_>) -> CheckResult {
    let seen = context.newest::<LogTables>()?;
    Ok(seen.tables.iter().filter_map(|table| object(context, table)).collect())
}

fn object(context: &RuleContext<'_>, table: &LogTable) -> Option<Object> {
    let value = as_f64(table.bytes_on_disk);
    let endless = table.left_over_of.is_some() || table.has_ttl == Some(false);
    if !endless || table.bytes_on_disk == 0 || !context.exceeds(value) {
        return None;
    }
    let (name, host_name) = (&table.name, &table.host_name);
    let why = match &table.left_over_of {
        Some(written) => format!("is a leftover: the server now writes to {written}"),
        None => "has no TTL".to_owned(),
    };
    Some(Object {
        name: format!("system.{name} on {host_name}"),
        value,
        note: format!("system.{name} on {host_name} has {} and {why}", format_bytes(value)),
        fix: table.fix().map(|fix| fix + ";"),
    })
}
