//! Statements whose mean time has increased.

use std::collections::HashMap;
use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit, as_f64,
    format_count, format_duration,
};
use crate::model::streams::STATEMENTS;
use crate::model::{Engine, HistorySeries};

pub(crate) static RULE: Rule = Rule {
    id: "queries.regression",
    scope: Scope::Only(Engine::Postgres),
    category: Category::Queries,
    title: "Statements have become slower",
    description: "The mean time per call of each statement, compared with the same hour of the previous day. \
                  Statements with fewer than 20 calls in either, or with less than 1 % of the time, are left \
                  out.",
    needs: &[
        Need::Totals("pg_stat_statements", &STATEMENTS),
        Need::Baseline("pg_stat_statements", &STATEMENTS),
    ],
    window: Duration::from_secs(3600),
    baseline: Duration::from_secs(24 * 3600),
    measure: Measure::Highest,
    threshold: Threshold { enter: 2.0, leave: 1.5, unit: Unit::Ratio },
    curve: Curve { least: 5.0, worst: 50.0, most: 20.0 },
    recommendation: "Check whether its plan changed, whether its tables have grown or are bloated, whether it \
                     waits for locks, and what was deployed in between.",
    investigate: "-- GET /api/v1/databases/{id}/queries/{query_hash}, its plans: .../explain\n-- what happened: GET \
                  /api/v1/databases/{id}/events",
    fix: "-- if its plan became worse: ANALYZE its tables, or recreate the index that it used",
    source: "PostgreSQL documentation, pg_stat_statements: total_exec_time and calls.",
    check,
    ..Rule::DEFAULT
};

/// The mean of fewer calls is not meaningful.
const LEAST_CALLS: i64 = 20;
/// Statements that took a smaller share of the window are ignored.
const LEAST_SHARE: f64 = 0.01;
/// Characters of a text that are shown.
const MOST_CHARACTERS: usize = 80;

fn check(context: &RuleContext<'_>) -> CheckResult {
    let (now, then) = (context.totals(&STATEMENTS)?, context.baseline(&STATEMENTS)?);
    let least_us = context.window().as_secs_f64() * 1_000_000.0 * LEAST_SHARE;
    let before: HashMap<u64, Mean> =
        then.series.iter().filter_map(|series| Some((series.series, Mean::of(series)?))).collect();
    let found = now.series.iter().filter_map(|series| {
        let mean = Mean::of(series).filter(|mean| mean.total_us >= least_us)?;
        let earlier = before.get(&series.series)?;
        let ratio = mean.per_call_us() / earlier.per_call_us();
        if !(ratio.is_finite() && context.exceeds(ratio)) {
            return None;
        }
        let text = now.text(series.series.cast_signed()).unwrap_or("its text is not known");
        Some(Object {
            name: format!("{:016x}", series.series),
            value: ratio,
            note: format!(
                "{} calls within {} took {:.2} ms each rather than {:.2} ms ({ratio:.1} times as long): {}",
                format_count(mean.calls),
                format_duration(context.window()),
                mean.per_call_us() / 1000.0,
                earlier.per_call_us() / 1000.0,
                shortened(text)
            ),
            fix: None,
        })
    });
    Ok(found.collect())
}

/// What the calls of one statement took.
#[derive(Debug, Clone, Copy)]
struct Mean {
    calls: i64,
    total_us: f64,
}

impl Mean {
    /// None when there are too few calls.
    fn of(series: &HistorySeries) -> Option<Self> {
        let calls = series.get(&STATEMENTS, "calls").filter(|calls| *calls >= LEAST_CALLS)?;
        Some(Self { calls, total_us: as_f64(series.get(&STATEMENTS, "total_time_us")?) })
    }

    fn per_call_us(self) -> f64 {
        self.total_us / as_f64(self.calls)
    }
}

fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MOST_CHARACTERS) {
        Some((end, _)) => format!("{}..", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::health::testing::{NOW, facts};
    use crate::health::{EffectiveSettings, HistoryKey};
    use crate::model::{History, RuleSetting};

    fn past(calls: i64, total_ms: i64) -> History {
        let mut values = vec![0; STATEMENTS.columns.len()];
        values[STATEMENTS.column("calls").unwrap()] = calls;
        values[STATEMENTS.column("total_time_us").unwrap()] = total_ms * 1000;
        let series =
            vec![HistorySeries { series: 0xab, values, first: NOW - RULE.window, points: Vec::new() }];
        History { series, texts: [(0xab, "select  *\n from item".into())].into() }
    }

    fn ratio(now: History, then: History) -> Option<f64> {
        let mut facts = facts(Engine::Postgres);
        for (ago, past) in [(Duration::ZERO, now), (RULE.baseline, then)] {
            let asked = HistoryKey { stream: STATEMENTS.name, window: RULE.window, ago, course: false };
            facts.past.insert(asked, past.into());
        }
        let set = EffectiveSettings::of(&RULE, RuleSetting::default());
        let objects = check(&RULE.context(&facts, set, set.enter)).unwrap();
        let object = objects.into_iter().next()?;
        assert_eq!(object.name, "00000000000000ab");
        assert!(object.note.ends_with(": select * from item"), "{}", object.note);
        Some(object.value)
    }

    #[test]
    fn only_what_matters_is_compared() {
        assert_eq!(ratio(past(100, 60_000), past(100, 20_000)), Some(3.0));
        assert_eq!(ratio(past(100, 30_000), past(100, 20_000)), None, "half as long again is no regression");
        assert_eq!(ratio(past(19, 60_000), past(100, 20_000)), None, "too few calls now");
        assert_eq!(ratio(past(100, 60_000), past(19, 20)), None, "too few calls then");
        assert_eq!(ratio(past(100, 3_000), past(100, 20)), None, "too little time");
    }

    #[test]
    fn long_texts_are_cut() {
        assert_eq!(shortened("select 1"), "select 1");
        assert_eq!(shortened(&"é".repeat(100)), format!("{}..", "é".repeat(80)));
    }
}
