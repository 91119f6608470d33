//! Basira's own storage accepts no samples.

use crate::health::{
    Category, CheckResult, Curve, Measure, Object, Rule, RuleContext, Scope, Threshold, Unit,
};

/// The examiner applies it itself when nothing was read for too long because earlier samples could not be stored.
pub(crate) static RULE: Rule = Rule {
    id: "collection.storage_failing",
    scope: Scope::Any,
    category: Category::Collection,
    title: "Basira cannot store its samples",
    description: "Whether the last poll of this database could be stored. Its samples are kept in memory until \
                  they are stored, and the database is not polled until then: detail is missing for that time, \
                  sums are complete.",
    measure: Measure::Count,
    threshold: Threshold { enter: 1.0, leave: 1.0, unit: Unit::Count },
    curve: Curve::flat(30.0),
    recommendation: "Free disk space in data_dir, or restore the server of storage.url; Basira then continues.",
    investigate: "-- on the machine that runs Basira\n-- df -h DATA_DIR\n-- GET /readyz",
    fix: "-- free space on the disk that holds data_dir, or make its file system writable again",
    source: "Missing data must be visible.",
    check,
    ..Rule::DEFAULT
};

fn check(context: &RuleContext<'_>) -> CheckResult {
    let object = |reason: &String| Object {
        name: "storage".to_owned(),
        value: 1.0,
        note: format!("samples are not stored: {reason}"),
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
        assert_eq!(objects[0].note, "samples are not stored: disk full");
    }
}
