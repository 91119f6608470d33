//! Indexes that would reduce the cost of expensive statements.

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit, as_f64,
    format_bytes, format_pct,
};
use crate::model::{Engine, Evidence, IndexAdvice, IndexAdvices};

pub(crate) static RULE: Rule = Rule {
    id: "indexes.advised",
    scope: Scope::Only(Engine::Postgres),
    category: Category::Indexes,
    title: "Indexes suggested by query plans",
    description: "Indexes that the statements with the most total time would use, by the share of the \
                  planner's cost that each saves. Either HypoPG has shown that the planner would use it, or it \
                  is a hypothesis derived from the plan and the column statistics; the note states which.",
    needs: &[Need::Now("index_advice")],
    measure: Measure::Highest,
    threshold: Threshold { enter: 70.0, leave: 50.0, unit: Unit::Pct },
    curve: Curve { least: 1.0, worst: 100.0, most: 4.0 },
    makes_recommendations: true,
    recommendation: "Weigh the gain against the size of the index and the extra cost of every write to the \
                     table; test a hypothesis on a copy first. CONCURRENTLY does not block writes.",
    investigate: "-- GET /api/v1/databases/{id}/index-advice\n-- GET /api/v1/databases/{id}/queries/{hash}/explain",
    fix: "CREATE INDEX CONCURRENTLY ON schema.table (column);",
    source: "PostgreSQL documentation, 11.3 Multicolumn Indexes and 14.1 Using EXPLAIN.",
    check,
    ..Rule::DEFAULT
};

fn check(context: &RuleContext<'_>) -> CheckResult {
    let seen = context.newest_of_each::<IndexAdvices>();
    let all = seen.iter().flat_map(|(_, advices)| &advices.0);
    Ok(all.filter(|advice| context.exceeds(advice.gain_pct)).map(|advice| object(context, advice)).collect())
}

fn object(context: &RuleContext<'_>, advice: &IndexAdvice) -> Object {
    let IndexAdvice { database_name, schema_name, table_name, .. } = advice;
    let name = format!("{database_name}.{schema_name}.{table_name} ({})", advice.columns.join(", "));
    let says = match advice.evidence {
        Evidence::Hypopg => "HypoPG shows",
        Evidence::Hypothesis => "a hypothesis",
    };
    let size =
        advice.estimated_size_bytes.map(|size| format!(", takes about {}", format_bytes(as_f64(size))));
    let note = format!(
        "an index on {name} saves {} of the cost of {} statements ({says}){}",
        format_pct(advice.gain_pct),
        advice.statements.len(),
        size.unwrap_or_default()
    );
    Object {
        name,
        value: advice.gain_pct,
        note,
        fix: Some(context.run_in(database_name, &format!("{};", advice.create_sql))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::health::testing::{NOW, add_snapshot, found};
    use crate::model::HelpedStatement;

    fn advice(gain_pct: f64, evidence: Evidence) -> IndexAdvice {
        let statement =
            HelpedStatement { query_hash: "00".to_owned(), cost_before: 9.0, cost_after: None, gain_pct };
        IndexAdvice {
            database_name: "shop".to_owned(),
            schema_name: "public".to_owned(),
            table_name: "orders".to_owned(),
            columns: vec!["a".to_owned(), "b".to_owned()],
            statements: vec![statement],
            cost_before: 9.0,
            cost_after: None,
            gain_pct,
            estimated_size_bytes: Some(1_048_576),
            writes_per_second: None,
            evidence,
            note: None,
            create_sql: "CREATE INDEX CONCURRENTLY ON public.orders (a, b)".to_owned(),
            ts: NOW,
        }
    }

    #[test]
    fn only_advice_with_a_large_gain_is_reported() {
        for (gain_pct, evidence, expected) in [
            (69.0, Evidence::Hypopg, None),
            (
                96.0,
                Evidence::Hypothesis,
                Some(
                    "an index on shop.public.orders (a, b) saves 96 % of the cost of 1 statements (a hypothesis), takes about 1.0 MB",
                ),
            ),
        ] {
            let advices = IndexAdvices(vec![advice(gain_pct, evidence)]);
            let objects = found(&RULE, |facts| add_snapshot(facts, "shop", advices)).unwrap();
            assert_eq!(objects.first().map(|object| object.note.as_str()), expected, "{gain_pct}");
        }
    }
}
