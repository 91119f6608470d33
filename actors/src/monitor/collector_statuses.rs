//! The status of each collector, updated by the results of its runs.

use std::collections::BTreeMap;
use std::time::Instant;

use super::collector_instance::{Run, interval};
use crate::collect::{CollectError, Due, Notice, Schedule};
use crate::collectors;
use crate::model::{CollectorState, CollectorStatus, Engine, Target, Timestamp};

/// The status of the collectors of one database.
pub(super) struct CollectorStatuses {
    statuses: Vec<CollectorStatus>,
    /// What does not work in other databases of the server, by collector.
    secondary_notices: BTreeMap<&'static str, Notice>,
}

impl CollectorStatuses {
    /// The collectors of `target` before their first run. Statuses in `previous` are kept.
    pub(super) fn new(target: &Target, previous: Option<&Self>) -> Self {
        let statuses = collectors::of(target.engine).map(|spec| {
            let enabled = spec.is_enabled(target);
            let known = previous
                .and_then(|previous| previous.statuses.iter().find(|status| status.name == spec.name));
            let mut status = known.cloned().unwrap_or_else(|| not_run_yet(spec.name));
            status.interval_seconds = interval(spec, target).as_secs();
            if enabled != status.enabled {
                status.enabled = enabled;
                (status.reason, status.fix) = (None, None);
                status.state = if enabled { CollectorState::Skipped } else { CollectorState::Disabled };
            }
            status
        });
        Self { statuses: statuses.collect(), secondary_notices: BTreeMap::new() }
    }

    /// Logs the ticks that were skipped because a poll was still running.
    pub(super) fn log_skipped(&self, due: &[Due]) {
        for Due { name, skipped } in due.iter().filter(|due| due.skipped > 0) {
            tracing::debug!(collector = name, skipped, "ticks skipped, the previous poll was still running");
        }
    }

    /// Records the result of a run, on a server of `engine`. A collector that was disabled during the run stays disabled.
    pub(super) fn record_run(&mut self, run: &Run, engine: Engine) {
        let Some(status) = self.statuses.iter_mut().find(|status| status.name == run.spec.name) else {
            return;
        };
        status.runs += 1;
        status.last_duration_ms = Some(u64::try_from(run.duration.as_millis()).unwrap_or(u64::MAX));
        if !status.enabled {
            return;
        }
        match &run.result {
            Ok(success) => {
                status.state = CollectorState::Ok;
                status.last_success_at = Some(run.at);
                status.first_success_at = status.first_success_at.or(status.last_success_at);
                status.rows = Some(success.rows);
                status.reason = success.notice.as_ref().map(|notice| notice.reason.clone());
                status.fix = success.notice.as_ref().map(|notice| notice.fix.clone());
                status.hides = success.notice.as_ref().is_some_and(|notice| notice.hides);
            }
            Err(error) => {
                let missing = matches!(error, CollectError::Missing { .. });
                status.state = if missing { CollectorState::Skipped } else { CollectorState::Failing };
                status.failures += u64::from(!missing);
                status.reason = Some(error.to_string());
                status.fix = error.fix(engine);
            }
        }
    }

    /// Replaces the notices of the other databases of the server.
    pub(super) fn set_secondary_notices(&mut self, notices: BTreeMap<&'static str, Notice>) {
        self.secondary_notices = notices;
    }

    /// Returns the statuses as `GET /databases/{id}/collectors` shows them.
    pub(super) fn all(&self, schedule: &Schedule, now: Instant) -> Vec<CollectorStatus> {
        let clock = Timestamp::now();
        let mut statuses = self.statuses.clone();
        for status in &mut statuses {
            let secondary = self.secondary_notices.get(status.name);
            status.hides |= secondary.is_some_and(|notice| notice.hides);
            // a notice of the database connected to takes precedence
            if let Some(notice) =
                secondary.filter(|_| status.state == CollectorState::Ok && status.reason.is_none())
            {
                status.reason = Some(notice.reason.clone());
                status.fix = Some(notice.fix.clone()).filter(|fix| !fix.is_empty());
            }
            status.next_run_at =
                schedule.next_of(status.name).map(|next| clock + next.saturating_duration_since(now));
        }
        statuses
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
        hides: false,
        last_success_at: None,
        first_success_at: None,
        last_duration_ms: None,
        rows: None,
        runs: 0,
        failures: 0,
        next_run_at: None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::{DatabaseId, OrganizationId};
    use crate::monitor::collector_instance::Success;

    #[test]
    fn a_collector_disabled_during_its_run_stays_disabled() {
        let mut target = Target::new(
            DatabaseId::generate(),
            OrganizationId::generate(),
            Engine::Clickhouse,
            ("127.0.0.1", 8123),
        );
        let spec = collectors::of(target.engine).next().expect("ClickHouse has collectors");
        target.disabled_collectors.insert(spec.name.to_owned());
        let mut statuses = CollectorStatuses::new(&target, None);

        let result = Ok(Success { rows: 1, notice: None });
        let run = Run { spec, at: Timestamp::now(), duration: Duration::ZERO, result };
        statuses.record_run(&run, target.engine);

        let status = &statuses.statuses[0];
        assert_eq!((status.state, status.runs), (CollectorState::Disabled, 1));
    }
}
