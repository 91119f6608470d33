//! The doctor's visits: after polls, in a task that reports back by message.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ractor::ActorRef;

use super::{HealthChecker, Live, Message, State};
use crate::health::Facts;
use crate::model::Timestamp;

/// A database is examined no more often than this, unless somebody has asked for everything at once.
const EXAMINE_EVERY: Duration = Duration::from_secs(8);

impl State {
    /// Takes what the live collector saw; its clock against ours tells how far they are apart.
    pub(super) fn looked(&mut self, live: Live) {
        if let Live::Snapshot { snapshot, .. } = &live {
            self.skew_ms = Some(snapshot.at.as_millis() - Timestamp::now().as_millis());
        }
        self.shared.live.send_replace(Some(live));
    }

    /// Has the database examined, unless that is under way or was done a moment ago.
    pub(super) fn examine(&mut self, myself: &ActorRef<Message>, now: Instant) {
        let hastened = self.run_soon_at >= self.examined_at;
        if self.examined_at.is_some_and(|at| now.duration_since(at) < EXAMINE_EVERY) && !hastened {
            return;
        }
        let Some(mut health_checker) = self.health_checker.take() else { return };
        self.examined_at = Some(now);
        let (facts, target, monitor) = (self.facts(now), self.target.clone(), myself.clone());
        let examination = tokio::spawn(async move {
            let diagnosis = health_checker.examine(&target, facts).await;
            Message::HealthChecked(health_checker, diagnosis)
        });
        tokio::spawn(async move {
            let message = match examination.await {
                Ok(examined) => examined,
                Err(error) => Message::HealthCheckPanicked(error.to_string()),
            };
            // a monitor that was stopped needs no diagnosis
            let _ = monitor.cast(message);
        });
    }

    /// A rule that panics must not end the polls.
    pub(super) fn replace_health_checker(&mut self, panic: &str) {
        tracing::error!(db.id = %self.target.id, panic, "the examination broke off");
        self.health_checker = Some(Box::new(HealthChecker::new(self.dependencies.clone())));
    }

    /// All that is known without reading what is stored.
    fn facts(&self, now: Instant) -> Facts {
        let observed = self.shared.observed.borrow().clone();
        let status = observed.at(Timestamp::now());
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
            collectors: self.report.lines(&self.schedule, now),
            skew_ms: self.skew_ms,
            past: std::collections::BTreeMap::new(),
        }
    }
}
