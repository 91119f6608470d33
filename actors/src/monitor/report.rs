//! The status of each collector, kept up by the results of its runs.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::collect::{CollectError, Due, Every, Notice, Schedule, Spec};
use crate::collectors;
use crate::model::{CollectorState, CollectorStatus, Engine, Target, Timestamp};

/// One run of one collector.
pub(crate) struct Run {
    pub(super) name: &'static str,
    pub(super) at: Timestamp,
    pub(super) took: Duration,
    pub(super) result: Result<Success, CollectError>,
}

impl Run {
    /// A run that did not take place.
    pub(super) fn failed(name: &'static str, error: CollectError) -> Self {
        Self { name, at: Timestamp::now(), took: Duration::ZERO, result: Err(error) }
    }
}

/// A run that worked, perhaps with a limitation.
pub(crate) struct Success {
    pub(super) rows: u64,
    pub(super) notice: Option<Notice>,
}

/// The collectors of one database: which run, how often, how they fare.
pub(super) struct Report {
    lines: Vec<CollectorStatus>,
    /// What does not work in other databases of the server, by collector.
    elsewhere: BTreeMap<&'static str, Notice>,
}

/// How often `spec` runs for `target`, when nobody asks for more.
pub(super) const fn interval(spec: &Spec, target: &Target) -> Duration {
    match spec.every {
        Every::PollInterval => target.poll_interval,
        Every::Live(interval) | Every::Fixed(interval) => interval,
    }
}

impl Report {
    /// Nothing has run yet. What `before` knew of the same collectors is kept.
    pub(super) fn new(target: &Target, before: Option<&Self>) -> Self {
        let lines = collectors::of(target.engine).map(|spec| {
            let enabled = target.runs(spec.name);
            let known = before.and_then(|before| before.lines.iter().find(|line| line.name == spec.name));
            let mut line = known.cloned().unwrap_or_else(|| not_run_yet(spec.name));
            line.interval_seconds = interval(spec, target).as_secs();
            if enabled != line.enabled {
                line.enabled = enabled;
                (line.reason, line.fix) = (None, None);
                line.state = if enabled { CollectorState::Skipped } else { CollectorState::Disabled };
            }
            line
        });
        Self { lines: lines.collect(), elsewhere: BTreeMap::new() }
    }

    /// Notes ticks that came while a poll was still running.
    pub(super) fn skipped(&self, due: &[Due]) {
        for Due { name, skipped } in due.iter().filter(|due| due.skipped > 0) {
            tracing::debug!(collector = name, skipped, "ticks skipped, the previous poll was still running");
        }
    }

    /// Notes what a run came to, on a server of `engine`.
    pub(super) fn ran(&mut self, run: &Run, engine: Engine) {
        let Some(line) = self.lines.iter_mut().find(|line| line.name == run.name) else { return };
        line.runs += 1;
        line.last_duration_ms = Some(u64::try_from(run.took.as_millis()).unwrap_or(u64::MAX));
        match &run.result {
            Ok(success) => {
                line.state = CollectorState::Ok;
                line.last_success_at = Some(run.at);
                line.first_success_at = line.first_success_at.or(line.last_success_at);
                line.rows = Some(success.rows);
                line.reason = success.notice.as_ref().map(|notice| notice.reason.clone());
                line.fix = success.notice.as_ref().map(|notice| notice.fix.clone());
            }
            Err(error) => {
                let missing = matches!(error, CollectError::Missing { .. });
                line.state = if missing { CollectorState::Skipped } else { CollectorState::Failing };
                line.failures += u64::from(!missing);
                line.reason = Some(error.to_string());
                line.fix = error.fix(engine);
            }
        }
    }

    /// Takes what does not work in other databases of the server.
    pub(super) fn elsewhere(&mut self, notices: BTreeMap<&'static str, Notice>) {
        self.elsewhere = notices;
    }

    /// The lines as `/collectors` shows them.
    pub(super) fn lines(&self, schedule: &Schedule, now: Instant) -> Vec<CollectorStatus> {
        let clock = Timestamp::now();
        let mut lines = self.lines.clone();
        for line in &mut lines {
            let elsewhere = self.elsewhere.get(line.name);
            // what is wrong in the database connected to comes first
            if let Some(notice) =
                elsewhere.filter(|_| line.state == CollectorState::Ok && line.reason.is_none())
            {
                line.reason = Some(notice.reason.clone());
                line.fix = Some(notice.fix.clone()).filter(|fix| !fix.is_empty());
            }
            line.next_run_at =
                schedule.next_of(line.name).map(|next| clock + next.saturating_duration_since(now));
        }
        lines
    }
}

fn not_run_yet(name: &'static str) -> CollectorStatus {
    CollectorStatus {
        name,
        enabled: true,
        interval_seconds: 0,
        state: CollectorState::Skipped,
        reason: Some("has not run yet".to_owned()),
        fix: None,
        last_success_at: None,
        first_success_at: None,
        last_duration_ms: None,
        rows: None,
        runs: 0,
        failures: 0,
        next_run_at: None,
    }
}
