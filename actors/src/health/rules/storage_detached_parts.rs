//! Detached parts.

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit, Unknown,
    format_count, quote_clickhouse_literal, quote_name,
};
use crate::model::{Engine, PartsSnapshot};

pub(crate) static RULE: Rule = Rule {
    id: "storage.detached_parts",
    scope: Scope::Only(Engine::Clickhouse),
    category: Category::Storage,
    title: "Tables have detached parts",
    description: "Parts in the detached folder of each table: detached on purpose, or by the server because \
                  they were broken or unexpected. They take disk space, and no query reads them.",
    needs: &[Need::Now("ch_parts")],
    measure: Measure::Highest,
    threshold: Threshold { enter: 1.0, leave: 1.0, unit: Unit::Count },
    curve: Curve { least: 1.0, worst: 1000.0, most: 4.0 },
    makes_recommendations: true,
    recommendation: "Check the reason of each: attach what belongs to the table, and drop what does not.",
    investigate: "SELECT database, table, name, reason FROM system.detached_parts;",
    fix: "ALTER TABLE database.table ATTACH PART 'name';\n-- or\nALTER TABLE database.table DROP DETACHED \
          PART 'name' SETTINGS allow_drop_detached = 1;",
    source: "ClickHouse documentation, system.detached_parts; ALTER TABLE .. DROP DETACHED PART.",
    check,
    ..Rule::DEFAULT
};

fn check(context: &RuleContext<'_>) -> CheckResult {
    let seen = context.newest::<PartsSnapshot>()?;
    let counted: Vec<_> =
        seen.tables.iter().filter_map(|table| Some((table, table.parts.as_ref()?))).collect();
    if !counted.is_empty() && counted.iter().all(|(_, parts)| parts.detached_parts.is_none()) {
        return Err(Unknown::because("detached parts are not counted"));
    }
    let found = counted.into_iter().filter_map(|(table, parts)| {
        let detached = parts.detached_parts.filter(|detached| *detached > 0)?;
        let value = f64::from(u32::try_from(detached).ok()?);
        let (database, table) = (&*table.database, &*table.table);
        let name = format!("{database}.{table}");
        let of_table = quote_name(&[database, table]);
        context.exceeds(value).then(|| Object {
            note: format!("{name} has {} detached parts", format_count(detached)),
            value,
            name,
            fix: Some(format!(
                "SELECT name, reason FROM system.detached_parts WHERE database = {} AND table = {};\n\
                 -- ALTER TABLE {of_table} ATTACH PART 'name';  brings one back\n\
                 -- ALTER TABLE {of_table} DROP DETACHED PART 'name' SETTINGS allow_drop_detached = 1;  removes it",
                quote_clickhouse_literal(database),
                quote_clickhouse_literal(table)
            )),
        })
    });
    Ok(found.collect())
}
