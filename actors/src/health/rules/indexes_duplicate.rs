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
                  that enforces uniqueness). One is left out that does \
                  anything that the other does not: a replica identity, the target of a foreign key, a constraint that \
                  the other does not enforce as strictly. The value is their total size on disk; every write maintains \
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
        let sizes = if groups.is_empty() { HashMap::new() } else { sizes(&catalog, seen) };
        for group in &groups {
            for facts in &group.drop {
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

/// The size of each index; of one of a partitioned table, that of all that are attached to it.
fn sizes(catalog: &IndexCatalog, seen: &IndexSnapshot) -> HashMap<i64, i64> {
    let parents: HashMap<i64, i64> =
        catalog.indexes.iter().filter_map(|facts| Some((facts.oid, facts.parent_oid?))).collect();
    let mut sizes = HashMap::new();
    for index in &seen.0.relations {
        let size = INDEXES.column("size_bytes").map(|place| index.values[place]);
        let Some(size) = size.filter(|size| *size != NULL) else { continue };
        let mut oid = Some(index.oid);
        while let Some(known) = oid {
            *sizes.entry(known).or_default() += size;
            oid = parents.get(&known).copied();
        }
    }
    sizes
}

fn drop(facts: &IndexFacts) -> String {
    if facts.constraint_backed {
        let table = quote_name(&[&facts.schema, &facts.table]);
        return format!("ALTER TABLE {table} DROP CONSTRAINT {};", quote_name(&[&facts.name]));
    }
    let name = quote_name(&[&facts.schema, &facts.name]);
    if facts.is_partitioned {
        return format!(
            "-- locks the table and all of its partitions exclusively, for a moment: not possible concurrently\nDROP INDEX {name};"
        );
    }
    format!("DROP INDEX CONCURRENTLY {name};")
}
