//! `health.rules`: how health rules are set for all databases.

use basira_actors::health::{self, rules};
use basira_actors::model::{RuleSetting, RuleSettings};
use toml::Value;

use super::Reader;
use crate::config::Health;
use crate::config::keys::rule_key;

impl Reader<'_> {
    /// Only what somebody wrote; what nobody did is as the rule has it.
    pub(super) fn health(&mut self) -> Option<Health> {
        let mut settings = RuleSettings::default();
        for rule in rules::ALL {
            let setting = self.rule(rule.id);
            if setting != RuleSetting::default() {
                settings.0.insert(rule.id.to_owned(), setting);
            }
        }
        match health::validate_settings(&settings, None) {
            Ok(()) => Some(Health { rules: settings }),
            Err((name, fault)) => {
                self.wrong(&format!("health.rules.{name}"), &fault);
                None
            }
        }
    }

    fn rule(&self, id: &str) -> RuleSetting {
        let value = |name: &str| self.merged.get(rule_key(id, name).as_str()).map(|placed| &placed.value);
        let seconds = |name: &str| value(name).and_then(Value::as_integer).map(seconds);
        RuleSetting {
            enabled: value("enabled").and_then(Value::as_bool),
            threshold: value("threshold").and_then(number),
            for_seconds: seconds("for_seconds"),
            window_seconds: seconds("window_seconds"),
            baseline_seconds: seconds("baseline_seconds"),
        }
    }
}

/// A negative one becomes longer than any that is accepted.
fn seconds(seconds: i64) -> u64 {
    u64::try_from(seconds).unwrap_or(u64::MAX)
}

fn number(value: &Value) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "thresholds are small")]
    let whole = |whole: i64| whole as f64;
    value.as_float().or_else(|| value.as_integer().map(whole))
}
