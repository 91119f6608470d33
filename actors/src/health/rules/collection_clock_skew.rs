//! Clock skew between the server and Basira.

use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Object, Rule, RuleContext, Scope, Threshold, Unit, Unknown,
    format_duration,
};

pub(crate) static RULE: Rule = Rule {
    id: "collection.clock_skew",
    scope: Scope::Any,
    category: Category::Collection,
    title: "Clock skew between the server and Basira",
    description: "The server's clock compared with Basira's, when activity was last sampled. Samples carry the \
                  server's time, so charts of several databases do not line up, and tokens or certificates may \
                  fail elsewhere.",
    measure: Measure::Highest,
    threshold: Threshold { enter: 5.0, leave: 3.0, unit: Unit::Seconds },
    hold_for: Duration::from_secs(60),
    curve: Curve { least: 2.0, worst: 300.0, most: 8.0 },
    makes_recommendations: true,
    recommendation: "Synchronise both machines with the same time servers (chrony, systemd-timesyncd).",
    investigate: "SELECT now();  -- compare with `date -u` on the machine that runs Basira",
    fix: "-- timedatectl set-ntp true   (on the machine whose clock is wrong)",
    source: "Answers arrive within milliseconds, so a difference of seconds comes from the clocks.",
    check,
    ..Rule::DEFAULT
};

fn check(context: &RuleContext<'_>) -> CheckResult {
    let skew_ms =
        context.facts().skew_ms.ok_or_else(|| Unknown::because("activity has not been sampled yet"))?;
    let apart = Duration::from_millis(skew_ms.unsigned_abs());
    if !context.exceeds(apart.as_secs_f64()) {
        return Ok(Vec::new());
    }
    let way = if skew_ms > 0 { "ahead of" } else { "behind" };
    let note = format!("the server's clock is {} {way} Basira's", format_duration(apart));
    Ok(vec![Object { name: "clock".to_owned(), value: apart.as_secs_f64(), note, fix: None }])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::health::testing::found;

    #[test]
    fn both_ways() {
        for (skew_ms, expected) in [
            (Some(400), Ok(vec![])),
            (Some(7_000), Ok(vec!["the server's clock is 7.0 s ahead of Basira's".to_owned()])),
            (Some(-90_000), Ok(vec!["the server's clock is 1 min 30 s behind Basira's".to_owned()])),
            (None, Err(Unknown::because("activity has not been sampled yet"))),
        ] {
            let objects = found(&RULE, |facts| facts.skew_ms = skew_ms);
            let notes =
                objects.map(|objects| objects.into_iter().map(|object| object.note).collect::<Vec<_>>());
            assert_eq!(notes, expected, "{skew_ms:?}");
        }
    }
}
