//! Statements that would be faster with an index that is not there.

use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit, bytes,
    float, pct,
};
use crate::model::{Engine, Evidence, IndexAdvice, IndexAdvices};

pub(crate) static RULE: Rule = Rule {
    id: "indexes.advised",
    scope: Scope::Only(Engine::Postgres),
    category: Category::Indexes,
    title: "Statements would be faster with an index",
    description: "Indexes that the statements that take the most time would use, by the share of their cost that each saves. \
               Either HypoPG has shown that the planner would use it, or it is a hypothesis from the plan and the \
               statistics of the columns; the note says which.",
    needs: &[Need::Now("index_advice")],
    window: Duration::ZERO,
    baseline: Duration::ZERO,
    measure: Measure::Highest,
    threshold: Threshold { enter: 70.0, leave: 50.0, unit: Unit::Pct },
    hold_for: Duration::ZERO,
    curve: Curve { least: 1.0, worst: 100.0, most: 4.0 },
    makes_recommendations: true,
    recommendation: "Weigh what the statements gain against the size of the index and what each write to the table will \
                     cost more; try a hypothesis on a copy first. CONCURRENTLY keeps writers going.",
    investigate: "-- GET /api/v1/databases/{id}/index-advice\n-- GET /api/v1/databases/{id}/queries/{hash}/explain",
    fix: "CREATE INDEX CONCURRENTLY ON schema.table (column);",
    source: "PostgreSQL documentation, 11.3 Multicolumn Indexes and 14.1 Using EXPLAIN.",
    check,
};

fn check(context: &RuleContext<'_>) -> CheckResult {
    let seen = context.newest_of_each::<IndexAdvices>();
    let all = seen.iter().flat_map(|(_, advices)| &advices.0);
    Ok(all.filter(|advice| context.exceeds(advice.gain_pct)).map(object).collect())
}

fn object(advice: &IndexAdvice) -> Object {
    let IndexAdvice { database_name, schema_name, table_name, .. } = advice;
    let name = format!("{database_name}.{schema_name}.{table_name} ({})", advice.columns.join(", "));
    let says = match advice.evidence {
        Evidence::Hypopg => "HypoPG shows",
        Evidence::Hypothesis => "a hypothesis",
    };
    let size = advice.estimated_size_bytes.map(|size| format!(", takes about {}", bytes(float(size))));
    let note = format!(
        "an index on {name} saves {} of the cost of {} statements ({says}){}",
        pct(advice.gain_pct),
        advice.statements.len(),
        size.unwrap_or_default()
    );
    Object { name, value: advice.gain_pct, note, fix: Some(format!("{};", advice.create_sql)) }
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
    fn only_what_gains_much_is_told() {
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
