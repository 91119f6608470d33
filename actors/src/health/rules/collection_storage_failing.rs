//! Basira's own storage takes no samples: what happens on this database is not kept.

use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Object, Rule, RuleContext, Scope, Threshold, Unit,
};

/// When nothing was read for too long, because what was read before is not stored, the examiner applies it itself.
pub(crate) static RULE: Rule = Rule {
    id: "collection.storage_failing",
    scope: Scope::Any,
    category: Category::Collection,
    title: "Basira cannot store what it reads",
    description: "Whether the last poll of this database could be stored. What was read last is kept in memory until it \
               can; nothing more is read until then, so the samples have a gap in detail, though none in their sums.",
    needs: &[],
    window: Duration::ZERO,
    baseline: Duration::ZERO,
    measure: Measure::Count,
    threshold: Threshold { enter: 1.0, leave: 1.0, unit: Unit::Count },
    hold_for: Duration::ZERO,
    curve: Curve::flat(30.0),
    makes_recommendations: false,
    recommendation: "Make room on the disk of data_dir, or bring the server of storage.url back; Basira goes on by \
                     itself.",
    investigate: "-- on the machine that runs Basira\n-- df -h DATA_DIR\n-- GET /readyz",
    fix: "-- make room on the disk that holds data_dir, or let its file system take writes again",
    source: "A monitor that keeps nothing must say so.",
    check,
};

fn check(context: &RuleContext<'_>) -> CheckResult {
    let object = |reason: &String| Object {
        name: "storage".to_owned(),
        value: 1.0,
        note: format!("what was read is not stored: {reason}"),
        fix: None,
    };
    Ok(context.facts().store_error.iter().map(object).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::health::testing::found;

    #[test]
    fn it_applies_while_what_is_read_is_not_stored() {
        assert_eq!(found(&RULE, |_| ()).unwrap(), []);
        let objects = found(&RULE, |facts| facts.store_error = Some("disk full".to_owned())).unwrap();
        assert_eq!(objects[0].note, "what was read is not stored: disk full");
    }
}
