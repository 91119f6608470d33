//! Sequences near their last value.

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit,
    format_count, format_pct, quote_name,
};
use crate::model::{Engine, Sequence, SequenceSnapshot};

pub(crate) static RULE: Rule = Rule {
    id: "storage.sequence_exhaustion",
    scope: Scope::Only(Engine::Postgres),
    category: Category::Storage,
    title: "Sequences are nearly exhausted",
    description: "How far each sequence has advanced towards the last value that it can produce and that its \
                  column can hold. After that every insert fails. Sequences that cycle are left out.",
    needs: &[Need::Now("sequences")],
    measure: Measure::Highest,
    threshold: Threshold { enter: 75.0, leave: 70.0, unit: Unit::Pct },
    curve: Curve { least: 8.0, worst: 97.0, most: 50.0 },
    makes_recommendations: true,
    recommendation: "Change the column and its sequence to bigint in time: ALTER TABLE rewrites the whole \
                     table under an ACCESS EXCLUSIVE lock. For large tables add a bigint column, fill it in \
                     batches, and swap it with the old one. Columns that refer to it must follow.",
    investigate: "SELECT schemaname, sequencename, data_type, last_value, max_value\n  FROM pg_sequences\n WHERE last_value > \
                  max_value / 2;",
    fix: "ALTER SEQUENCE ... AS bigint NO MAXVALUE;\nALTER TABLE ... ALTER COLUMN ... TYPE bigint;",
    source: "PostgreSQL documentation, Serial Types; CREATE SEQUENCE; ALTER TABLE.",
    check,
    ..Rule::DEFAULT
};

fn check(context: &RuleContext<'_>) -> CheckResult {
    let mut found = Vec::new();
    for (database, seen) in context.newest_of_each::<SequenceSnapshot>() {
        for sequence in seen.sequences.iter().filter(|sequence| !sequence.cycle) {
            let Some(used) = sequence.used_pct.filter(|used| context.exceeds(*used)) else { continue };
            let Sequence { schema_name, sequence_name, limited_by, .. } = sequence;
            let note = format!(
                "{sequence_name} is at {} of {} ({}), {} are left; the {limited_by} is the limit",
                format_count(sequence.last_value.unwrap_or(0)),
                format_count(sequence.limit_value),
                format_pct(used),
                format_count(sequence.remaining.unwrap_or(0)),
            );
            found.push(Object {
                name: context.qualified(&database, &[schema_name, sequence_name]),
                value: used,
                note,
                fix: Some(context.run_in(&database, &fix(sequence))),
            });
        }
    }
    Ok(found)
}

/// Both the sequence and its column must hold more, or the other is the limit next.
fn fix(sequence: &Sequence) -> String {
    let mut steps = Vec::new();
    if sequence.limited_by == "sequence" || sequence.data_type != "bigint" {
        let end = if sequence.increment > 0 { "MAXVALUE" } else { "MINVALUE" };
        let name = quote_name(&[&sequence.schema_name, &sequence.sequence_name]);
        steps.push(format!("ALTER SEQUENCE {name} AS bigint NO {end};"));
    }
    if let (Some(schema), Some(table), Some(column), Some("smallint" | "integer")) =
        (&sequence.table_schema, &sequence.table_name, &sequence.column_name, sequence.column_type.as_deref())
    {
        let table = quote_name(&[schema, table]);
        steps.push(format!(
            "-- rewrites {table} and its indexes, locked against everybody (ACCESS EXCLUSIVE) until it is done\n\
             ALTER TABLE {table} ALTER COLUMN {} TYPE bigint;",
            quote_name(&[column])
        ));
    }
    steps.join("\n")
}
