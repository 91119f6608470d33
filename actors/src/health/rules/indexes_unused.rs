//! Indexes without scans.

use std::collections::HashMap;
use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit, Unknown,
    as_f64, format_bytes, format_duration, quote_name,
};
use crate::model::relations::{INDEX_COLUMNS, IndexCatalog, IndexFacts, IndexSnapshot, Relation};
use crate::model::streams::INDEXES;
use crate::model::{Engine, NULL, Replication};

pub(crate) static RULE: Rule = Rule {
    id: "indexes.unused",
    scope: Scope::Only(Engine::Postgres),
    category: Category::Indexes,
    title: "Unused indexes",
    description: "Indexes larger than 1 MB without a single scan since the counters were reset or lost and \
                  the index was seen first, which must be at least 14 days ago (window_seconds). Left out are indexes that enforce a constraint \
                  (primary, unique, exclusion), that are invalid, that have expressions (the planner uses \
                  their statistics), or that belong to an index of a partitioned table. The value is their \
                  total size on disk; every write maintains them.",
    needs: &[Need::Now("pg_stat_user_indexes"), Need::Now("pg_index"), Need::Now("pg_stat_replication")],
    window: Duration::from_secs(14 * 24 * 3600),
    measure: Measure::Sum,
    threshold: Threshold { enter: 1024.0 * 1024.0, leave: 1024.0 * 1024.0, unit: Unit::Bytes },
    curve: Curve { least: 1.0, worst: 50.0 * 1024.0 * 1024.0 * 1024.0, most: 8.0 },
    makes_recommendations: true,
    recommendation: "Make sure that no monthly or yearly report needs the index, and that no standby scans it \
                     (idx_scan is counted on each server separately). Then drop it; keep its definition.",
    investigate: "SELECT schemaname, indexrelname, idx_scan, pg_size_pretty(pg_relation_size(indexrelid)) AS size\n  FROM \
                  pg_stat_user_indexes\n WHERE idx_scan = 0\n ORDER BY pg_relation_size(indexrelid) DESC;",
    fix: "DROP INDEX CONCURRENTLY ...;",
    source: "PostgreSQL documentation, Examining Index Usage; pg_stat_all_indexes: each server counts its own \
             scans in idx_scan.",
    check,
    ..Rule::DEFAULT
};

/// Smaller indexes are not reported.
const WORTH_DROPPING_BYTES: i64 = 1024 * 1024;

fn check(context: &RuleContext<'_>) -> CheckResult {
    let catalogs = context.newest_of_each::<IndexCatalog>();
    let standbys = context.newest::<Replication>()?.standbys.len();
    let (mut found, mut too_young) = (Vec::new(), None);
    for (database, seen) in context.newest_of_each::<IndexSnapshot>() {
        if seen.0.in_recovery {
            return Err(Unknown::because("a standby counts only its own scans, and cannot drop an index"));
        }
        let unscanned: HashMap<i64, (i64, Duration)> = seen
            .0
            .relations
            .iter()
            .filter_map(|index| Some((index.oid, (size_if_unscanned(index)?, seen.0.counted_for(index)))))
            .collect();
        let catalog = catalogs.iter().filter(|(name, _)| *name == database);
        for facts in catalog.flat_map(|(_, catalog)| &catalog.indexes) {
            let Some((size, counted_for)) = unscanned.get(&facts.oid).filter(|_| is_dispensable(facts))
            else {
                continue;
            };
            if *counted_for < context.window() {
                too_young = too_young.max(Some(*counted_for));
                continue;
            }
            found.push(object(context, &database, facts, *size, (*counted_for, standbys)));
        }
    }
    match too_young.filter(|_| found.is_empty()) {
        Some(counted_for) => {
            let (so_far, needed) = (format_duration(counted_for), format_duration(context.window()));
            Err(Unknown(format!("scans have been counted for {so_far}, and {needed} are needed")))
        }
        None => Ok(found),
    }
}

fn object(
    context: &RuleContext<'_>,
    database: &str,
    facts: &IndexFacts,
    size: i64,
    (counted_for, standbys): (Duration, usize),
) -> Object {
    let elsewhere = match standbys {
        0 => String::new(),
        _ => format!("; {standbys} standbys are connected, check their idx_scan first"),
    };
    let sql = format!("DROP INDEX CONCURRENTLY {};", quote_name(&[&facts.schema, &facts.name]));
    Object {
        name: context.qualified(database, &[&facts.schema, &facts.name]),
        value: as_f64(size),
        note: format!(
            "{} on {} takes {} and was not scanned within {}{elsewhere}",
            facts.name,
            facts.table,
            format_bytes(as_f64(size)),
            format_duration(counted_for)
        ),
        fix: Some(context.run_in(database, &sql)),
    }
}

/// What it takes on disk, when it is large and was never scanned.
fn size_if_unscanned(index: &Relation<INDEX_COLUMNS>) -> Option<i64> {
    let cell = |name| Some(index.values[INDEXES.column(name)?]).filter(|value| *value != NULL);
    let size = cell("size_bytes").filter(|size| *size > WORTH_DROPPING_BYTES)?;
    (cell("idx_scan") == Some(0)).then_some(size)
}

fn is_dispensable(facts: &IndexFacts) -> bool {
    let guards = facts.is_primary || facts.is_unique || facts.is_exclusion || facts.constraint_backed;
    let serves = facts.has_expressions || facts.is_attached || facts.last_idx_scan.is_some();
    !guards && !serves && facts.is_valid
}
