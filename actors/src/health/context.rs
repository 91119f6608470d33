//! One rule about to be evaluated: the facts, and how it is set.

use std::sync::Arc;
use std::time::Duration;

use super::{EffectiveSettings, Facts, HistoryKey, Measure, Need, Rule, Unknown};
use crate::model::{ActivitySnapshot, Engine, History, SettingSnapshot, Snapshot, Stream, Timestamp};

/// What a check may see.
pub struct RuleContext<'a> {
    pub(super) facts: &'a Facts,
    pub(super) rule: &'a Rule,
    pub(super) set: EffectiveSettings,
    /// The threshold that counts now: the one to leave by while the rule applies, else the one to enter by.
    pub threshold: f64,
}

impl<'a> RuleContext<'a> {
    /// Basira's clock.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.facts.at
    }

    #[must_use]
    pub const fn engine(&self) -> Engine {
        self.facts.engine
    }

    /// Whether `value` is beyond the threshold.
    #[must_use]
    pub fn exceeds(&self, value: f64) -> bool {
        if self.rule.measure == Measure::Lowest { value <= self.threshold } else { value >= self.threshold }
    }

    /// The span that the rule looks at.
    #[must_use]
    pub const fn window(&self) -> Duration {
        self.set.window
    }

    /// How long ago the window ended that it is compared with.
    #[must_use]
    pub const fn baseline_ago(&self) -> Duration {
        self.set.baseline
    }

    /// Everything else.
    #[must_use]
    pub const fn facts(&self) -> &'a Facts {
        self.facts
    }

    /// What was seen last of a kind of which the server has one.
    ///
    /// # Errors
    /// [`Unknown`] when it was never seen.
    pub fn newest<T: Snapshot>(&self) -> Result<Arc<T>, Unknown> {
        let newest = self.facts.snapshots.all::<T>().pop();
        newest.map(|(_, newest)| newest).ok_or_else(|| Unknown::because("nothing was seen of it yet"))
    }

    /// What was seen last, by the database within the server.
    #[must_use]
    pub fn newest_of_each<T: Snapshot>(&self) -> Vec<(Arc<str>, Arc<T>)> {
        self.facts.snapshots.all::<T>()
    }

    /// What runs now.
    ///
    /// # Errors
    /// [`Unknown`] when nobody has looked yet.
    pub fn activity(&self) -> Result<Arc<ActivitySnapshot>, Unknown> {
        self.facts.activity.clone().ok_or_else(|| Unknown::because("nobody has looked at the activity yet"))
    }

    /// What the setting called `name` is, as the server has it: in its own unit, without it.
    ///
    /// # Errors
    /// [`Unknown`] when it cannot be seen.
    pub fn setting(&self, name: &str) -> Result<String, Unknown> {
        let settings = self.newest::<SettingSnapshot>()?;
        let found = settings.settings.iter().find(|setting| setting.name == name);
        let value = found.and_then(|setting| setting.setting.clone());
        value.ok_or_else(|| Unknown(format!("the setting {name} cannot be seen")))
    }

    /// As [`Self::setting`], for numbers.
    ///
    /// # Errors
    /// As [`Self::setting`]; also when it is no number.
    pub fn setting_number(&self, name: &str) -> Result<f64, Unknown> {
        let text = self.setting(name)?;
        text.parse().map_err(|_| Unknown(format!("the setting {name} is no number: {text}")))
    }

    /// What `stream` came to over the window.
    ///
    /// # Errors
    /// [`Unknown`] when less than half of the window is stored.
    pub fn totals(&self, stream: &'static Stream) -> Result<Arc<History>, Unknown> {
        self.covered(stream, Duration::ZERO, false)
    }

    /// What `stream` came to over the window, however little of that is stored: for what counts by itself.
    #[must_use]
    pub fn past_or_empty(&self, stream: &'static Stream) -> Arc<History> {
        self.past(stream, Duration::ZERO, false).unwrap_or_default()
    }

    /// How `stream` went over the window.
    ///
    /// # Errors
    /// As [`Self::totals`].
    pub fn course(&self, stream: &'static Stream) -> Result<Arc<History>, Unknown> {
        self.covered(stream, Duration::ZERO, true)
    }

    /// What `stream` came to over a window as long, a baseline ago.
    ///
    /// # Errors
    /// [`Unknown`] when nothing is stored of it.
    pub fn baseline(&self, stream: &'static Stream) -> Result<Arc<History>, Unknown> {
        let past = self.past(stream, self.set.baseline, false)?;
        if past.series.is_empty() {
            let ago = super::span(self.set.baseline);
            return Err(Unknown(format!("nothing is stored of the same time {ago} before")));
        }
        Ok(past)
    }

    fn covered(&self, stream: &'static Stream, ago: Duration, course: bool) -> Result<Arc<History>, Unknown> {
        let past = self.past(stream, ago, course)?;
        // a stream without changes has no records: then what counts is how long it has been looked at
        let watched = self.watched_since(stream);
        let since = past.first().into_iter().chain(watched).min();
        let covered = since.map_or(Duration::ZERO, |since| self.facts.at.since(since));
        if covered * 2 < self.set.window {
            return Err(Unknown(format!(
                "{} of {} are known so far, and half of it is needed",
                super::span(covered),
                super::span(self.set.window)
            )));
        }
        Ok(past)
    }

    fn past(&self, stream: &'static Stream, ago: Duration, course: bool) -> Result<Arc<History>, Unknown> {
        let asked = HistoryKey { stream: stream.name, window: self.set.window, ago, course };
        let past = self.facts.past.get(&asked).cloned();
        past.ok_or_else(|| Unknown::because("it needs samples over a span, and none could be read"))
    }

    fn watched_since(&self, stream: &'static Stream) -> Option<Timestamp> {
        let of_stream = self.rule.needs.iter().find(|need| match need {
            Need::Totals(_, needed) | Need::Course(_, needed) => needed.name == stream.name,
            Need::Now(_) | Need::Baseline(..) => false,
        })?;
        self.facts.line(of_stream.collector()).ok()?.first_success_at
    }
}
