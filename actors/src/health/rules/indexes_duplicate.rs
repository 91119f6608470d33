//! Duplicate and redundant indexes.

use crate::analysis::{OverlapReason, overlaps};
use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit, as_f64,
    format_bytes, quote_name,
};
use crate::model::relations::{IndexCatalog, IndexFacts, IndexSnapshot};
use crate::model::streams::INDEXES;
use crate::model::{Engine, NULL};
use std::collections::HashMap;

pub(crate) static RULE: Rule = Rule {
    id: "indexes.duplicate",
    scope: Scope::Only(Engine::Postgres),
    category: Category::Indexes,
    title: "Duplicate or redundant indexes",
    description: "Indexes with the same definition as another one of their table, and those whose columns are \
                  the leading columns of another one (B-trees without predicate or expressions, and never one \
                  that enforces uniqueness). The value is their total size on disk; every write maintains \
                  them.",
    needs: &[Need::Now("pg_index"), Need::Now("pg_stat_user_indexes")],
    measure: Measure::Sum,
    threshold: Threshold { enter: 1024.0 * 1024.0, leave: 1024.0 * 1024.0, unit: Unit::Bytes },
    curve: Curve { least: 1.0, worst: 50.0 * 1024.0 * 1024.0 * 1024.0, most: 8.0 },
    makes_recommendations: true,
    recommendation: "Drop the one that is not needed. A shorter index is smaller and may be scanned a little \
                     faster: where that matters most, keep both.",
    investigate: "-- GET /api/v1/databases/{id}/indexes/duplicates",
    fix: "DROP INDEX CONCURRENTLY ...;",
    source: "PostgreSQL documentation, Multicolumn Indexes: an index is usable with conditions on any leading subset of \
             its columns.",
    check,
    ..Rule::DEFAULT
};

fn check(context: &RuleContext<'_>) -> CheckResult {
    let snapshots = context.newest_of_each::<IndexSnapshot>();
    let mut found = Vec::new();
    for (database, catalog) in context.newest_of_each::<IndexCatalog>() {
        let groups = overlaps(&catalog);
        let Some((_, seen)) = snapshots.iter().find(|(name, _)| *name == database) else { continue };
        let size = INDEXES.column("size_bytes");
        let sizes: HashMap<i64, i64> = match groups.is_empty() {
            true => HashMap::new(),
            false => {
                let size_of = |values: &[i64]| size.map(|place| values[place]).filter(|size| *size != NULL);
                let indexes = seen.0.relations.iter();
                indexes.filter_map(|index| Some((index.oid, size_of(&index.values)?))).collect()
            }
        };
        for group in &groups {
            for facts in group.drop.iter().filter(|facts| !facts.is_attached) {
                // one that was dropped meanwhile has no size
                let Some(size) = sizes.get(&facts.oid) else { continue };
                let does = match group.reason {
                    OverlapReason::Duplicate => "does the same",
                    OverlapReason::Redundant => "begins with the same columns",
                };
                found.push(Object {
                    name: context.qualified(&database, &[&facts.schema, &facts.name]),
                    value: as_f64(*size),
                    note: format!(
                        "{} on {} takes {}, and {} {does}",
                        facts.name,
                        facts.table,
                        format_bytes(as_f64(*size)),
                        group.keep.name
                    ),
                    fix: Some(context.run_in(&database, &drop(facts))),
                });
            }
        }
    }
    Ok(found)
}

fn drop(facts: &IndexFacts) -> String {
    if facts.constraint_backed {
        let table = quote_name(&[&facts.schema, &facts.table]);
        return format!("ALTER TABLE {table} DROP CONSTRAINT {};", quote_name(&[&facts.name]));
    }
    format!("DROP INDEX CONCURRENTLY {};", quote_name(&[&facts.schema, &facts.name]))
}
