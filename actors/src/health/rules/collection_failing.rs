//! Collectors that fail.

use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Object, Rule, RuleContext, Scope, Threshold, Unit,
};
use crate::model::{CollectorState, CollectorStatus};

pub(crate) static RULE: Rule = Rule {
    id: "collection.failing",
    scope: Scope::Any,
    category: Category::Collection,
    title: "Collectors fail",
    description: "Collectors whose last run failed although the server responds. One that cannot run here, \
                  because an extension or a privilege is missing, does not count as a failure: the rules that \
                  need it are not evaluated and state the reason.",
    measure: Measure::Count,
    threshold: Threshold { enter: 1.0, leave: 1.0, unit: Unit::Count },
    hold_for: Duration::from_secs(60),
    curve: Curve { least: 5.0, worst: 5.0, most: 20.0 },
    recommendation: "Read the reason that each collector gives, and apply its fix.",
    investigate: "-- GET /api/v1/databases/{id}/collectors",
    fix: "-- the fix that the collector names",
    source: "Missing data must be visible.",
    check,
    ..Rule::DEFAULT
};

fn check(context: &RuleContext<'_>) -> CheckResult {
    let facts = context.facts();
    // while nothing can be stored all of them fail: another rule reports that
    let is_of_the_store =
        |line: &&CollectorStatus| facts.store_error.is_some() && line.reason == facts.store_error;
    let failing = facts.collectors.iter().filter(|line| line.state == CollectorState::Failing);
    let failing = failing.filter(|line| !is_of_the_store(line));
    Ok(failing.map(object).collect())
}

fn object(line: &CollectorStatus) -> Object {
    let reason = line.reason.as_deref().unwrap_or("the reason is not known");
    Object {
        name: line.name.to_owned(),
        value: 1.0,
        note: format!("{} fails: {reason}", line.name),
        fix: line.fix.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::health::testing::{collector, found};

    #[test]
    fn skipped_collectors_are_not_failing() {
        let mut lines = vec![collector("pg_locks"), collector("pg_settings"), collector("pg_stat_wal")];
        (lines[0].state, lines[0].reason) = (CollectorState::Failing, Some("timed out".to_owned()));
        lines[1].state = CollectorState::Skipped;
        let objects = found(&RULE, |facts| facts.collectors = lines).unwrap();
        let notes: Vec<&str> = objects.iter().map(|object| object.note.as_str()).collect();
        assert_eq!(notes, ["pg_locks fails: timed out"]);
    }
}
