//! Mutations that fail repeatedly or make no progress.

use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit,
    quote_clickhouse_literal,
};
use crate::model::{Engine, Mutation, MutationSnapshot};

pub(crate) static RULE: Rule = Rule {
    id: "merges.stuck_mutations",
    scope: Scope::Only(Engine::Clickhouse),
    category: Category::Merges,
    title: "Stuck mutations",
    description: "Unfinished mutations that fail, or that have finished no part for 15 minutes while none of \
                  their parts is being rewritten. The server retries forever, later mutations and some merges \
                  of the table wait, and data that should be deleted is still there.",
    needs: &[Need::Now("ch_mutations")],
    measure: Measure::Count,
    threshold: Threshold { enter: 1.0, leave: 1.0, unit: Unit::Count },
    hold_for: Duration::from_secs(120),
    curve: Curve { least: 8.0, worst: 10.0, most: 25.0 },
    makes_recommendations: true,
    recommendation: "Read why it fails, kill it, and rewrite it so that it succeeds for every row.",
    investigate: "SELECT database, table, mutation_id, command, parts_to_do, latest_failed_part, \
                  latest_fail_reason\n  FROM system.mutations\n WHERE NOT is_done;",
    fix: "KILL MUTATION WHERE database = 'database' AND table = 'table' AND mutation_id = 'mutation_2.txt';",
    source: "ClickHouse documentation, system.mutations and KILL MUTATION.",
    check,
    ..Rule::DEFAULT
};

fn check(context: &RuleContext<'_>) -> CheckResult {
    let seen = context.newest::<MutationSnapshot>()?;
    let mut objects: Vec<Object> =
        seen.mutations.iter().filter(|mutation| mutation.stuck).map(object).collect();
    // a mutation of a replicated table is listed on each node
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
        (_, None) => "has finished no part for 15 minutes".to_owned(),
    };
    Object {
        name: format!("{database}.{table} {mutation_id}"),
        value: 1.0,
        note: format!("{mutation_id} of {database}.{table}{left} {why}"),
        fix: Some(format!(
            "KILL MUTATION WHERE database = {} AND table = {} AND mutation_id = {};",
            quote_clickhouse_literal(database),
            quote_clickhouse_literal(table),
            quote_clickhouse_literal(mutation_id)
        )),
    }
}
