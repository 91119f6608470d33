//! Statements are run by other plans than before.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::health::{
    Case, Category, Curve, Found, Measure, Need, Object, Rule, Scope, Threshold, Unit, float, span,
};
use crate::model::streams::EVENTS;
use crate::model::{Engine, EventKind};

pub(crate) static RULE: Rule = Rule {
    id: "queries.plan_changed",
    scope: Scope::Only(Engine::Postgres),
    category: Category::Queries,
    title: "Plans of statements changed",
    looks_at: "Statements for which the planner now chooses another plan than it did before. That is often for the better, \
               and worth a look when something has become slow. It clears by itself when the window is over.",
    needs: &[Need::Totals("explain_plans", &EVENTS)],
    window: Duration::from_secs(3600),
    baseline: Duration::ZERO,
    measure: Measure::Count,
    threshold: Threshold { enter: 1.0, leave: 1.0, unit: Unit::Count },
    lasting: Duration::ZERO,
    curve: Curve { least: 1.0, worst: 50.0, most: 4.0 },
    advises: false,
    recommendation: "Compare the two plans. When the new one is worse, look for an index that was dropped, or statistics that \
                     no longer fit.",
    investigate: "-- GET /api/v1/databases/{id}/queries/{query_hash}/explain",
    fix: "-- where the new plan is worse: bring back the index that the old one used, or ANALYZE the tables",
    source: "PostgreSQL documentation, Using EXPLAIN; Statistics Used by the Planner.",
    check,
};

/// What happened to the plan of one statement.
struct Changes<'a> {
    times: i64,
    newest_ms: i64,
    before: Option<&'a str>,
    after: Option<&'a str>,
}

fn check(case: &Case<'_>) -> Found {
    let past = case.totals(&EVENTS)?;
    let kind = EventKind::PlanChanged.as_str();
    let mut by_statement: BTreeMap<&str, Changes<'_>> = BTreeMap::new();
    for event in &past.series {
        let text = |column| past.text(event.get(&EVENTS, column)?);
        let Some(subject) = text("subject").filter(|_| text("kind") == Some(kind)) else { continue };
        let at_ms = event.get(&EVENTS, "happened_at_ms").unwrap_or(0);
        let nothing = Changes { times: 0, newest_ms: i64::MIN, before: None, after: None };
        let changes = by_statement.entry(subject).or_insert(nothing);
        changes.times += 1;
        if at_ms >= changes.newest_ms {
            (changes.newest_ms, changes.before, changes.after) = (at_ms, text("before"), text("after"));
        }
    }
    let object = |(subject, changes): (&str, Changes<'_>)| Object {
        name: subject.to_owned(),
        value: float(changes.times),
        note: format!(
            "the plan of {subject} changed {} within {}, last from {} to {}",
            if changes.times == 1 { "once".to_owned() } else { format!("{} times", changes.times) },
            span(case.window()),
            changes.before.unwrap_or("another"),
            changes.after.unwrap_or("a new one")
        ),
        fix: None,
    };
    Ok(by_statement.into_iter().map(object).collect())
}
