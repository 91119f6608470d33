//! Indexes that do what another one does too.

use std::collections::HashMap;
use std::time::Duration;

use crate::analysis::{OverlapReason, overlaps};
use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit, bytes,
    float, quoted,
};
use crate::model::relations::{IndexCatalog, IndexFacts, IndexSnapshot};
use crate::model::streams::INDEXES;
use crate::model::{Engine, NULL};

pub(crate) static RULE: Rule = Rule {
    id: "indexes.duplicate",
    scope: Scope::Only(Engine::Postgres),
    category: Category::Indexes,
    title: "Indexes do the same twice",
    description: "Indexes that are the same as another one of their table but for the name, and those whose columns another \
               one begins with (B-trees without predicate or expressions, and never one that guards uniqueness). What \
               they take on disk is summed up; every write pays for them.",
    needs: &[Need::Now("pg_index"), Need::Now("pg_stat_user_indexes")],
    window: Duration::ZERO,
    baseline: Duration::ZERO,
    measure: Measure::Sum,
    threshold: Threshold { enter: 1024.0 * 1024.0, leave: 1024.0 * 1024.0, unit: Unit::Bytes },
    hold_for: Duration::ZERO,
    curve: Curve { least: 1.0, worst: 50.0 * 1024.0 * 1024.0 * 1024.0, most: 8.0 },
    makes_recommendations: true,
    recommendation: "Drop the one that is not needed. A shorter index is smaller and may serve scans of it alone a little \
                     faster: where that matters most, keep both.",
    investigate: "-- GET /api/v1/databases/{id}/indexes/duplicates",
    fix: "DROP INDEX CONCURRENTLY ...;",
    source: "PostgreSQL documentation, Multicolumn Indexes: an index is usable with conditions on any leading subset of \
             its columns.",
    check,
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
                // one that is gone by now has no size
                let Some(size) = sizes.get(&facts.oid) else { continue };
                let does = match group.reason {
                    OverlapReason::Duplicate => "does the same",
                    OverlapReason::Redundant => "begins with the same columns",
                };
                found.push(Object {
                    name: context.called(&database, &[&facts.schema, &facts.name]),
                    value: float(*size),
                    note: format!(
                        "{} on {} takes {}, and {} {does}",
                        facts.name,
                        facts.table,
                        bytes(float(*size)),
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
        let table = quoted(&[&facts.schema, &facts.table]);
        return format!("ALTER TABLE {table} DROP CONSTRAINT {};", quoted(&[&facts.name]));
    }
    format!("DROP INDEX CONCURRENTLY {};", quoted(&[&facts.schema, &facts.name]))
}
