//! Statements whose plan changed.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit, as_f64,
    format_duration,
};
use crate::model::streams::EVENTS;
use crate::model::{Engine, EventKind, History};

pub(crate) static RULE: Rule = Rule {
    id: "queries.plan_changed",
    scope: Scope::Only(Engine::Postgres),
    category: Category::Queries,
    title: "Query plans changed",
    description: "Statements for which the planner now chooses another plan. Often it is a better one, so it \
                  takes no points: queries.regression reports statements that became slow. The issue clears when the window has passed.",
    needs: &[Need::Totals("explain_plans", &EVENTS)],
    window: Duration::from_secs(3600),
    measure: Measure::Count,
    threshold: Threshold { enter: 1.0, leave: 1.0, unit: Unit::Count },
    curve: Curve::flat(0.0),
    recommendation: "Compare the two plans. If the new one is worse, look for a dropped index or outdated \
                     statistics.",
    investigate: "-- GET /api/v1/databases/{id}/queries/{query_hash}/explain",
    fix: "-- if the new plan is worse: recreate the index that the old one used, or ANALYZE the tables",
    source: "PostgreSQL documentation, Using EXPLAIN; Statistics Used by the Planner.",
    check,
    ..Rule::DEFAULT
};

/// What happened to the plan of one statement, in the order of time.
#[derive(Default)]
struct Changes<'a>(BTreeMap<i64, (&'a str, &'a str)>);

impl<'a> Changes<'a> {
    /// Counts changes of the plan: the log and EXPLAIN both report the same one.
    fn times(&self) -> i64 {
        let mut known = None;
        let mut times = 0;
        for (before, after) in self.0.values() {
            if *known.get_or_insert(plan(before)) != plan(after) {
                times += 1;
                known = Some(plan(after));
            }
        }
        times
    }

    fn newest(&self) -> (&'a str, &'a str) {
        self.0.last_key_value().map_or(("another", "a new one"), |(_, change)| *change)
    }
}

/// The plan's own name, before its cost.
fn plan(shown: &str) -> &str {
    shown.split(' ').next().unwrap_or(shown)
}

fn check(context: &RuleContext<'_>) -> CheckResult {
    let found = changed(context, &context.past_or_empty(&EVENTS));
    context.check_happened(&EVENTS, f64::from(u32::try_from(found.len()).unwrap_or(u32::MAX)))?;
    Ok(found)
}

fn changed(context: &RuleContext<'_>, past: &History) -> Vec<Object> {
    let kind = EventKind::PlanChanged.as_str();
    let mut by_statement: BTreeMap<&str, Changes<'_>> = BTreeMap::new();
    for event in &past.series {
        let text = |column| past.text(event.get(&EVENTS, column)?);
        let Some(subject) = text("subject").filter(|_| text("kind") == Some(kind)) else { continue };
        let at_ms = event.get(&EVENTS, "happened_at_ms").unwrap_or(0);
        let change = (text("before").unwrap_or("another"), text("after").unwrap_or("a new one"));
        by_statement.entry(subject).or_default().0.insert(at_ms, change);
    }
    let object = |(subject, changes): (&str, Changes<'_>)| {
        let (times, (before, after)) = (changes.times(), changes.newest());
        let often = if times == 1 { "once".to_owned() } else { format!("{times} times") };
        Object {
            name: subject.to_owned(),
            value: as_f64(times),
            note: format!(
                "the plan of {subject} changed {often} within {}, last from {before} to {after}",
                format_duration(context.window()),
            ),
            fix: None,
        }
    };
    by_statement.into_iter().map(object).collect()
}

#[cfg(test)]
mod tests {
    use super::Changes;

    #[test]
    fn a_change_that_is_reported_twice_counts_once() {
        let times = |changes: &[(i64, (&'static str, &'static str))]| {
            Changes(changes.iter().copied().collect()).times()
        };
        assert_eq!(times(&[(1, ("a cost 1", "b cost 2"))]), 1);
        assert_eq!(times(&[(1, ("a cost 1", "b cost 2")), (2, ("a cost 3", "b cost 2"))]), 1);
        assert_eq!(times(&[(1, ("a", "b")), (2, ("b", "a")), (3, ("b", "a")), (4, ("a", "c"))]), 3);
    }
}
