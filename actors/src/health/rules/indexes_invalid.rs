//! Invalid indexes.

use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit, Unknown,
    quote_name,
};
use crate::model::relations::{IndexCatalog, IndexFacts};
use crate::model::{Engine, ProgressSnapshot};

pub(crate) static RULE: Rule = Rule {
    id: "indexes.invalid",
    scope: Scope::Only(Engine::Postgres),
    category: Category::Indexes,
    title: "Invalid indexes",
    description: "Indexes left behind by a failed CREATE INDEX CONCURRENTLY or REINDEX CONCURRENTLY. No \
                  statement uses them, but every write maintains them, and a unique one still rejects rows. \
                  Tables with an index build in progress are left out.",
    needs: &[Need::Now("pg_index"), Need::Now("vacuum_progress")],
    measure: Measure::Count,
    threshold: Threshold { enter: 1.0, leave: 1.0, unit: Unit::Count },
    // the catalog is read once a minute, and may still show what was being built then
    hold_for: Duration::from_secs(150),
    curve: Curve { least: 5.0, worst: 20.0, most: 12.0 },
    makes_recommendations: true,
    recommendation: "Rebuild the index once the cause of the failure is fixed (duplicates, a deadlock, a \
                     cancelled session), or drop it. An index whose name ends in _ccnew or _ccold was left \
                     behind by REINDEX and can be dropped.",
    investigate: "SELECT indexrelid::regclass, indrelid::regclass FROM pg_index WHERE NOT indisvalid;",
    fix: "REINDEX INDEX CONCURRENTLY ...;\n-- or: DROP INDEX CONCURRENTLY ...;",
    source: "PostgreSQL documentation, CREATE INDEX, Building Indexes Concurrently; REINDEX, Rebuilding Indexes \
             Concurrently.",
    check,
    ..Rule::DEFAULT
};

fn check(context: &RuleContext<'_>) -> CheckResult {
    if context.is_standby() {
        return Err(Unknown::because("a standby does not show whether the primary is building an index"));
    }
    let progress = context.newest::<ProgressSnapshot>()?;
    let mut found = Vec::new();
    for (database, catalog) in context.newest_of_each::<IndexCatalog>() {
        for facts in catalog.indexes.iter().filter(|facts| !facts.is_valid && !facts.is_partitioned) {
            if is_being_built(&progress, &database, facts) {
                continue;
            }
            found.push(Object {
                name: context.qualified(&database, &[&facts.schema, &facts.name]),
                value: 1.0,
                note: format!("{} on {} is not valid", facts.name, facts.table),
                fix: Some(context.run_in(&database, &fix(facts))),
            });
        }
    }
    Ok(found)
}

/// Whether an index of its table is being built. The table is not known in other databases.
fn is_being_built(progress: &ProgressSnapshot, database: &str, facts: &IndexFacts) -> bool {
    progress.running.iter().filter(|running| running.command.contains("index")).any(|running| {
        let of_table = running.table_name.as_deref().is_none_or(|table| *facts.table == *table);
        let of_schema = running.schema_name.as_deref().is_none_or(|schema| *facts.schema == *schema);
        running.database_name.as_deref() == Some(database) && of_table && of_schema
    })
}

fn fix(facts: &IndexFacts) -> String {
    let name = quote_name(&[&facts.schema, &facts.name]);
    let tail = facts.name.trim_end_matches(|character: char| character.is_ascii_digit());
    if tail.ends_with("_ccnew") || tail.ends_with("_ccold") {
        return format!("DROP INDEX CONCURRENTLY {name};");
    }
    format!("REINDEX INDEX CONCURRENTLY {name};\n-- or: DROP INDEX CONCURRENTLY {name};")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::health::testing::{NOW, add_snapshot, found};
    use crate::model::Progress;
    use crate::model::relations::IndexShape;

    fn index(name: &str) -> IndexFacts {
        IndexFacts {
            oid: 1,
            table_oid: 2,
            schema: "public".into(),
            name: name.into(),
            table: "item".into(),
            is_unique: false,
            is_primary: false,
            is_valid: false,
            is_ready: false,
            is_exclusion: false,
            is_referenced: false,
            is_immediate: true,
            constraint_backed: false,
            has_predicate: false,
            has_expressions: false,
            is_attached: false,
            is_partitioned: false,
            parent_oid: None,
            parameters: 0,
            shape: IndexShape { method: 403, keys: Vec::new(), included: Vec::new() }.into(),
            last_idx_scan: None,
            definition: None,
        }
    }

    fn building(table: Option<&str>) -> Progress {
        let text = |text: &str| Some(text.to_owned());
        Progress {
            command: "create index concurrently".to_owned(),
            pid: 1,
            database_name: text("shop"),
            schema_name: table.and(text("public")),
            table_name: table.and_then(text),
            phase: None,
            blocks_total: None,
            blocks_done: None,
            progress_pct: None,
            index_vacuum_count: None,
            dead_items: None,
            max_dead_tuples: None,
            max_dead_tuple_bytes: None,
            dead_tuple_bytes: None,
            indexes_total: None,
            indexes_processed: None,
            delay_time_ms: None,
            is_autovacuum: None,
            is_wraparound: None,
            started_at: None,
        }
    }

    #[test]
    fn an_index_being_built_is_not_reported() {
        for (running, expected) in [
            (vec![], 1),
            (vec![building(Some("other"))], 1),
            (vec![building(Some("item"))], 0),
            (vec![building(None)], 0),
        ] {
            let objects = found(&RULE, |facts| {
                let indexes = vec![index("item_n").into()];
                add_snapshot(facts, "shop", IndexCatalog { at: NOW, indexes });
                add_snapshot(facts, "shop", ProgressSnapshot { at: NOW, running });
            });
            assert_eq!(objects.unwrap().len(), expected);
        }
    }

    #[test]
    fn leftovers_of_reindex_are_dropped() {
        assert_eq!(fix(&index("item_n_ccnew1")), "DROP INDEX CONCURRENTLY public.item_n_ccnew1;");
        assert!(fix(&index("item_n")).starts_with("REINDEX INDEX CONCURRENTLY public.item_n;"));
    }
}
