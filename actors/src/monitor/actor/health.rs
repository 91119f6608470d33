//! Starts health checks after polls, and publishes live snapshots.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ractor::ActorRef;

use super::State;
use crate::health::Facts;
use crate::model::Timestamp;
use crate::monitor::health_check::HealthChecker;
use crate::monitor::message::spawn;
use crate::monitor::{Live, Message};

/// The shortest interval between health checks, unless a client had everything run.
const HEALTH_CHECK_INTERVAL: Duration = Duration::from_secs(8);

impl State {
    /// Publishes a live snapshot. The difference of its clock to ours is the skew.
    pub(super) fn publish_live(&mut self, live: Live) {
        if let Live::Snapshot { snapshot, .. } = &live {
            self.skew_ms = Some(snapshot.at.as_millis() - Timestamp::now().as_millis());
        }
        self.shared.live.send_replace(Some(live));
    }

    /// Starts a health check, unless one is running or was run a moment ago.
    pub(super) fn check_health(&mut self, myself: &ActorRef<Message>, now: Instant) {
        let is_requested = self.run_soon_at >= self.health_checked_at;
        let is_recent =
            self.health_checked_at.is_some_and(|at| now.duration_since(at) < HEALTH_CHECK_INTERVAL);
        if is_recent && !is_requested {
            return;
        }
        let Some(mut health_checker) = self.health_checker.take() else { return };
        self.health_checked_at = Some(now);
        let (facts, target) = (self.facts(now), self.target.clone());
        let check = async move {
            let diagnosis = health_checker.check(&target, facts).await;
            Message::HealthChecked(health_checker, diagnosis)
        };
        spawn(myself, check, Message::HealthCheckPanicked);
    }

    /// Replaces the health checker after a panic of a rule, which must not end the polls.
    pub(super) fn replace_health_checker(&mut self, panic: &str) {
        tracing::error!(db.id = %self.target.id, panic, "a health check panicked");
        self.health_checker = Some(Box::new(HealthChecker::new(self.dependencies.clone())));
    }

    /// The current state of the database, without the stored history.
    fn facts(&self, now: Instant) -> Facts {
        let observed = self.shared.observed.borrow().clone();
        let status = observed.status_at(Timestamp::now());
        let activity = match &*self.shared.live.borrow() {
            Some(Live::Snapshot { snapshot, .. }) => Some(Arc::clone(snapshot)),
            _ => None,
        };
        Facts {
            at: Timestamp::now(),
            engine: self.target.engine,
            status: status.status,
            last_error: status.last_error,
            store_error: observed.store_error,
            snapshots: self.shared.all_snapshots(),
            activity,
            collectors: self.statuses.all(&self.schedule, now),
            skew_ms: self.skew_ms,
            past: std::collections::BTreeMap::new(),
        }
    }
}
