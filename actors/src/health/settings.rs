//! The settings of a rule for one database.

use std::time::Duration;

use super::{EffectiveSettings, Measure, Rule, rules};
use crate::model::{Engine, RuleSetting, RuleSettings};

impl EffectiveSettings {
    /// Returns the settings of `rule` with the overrides of `setting`.
    #[must_use]
    pub fn of(rule: &Rule, setting: RuleSetting) -> Self {
        let seconds = |set: Option<u64>, usual| set.map_or(usual, Duration::from_secs);
        let enter = setting.threshold.unwrap_or(rule.threshold.enter);
        Self {
            enabled: setting.enabled.unwrap_or(true),
            enter,
            leave: leave(rule, enter),
            hold_for: seconds(setting.for_seconds, rule.hold_for),
            window: seconds(setting.window_seconds, rule.window),
            baseline: seconds(setting.baseline_seconds, rule.baseline),
        }
    }
}

/// Returns the threshold to leave by, in proportion to the rule's own two thresholds, and never on the wrong side of `enter`.
fn leave(rule: &Rule, enter: f64) -> f64 {
    let usual = rule.threshold;
    if (usual.enter - enter).abs() < f64::EPSILON {
        return usual.leave;
    }
    if usual.enter == 0.0 {
        return enter;
    }
    let leave = enter * (usual.leave / usual.enter);
    if rule.measure == Measure::Lowest { leave.max(enter) } else { leave.min(enter) }
}

/// Checks `settings` for databases of `engine`, or of any engine.
///
/// # Errors
/// The setting, and what is wrong with it.
pub fn validate_settings(settings: &RuleSettings, engine: Option<Engine>) -> Result<(), (String, String)> {
    for (id, setting) in &settings.0 {
        let known = rules::find(id).filter(|rule| engine.is_none_or(|engine| rule.scope.takes(engine)));
        let Some(rule) = known else {
            return Err((
                id.clone(),
                "names no rule of this engine; GET /api/v1/rules lists them".to_owned(),
            ));
        };
        let sane = |number: f64| number.is_finite() && number >= 0.0;
        if !setting.threshold.is_none_or(sane) {
            return Err((format!("{id}.threshold"), "must be a number from 0 up".to_owned()));
        }
        for (name, set, usual) in [
            ("window_seconds", setting.window_seconds, rule.window),
            ("baseline_seconds", setting.baseline_seconds, rule.baseline),
        ] {
            if set.is_some() && usual.is_zero() {
                return Err((format!("{id}.{name}"), "is for rules with a window only".to_owned()));
            }
            if set == Some(0) {
                return Err((format!("{id}.{name}"), "must be at least 1".to_owned()));
            }
        }
        let longest = 400 * 24 * 3600;
        for (name, set) in [
            ("for_seconds", setting.for_seconds),
            ("window_seconds", setting.window_seconds),
            ("baseline_seconds", setting.baseline_seconds),
        ] {
            if set.is_some_and(|seconds| seconds > longest) {
                return Err((format!("{id}.{name}"), format!("must be at most {longest}")));
            }
        }
    }
    Ok(())
}
