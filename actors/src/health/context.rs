//! The context in which one rule is evaluated: the facts, and its settings.

use std::sync::Arc;
use std::time::Duration;

use super::{Facts, HistoryKey, Measure, Need, Unknown, format};
use crate::model::{
    ActivitySnapshot, Engine, History, ServerDatabases, ServerIdentity, SettingSnapshot, Snapshot, Stream,
    Timestamp,
};

/// The settings in effect: the defaults of the rule, overridden for all databases and for this one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EffectiveSettings {
    pub enabled: bool,
    pub enter: f64,
    pub leave: f64,
    pub hold_for: Duration,
    pub window: Duration,
    pub baseline: Duration,
}

/// What a check has access to.
pub struct RuleContext<'a> {
    pub(super) facts: &'a Facts,
    pub(super) measure: Measure,
    pub(super) needs: &'static [Need],
    pub(super) set: EffectiveSettings,
    /// The current threshold: the one to leave by while the rule applies, else the one to enter by.
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

    /// Whether `value` exceeds the threshold, or is below it for [`Measure::Lowest`].
    #[must_use]
    pub fn exceeds(&self, value: f64) -> bool {
        if self.measure == Measure::Lowest { value <= self.threshold } else { value >= self.threshold }
    }

    /// The window of the rule.
    #[must_use]
    pub const fn window(&self) -> Duration {
        self.set.window
    }

    /// How long ago the window of the baseline ended.
    #[must_use]
    pub const fn baseline_ago(&self) -> Duration {
        self.set.baseline
    }

    /// All facts.
    #[must_use]
    pub const fn facts(&self) -> &'a Facts {
        self.facts
    }

    /// Returns the latest snapshot of a type that exists once per server.
    ///
    /// # Errors
    /// [`Unknown`] when there is none yet.
    pub fn newest<T: Snapshot>(&self) -> Result<Arc<T>, Unknown> {
        let newest = self.facts.snapshots.all::<T>().pop();
        newest.map(|(_, newest)| newest).ok_or_else(|| Unknown::because("there is no snapshot yet"))
    }

    /// Returns the latest snapshots, by database within the server.
    #[must_use]
    pub fn newest_of_each<T: Snapshot>(&self) -> Vec<(Arc<str>, Arc<T>)> {
        self.facts.snapshots.all::<T>()
    }

    /// Returns what runs now.
    ///
    /// # Errors
    /// [`Unknown`] when activity has not been sampled yet.
    pub fn activity(&self) -> Result<Arc<ActivitySnapshot>, Unknown> {
        self.facts.activity.clone().ok_or_else(|| Unknown::because("activity has not been sampled yet"))
    }

    /// Returns the value of the setting `name`, in its own unit.
    ///
    /// # Errors
    /// [`Unknown`] when it is not visible.
    pub fn setting(&self, name: &str) -> Result<String, Unknown> {
        let settings = self.newest::<SettingSnapshot>()?;
        let found = settings.settings.iter().find(|setting| setting.name == name);
        let value = found.and_then(|setting| setting.setting.clone());
        value.ok_or_else(|| Unknown(format!("the setting {name} is not visible")))
    }

    /// Returns the numeric value of the setting `name`, in its own unit.
    ///
    /// # Errors
    /// As [`Self::setting`]; also when it is no number.
    pub fn setting_number(&self, name: &str) -> Result<f64, Unknown> {
        let text = self.setting(name)?;
        text.parse().map_err(|_| Unknown(format!("the setting {name} is not a number: {text}")))
    }

    /// Returns the totals of `stream` over the window.
    ///
    /// # Errors
    /// [`Unknown`] when less than half of the window is stored.
    pub fn totals(&self, stream: &'static Stream) -> Result<Arc<History>, Unknown> {
        self.covered(stream, Duration::ZERO, false)
    }

    /// Returns the totals of `stream` over the window, however little of it is stored.
    #[must_use]
    pub fn past_or_empty(&self, stream: &'static Stream) -> Arc<History> {
        self.past(stream, Duration::ZERO, false).unwrap_or_default()
    }

    /// Checks that finding `value` in what is stored of `stream` tells something: however little of the window that is, what
    /// did happen counts; only that nothing did cannot be known.
    ///
    /// # Errors
    /// As [`Self::totals`], when `value` is within the threshold.
    pub fn check_happened(&self, stream: &'static Stream, value: f64) -> Result<(), Unknown> {
        if self.exceeds(value) { Ok(()) } else { self.totals(stream).map(drop) }
    }

    /// Returns the course of `stream` over the window.
    ///
    /// # Errors
    /// As [`Self::totals`].
    pub fn course(&self, stream: &'static Stream) -> Result<Arc<History>, Unknown> {
        self.covered(stream, Duration::ZERO, true)
    }

    /// Returns the totals of `stream` over a window of the same length, a baseline ago.
    ///
    /// # Errors
    /// [`Unknown`] when nothing of it is stored.
    pub fn baseline(&self, stream: &'static Stream) -> Result<Arc<History>, Unknown> {
        let past = self.past(stream, self.set.baseline, false)?;
        if past.series.is_empty() {
            let ago = format::format_duration(self.set.baseline);
            return Err(Unknown(format!("nothing is stored of the same window {ago} earlier")));
        }
        Ok(past)
    }

    fn covered(&self, stream: &'static Stream, ago: Duration, course: bool) -> Result<Arc<History>, Unknown> {
        let past = self.past(stream, ago, course)?;
        // a stream without changes has no records: what counts then is how long its collector has run
        let watched = self.watched_since(stream);
        let since = past.first().into_iter().chain(watched).min();
        let covered = since.map_or(Duration::ZERO, |since| self.facts.at.since(since));
        if covered * 2 < self.set.window {
            return Err(Unknown(format!(
                "{} of {} are stored so far, and half of it is needed",
                format::format_duration(covered),
                format::format_duration(self.set.window)
            )));
        }
        Ok(past)
    }

    fn past(&self, stream: &'static Stream, ago: Duration, course: bool) -> Result<Arc<History>, Unknown> {
        let asked = HistoryKey { stream: stream.name, window: self.set.window, ago, course };
        let past = self.facts.past.get(&asked).cloned();
        past.ok_or_else(|| Unknown::because("it needs stored samples, and none could be read"))
    }

    fn watched_since(&self, stream: &'static Stream) -> Option<Timestamp> {
        let of_stream = self.needs.iter().find(|need| match need {
            Need::Totals(_, needed) | Need::Course(_, needed) => needed.name == stream.name,
            Need::Now(_) | Need::Baseline(..) => false,
        })?;
        self.facts.collector_status(of_stream.collector()).ok()?.first_success_at
    }

    /// Returns the value of the setting `name`, a size, in bytes.
    ///
    /// # Errors
    /// [`Unknown`] when it is not visible, or not a size.
    pub fn setting_bytes(&self, name: &str) -> Result<f64, Unknown> {
        let number = self.setting_number(name)?;
        let settings = self.newest::<SettingSnapshot>()?;
        let found = settings.settings.iter().find(|setting| setting.name == name);
        let unit = found.and_then(|setting| format::unit_bytes(setting.unit.as_deref()?));
        unit.map(|unit| number * unit).ok_or_else(|| Unknown(format!("the setting {name} is not a size")))
    }

    /// Returns `names` joined by dots, qualified with `database` unless it is the one connected to.
    #[must_use]
    pub fn qualified(&self, database: &str, names: &[&str]) -> String {
        let here = names.join(".");
        if self.is_elsewhere(database) { format!("{database}.{here}") } else { here }
    }

    /// Returns `sql`, which changes `database`, with comments saying where to run it: in `database` unless it is the one
    /// connected to, and on the primary if this server is a standby.
    #[must_use]
    pub fn run_in(&self, database: &str, sql: &str) -> String {
        self.on_primary(&self.in_database(database, sql))
    }

    /// Returns `sql`, which may be run on a standby, with a comment naming `database` unless it is the one connected to.
    #[must_use]
    pub fn in_database(&self, database: &str, sql: &str) -> String {
        if self.is_elsewhere(database) { format!("-- in database {database}\n{sql}") } else { sql.to_owned() }
    }

    /// Returns `sql`, with a comment that it can be run only on the primary if this server is a standby.
    #[must_use]
    pub fn on_primary(&self, sql: &str) -> String {
        if self.is_standby() { format!("-- on the primary\n{sql}") } else { sql.to_owned() }
    }

    /// Whether the server is known to be a standby, which is read-only.
    #[must_use]
    pub fn is_standby(&self) -> bool {
        self.newest::<ServerIdentity>().is_ok_and(|server| server.in_recovery)
    }

    fn is_elsewhere(&self, database: &str) -> bool {
        self.newest::<ServerDatabases>().is_ok_and(|known| *known.connected != *database)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::health::testing::{add_snapshot, facts};
    use crate::health::{EffectiveSettings, rules};
    use crate::model::{Engine, RuleSetting};

    #[test]
    fn only_other_databases_are_named() {
        let mut facts = facts(Engine::Postgres);
        add_snapshot(
            &mut facts,
            "shop",
            ServerDatabases { connected: Arc::from("shop"), others: Vec::new() },
        );
        let rule = rules::ALL[0];
        let set = EffectiveSettings::of(rule, RuleSetting::default());
        let context = rule.context(&facts, set, set.enter);
        assert_eq!(context.qualified("shop", &["public", "item"]), "public.item");
        assert_eq!(context.qualified("bank", &["public", "item"]), "bank.public.item");
        assert_eq!(context.run_in("shop", "ANALYZE a;"), "ANALYZE a;");
        assert_eq!(context.run_in("bank", "ANALYZE a;"), "-- in database bank\nANALYZE a;");
        let standby = ServerIdentity {
            at: Timestamp(0),
            system_identifier: None,
            version: "18.1".to_owned(),
            started_at: Timestamp(0),
            in_recovery: true,
            timeline: None,
            resets: [None; 6],
        };
        add_snapshot(&mut facts, "shop", standby);
        let context = rule.context(&facts, set, set.enter);
        assert_eq!(
            context.run_in("bank", "ANALYZE a;"),
            "-- on the primary\n-- in database bank\nANALYZE a;"
        );
        assert_eq!(context.in_database("shop", "SELECT 1;"), "SELECT 1;");
    }
}
