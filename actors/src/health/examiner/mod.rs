//! Evaluates the rules at each examination, and keeps since when each applies.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{
    Diagnosis, DoctorStatus, EffectiveSettings, Facts, HistoryKey, Issue, Measure, NotEvaluated, Object,
    Penalties, Rule, Severity, Unknown, format_list, rules, score, summary,
};
use crate::model::{Advice, Checkup, Dismissed, Engine, RuleSettings, Status, Stream, Timestamp};

/// An issue is shown until the value has recovered for this long, or for the hold time of the rule if that is shorter.
const RECOVERY_TIME: Duration = Duration::from_secs(15);
/// The number of objects named in `evidence`, and described in `detail`.
const MAX_EVIDENCE: usize = 10;
const MAX_DESCRIBED: usize = 3;
/// The number of recommendations of one rule.
const MAX_ADVICE: usize = 100;

/// Which rules apply, and since when.
#[derive(Debug, Default)]
pub struct Examiner {
    states: BTreeMap<&'static str, State>,
}

/// The state of one rule whose threshold is or was exceeded.
#[derive(Debug)]
struct State {
    /// Since when the threshold is exceeded.
    since: Timestamp,
    /// Whether the hold time has passed.
    applies: bool,
    /// Since when the value is back behind the threshold.
    recovered_since: Option<Timestamp>,
    finding: Finding,
}

/// The objects that a rule found, and their combined value.
#[derive(Debug, Clone)]
struct Finding {
    objects: Vec<Object>,
    value: f64,
    threshold: f64,
}

/// The result of one examination.
#[derive(Debug, Clone)]
pub struct Examination {
    pub diagnosis: Diagnosis,
    pub checkup: Checkup,
}

impl Examiner {
    /// Returns the stored samples that the rules for `engine` need, by their settings.
    #[must_use]
    pub fn history_keys(engine: Engine, settings: &RuleSettings) -> BTreeMap<HistoryKey, &'static Stream> {
        let of_rule = |rule: &'static Rule| {
            let set = EffectiveSettings::of(rule, settings.of(rule.id));
            let needs = rule.needs.iter().filter(move |_| set.enabled);
            needs.filter_map(move |need| HistoryKey::by(*need, set.window, set.baseline))
        };
        rules::of(engine).flat_map(of_rule).collect()
    }

    /// Evaluates every rule. The same facts in the same order always give the same answer.
    pub fn examine(&mut self, facts: &Facts, settings: &RuleSettings, dismissed: &Dismissed) -> Examination {
        if facts.status == Status::Disconnected {
            let since = self.disconnected_since(facts);
            let why = facts.last_error.as_deref().unwrap_or("it was not read recently");
            let diagnosis = match &facts.store_error {
                Some(why) => Diagnosis::not_stored(facts.engine, facts.at, Some(since), why),
                None => Diagnosis::disconnected(facts.engine, facts.at, Some(since), why),
            };
            return Examination { diagnosis, checkup: Checkup::default() };
        }
        let mut run = ExaminationRun::default();
        for rule in rules::of(facts.engine) {
            let set = EffectiveSettings::of(rule, settings.of(rule.id));
            if !set.enabled {
                self.states.remove(rule.id);
                run.not_evaluated(rule, "it is disabled");
                continue;
            }
            match self.evaluate(facts, rule, set, dismissed, &mut run.advice) {
                Ok(()) => {
                    run.evaluated += 1;
                    run.decided.extend(self.is_decided(rule.id).then_some(rule.id));
                }
                Err(Unknown(reason)) => {
                    self.states.remove(rule.id);
                    run.not_evaluated(rule, &reason);
                }
            }
        }
        self.examination(facts, run)
    }

    /// Evaluates one rule; all that it recommends goes to `advice`, dismissed or not.
    fn evaluate(
        &mut self,
        facts: &Facts,
        rule: &'static Rule,
        set: EffectiveSettings,
        dismissed: &Dismissed,
        advice: &mut Vec<Advice>,
    ) -> Result<(), Unknown> {
        facts.check_needs(rule.needs)?;
        let applies = self.states.get(rule.id).is_some_and(|state| state.applies);
        let context = rule.context(facts, set, if applies { set.leave } else { set.enter });
        let mut objects = (rule.check)(&context)?;
        if matches!(rule.measure, Measure::Highest | Measure::Lowest) {
            objects.retain(|object| context.exceeds(object.value));
        }
        let lowest = rule.measure == Measure::Lowest;
        let worse = |a: &Object, b: &Object| {
            let order = if lowest { a.value.total_cmp(&b.value) } else { b.value.total_cmp(&a.value) };
            order.then_with(|| a.name.cmp(&b.name))
        };
        objects.sort_by(worse);
        let is_dismissed = |object: &Object| dismissed.contains(&(rule.id.to_owned(), object.name.clone()));
        let (ignored, objects): (Vec<Object>, Vec<Object>) = objects.into_iter().partition(is_dismissed);
        let met = measured(rule.measure, &objects).filter(|value| context.exceeds(*value));
        if met.is_none() {
            facts.check_complete(rule.needs)?;
        }
        let finding = met.map(|value| Finding { objects, value, threshold: set.enter });
        self.update_state(rule.id, finding, facts.at, set.hold_for);
        if rule.makes_recommendations {
            let applying = self.states.get(rule.id).filter(|_| self.is_decided(rule.id));
            let applying = applying.map(|state| &state.finding.objects[..]).unwrap_or_default();
            let objects = applying.iter().chain(&ignored).take(MAX_ADVICE);
            advice.extend(objects.map(|object| advise(rule, object, set.enter)));
        }
        Ok(())
    }

    /// Whether it is settled that a rule applies or does not: not during its hold time or recovery.
    fn is_decided(&self, id: &str) -> bool {
        self.states.get(id).is_none_or(|state| state.applies && state.recovered_since.is_none())
    }

    fn update_state(
        &mut self,
        id: &'static str,
        finding: Option<Finding>,
        at: Timestamp,
        hold_for: Duration,
    ) {
        match (finding, self.states.get_mut(id)) {
            (Some(finding), Some(state)) => {
                state.finding = finding;
                state.recovered_since = None;
                state.applies |= at.since(state.since) >= hold_for;
            }
            (Some(finding), None) => {
                let applies = hold_for.is_zero();
                self.states.insert(id, State { since: at, applies, recovered_since: None, finding });
            }
            (None, Some(state)) => {
                let recovered_since = *state.recovered_since.get_or_insert(at);
                if !state.applies || at.since(recovered_since) >= hold_for.min(RECOVERY_TIME) {
                    self.states.remove(id);
                }
            }
            (None, None) => {}
        }
    }

    fn examination(&self, facts: &Facts, run: ExaminationRun) -> Examination {
        let applying = rules::of(facts.engine)
            .filter_map(|rule| Some((rule, self.states.get(rule.id).filter(|state| state.applies)?)));
        let found: Vec<(&'static Rule, &State, f64)> = applying
            .map(|(rule, state)| {
                (rule, state, rule.curve.at(state.finding.value, state.finding.threshold, rule.measure))
            })
            .collect();
        let costs: Vec<f64> = found.iter().map(|(.., cost)| *cost).collect();
        let Penalties { score, penalties } = score(&costs);
        let mut issues: Vec<(f64, Issue)> = found
            .iter()
            .zip(penalties)
            .map(|(&(rule, state, cost), penalty)| (cost, issue(rule, state, cost, penalty)))
            .collect();
        issues.sort_by(|(a, left), (b, right)| b.total_cmp(a).then_with(|| left.rule_id.cmp(right.rule_id)));
        let diagnosis = Diagnosis {
            status: DoctorStatus::of(Some(score)),
            score: Some(score),
            computed_at: facts.at,
            top_issues: issues.into_iter().map(|(_, issue)| issue).collect(),
            metrics_summary: summary::of(facts),
            evaluated: run.evaluated,
            evaluated_in_ms: None,
            not_evaluated: run.not_evaluated,
        };
        let checkup = Checkup { score: Some(score), advice: run.advice, evaluated: run.decided };
        Examination { diagnosis, checkup }
    }

    /// Drops the states of a disconnected database. Returns since when it is disconnected.
    fn disconnected_since(&mut self, facts: &Facts) -> Timestamp {
        let id = rules::DISCONNECTED.id;
        self.states.retain(|known, _| *known == id);
        let nothing = || Finding { objects: Vec::new(), value: 0.0, threshold: 0.0 };
        let fresh = || State { since: facts.at, applies: true, recovered_since: None, finding: nothing() };
        self.states.entry(id).or_insert_with(fresh).since
    }
}

/// The results of the rules during one examination.
#[derive(Default)]
struct ExaminationRun {
    advice: Vec<Advice>,
    evaluated: usize,
    /// The rules of which it is settled whether they apply.
    decided: Vec<&'static str>,
    not_evaluated: Vec<NotEvaluated>,
}

impl ExaminationRun {
    fn not_evaluated(&mut self, rule: &'static Rule, reason: &str) {
        self.not_evaluated.push(NotEvaluated { rule_id: rule.id, reason: reason.to_owned() });
    }
}

fn measured(measure: Measure, objects: &[Object]) -> Option<f64> {
    let values = objects.iter().map(|object| object.value);
    match measure {
        // sorted: the worst is the first
        Measure::Highest | Measure::Lowest => objects.first().map(|object| object.value),
        Measure::Count => Some(f64::from(u32::try_from(objects.len()).unwrap_or(u32::MAX))),
        Measure::Sum => Some(values.sum()),
    }
    .filter(|_| !objects.is_empty())
}

fn advise(rule: &'static Rule, object: &Object, threshold: f64) -> Advice {
    Advice {
        rule_id: rule.id,
        object: object.name.clone(),
        severity: Severity::of(rule.curve.at(object.value, threshold, rule.measure)).as_str(),
        category: rule.category.as_str(),
        title: rule.title,
        detail: object.note.clone(),
        recommendation: rule.recommendation.to_owned(),
        how_to_investigate: rule.investigate.to_owned(),
        how_to_fix: object.fix.clone().unwrap_or_else(|| rule.fix.to_owned()),
        value: rounded(object.value),
    }
}

fn issue(rule: &'static Rule, state: &State, cost: f64, penalty: u8) -> Issue {
    let Finding { objects, value, threshold } = &state.finding;
    let notes: Vec<String> = objects.iter().map(|object| object.note.clone()).collect();
    let mut fixes: Vec<&str> = Vec::new();
    for fix in objects.iter().filter_map(|object| object.fix.as_deref()) {
        if !fixes.contains(&fix) && fixes.len() < MAX_EVIDENCE {
            fixes.push(fix);
        }
    }
    Issue {
        rule_id: rule.id,
        severity: Severity::of(cost),
        category: rule.category,
        title: rule.title,
        detail: format_list(&notes, MAX_DESCRIBED, "; "),
        recommendation: rule.recommendation,
        how_to_investigate: rule.investigate.to_owned(),
        how_to_fix: if fixes.is_empty() { rule.fix.to_owned() } else { fixes.join("\n") },
        penalty,
        value: Some(rounded(*value)),
        threshold: Some(*threshold),
        unit: rule.threshold.unit,
        evidence: objects.iter().take(MAX_EVIDENCE).map(|object| object.name.clone()).collect(),
        objects: objects.len(),
        since: state.since,
    }
}

/// Rounds to thousandths.
fn rounded(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

#[cfg(test)]
mod tests;
