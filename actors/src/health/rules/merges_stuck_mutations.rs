//! Mutations that fail again and again, or do not get on.

use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit,
    clickhouse_literal,
};
use crate::model::{Engine, Mutation, MutationSnapshot};

pub(crate) static RULE: Rule = Rule {
    id: "merges.stuck_mutations",
    scope: Scope::Only(Engine::Clickhouse),
    category: Category::Merges,
    title: "Mutations are stuck",
    description: "Mutations that are neither done nor killed and fail, or have finished no part for 15 \
               minutes while none of their parts is being rewritten. The server tries forever, later \
               mutations and some merges of the table wait, and data that should be gone is still there.",
    needs: &[Need::Now("ch_mutations")],
    window: Duration::ZERO,
    baseline: Duration::ZERO,
    measure: Measure::Count,
    threshold: Threshold { enter: 1.0, leave: 1.0, unit: Unit::Count },
    hold_for: Duration::from_secs(120),
    curve: Curve { least: 8.0, worst: 10.0, most: 25.0 },
    makes_recommendations: true,
    recommendation: "Read why it fails, kill it, and write it anew so that it holds for every row.",
    investigate: "SELECT database, table, mutation_id, command, parts_to_do, latest_failed_part, \
                  latest_fail_reason\n  FROM system.mutations\n WHERE NOT is_done;",
    fix: "KILL MUTATION WHERE database = 'database' AND table = 'table' AND mutation_id = 'mutation_2.txt';",
    source: "ClickHouse documentation, system.mutations and KILL MUTATION.",
    check,
};

fn check(context: &RuleContext<'_>) -> CheckResult {
    let seen = context.newest::<MutationSnapshot>()?;
    let mut objects: Vec<Object> =
        seen.mutations.iter().filter(|mutation| mutation.stuck).map(object).collect();
    // that of a replicated table is seen on each node
    objects.sort_by(|a, b| a.name.cmp(&b.name));
    objects.dedup_by(|a, b| a.name == b.name);
    Ok(objects)
}

fn object(mutation: &Mutation) -> Object {
    let Mutation { database, table, mutation_id, .. } = mutation;
    let left = mutation.parts_to_do.map(|parts| format!(" with {parts} parts to do")).unwrap_or_default();
    let reason = mutation.latest_fail_error_code_name.as_ref().or(mutation.latest_fail_reason.as_ref());
    let why = match (&mutation.latest_failed_part, reason) {
        (Some(part), Some(reason)) => format!("fails at part {part}: {reason}"),
        (None, Some(reason)) => format!("fails: {reason}"),
        (_, None) => "has finished no part for a quarter of an hour".to_owned(),
    };
    Object {
        name: format!("{database}.{table} {mutation_id}"),
        value: 1.0,
        note: format!("{mutation_id} of {database}.{table}{left} {why}"),
        fix: Some(format!(
            "KILL MUTATION WHERE database = {} AND table = {} AND mutation_id = {};",
            clickhouse_literal(database),
            clickhouse_literal(table),
            clickhouse_literal(mutation_id)
        )),
    }
}
