//! Starts polls and takes their results.

use std::sync::Arc;
use std::time::Instant;

use ractor::ActorRef;
use tokio::sync::Notify;

use super::{RunningPoll, State};
use crate::collect::CollectError;
use crate::model::{ActivitySnapshot, DatabaseStatus, ServerDatabases, Timestamp};
use crate::monitor::collector_instance::Run;
use crate::monitor::message::spawn;
use crate::monitor::poll::{PollOutcome, Poller};
use crate::monitor::secondary_poll::{SecondaryPoller, SecondaryResults};
use crate::monitor::{Live, Message};
use crate::ports::Observation;

impl State {
    /// Starts a poll of what is due, unless one is running.
    pub(super) fn start_poll(&mut self, myself: &ActorRef<Message>, now: Instant) {
        let Some(mut poller) = self.poller.take() else { return };
        let due = self.schedule.take_due(now);
        self.statuses.log_skipped(&due);
        let (shared, monitor) = (Arc::clone(&self.shared), myself.clone());
        let publish = move |snapshot: ActivitySnapshot| {
            let live = Live::snapshot(shared.next_seq(), snapshot);
            // fails only when the monitor was stopped
            let _ = monitor.cast(Message::LiveSnapshot(live));
        };
        let interrupt = Arc::new(Notify::new());
        let interrupted = Arc::clone(&interrupt);
        let poll = async move {
            let outcome = poller.poll(&due, &publish, &interrupted).await;
            Message::Polled(Box::new((poller, outcome)))
        };
        self.poll = Some(RunningPoll { task: spawn(myself, poll, Message::PollPanicked), interrupt });
    }

    pub(super) fn finish_poll(
        &mut self,
        myself: &ActorRef<Message>,
        (mut poller, mut outcome): (Poller, PollOutcome),
        now: Instant,
    ) {
        self.poll = None;
        for run in &outcome.runs {
            self.statuses.record_run(run, self.target.engine);
        }
        let databases = outcome.snapshots.iter().find_map(|(_, snapshot)| snapshot.get::<ServerDatabases>());
        self.shared.put_snapshots(std::mem::take(&mut outcome.snapshots));
        match self.next_target.take() {
            // the state of the old registration no longer matters
            Some(target) => poller.reconfigure(target),
            // a poll without a run only stored secondary results
            None if outcome.runs.is_empty() => {}
            None => {
                self.observe(&outcome, now);
                self.check_health(myself, now);
            }
        }
        if let Some(databases) = databases {
            self.shared.keep_only(&databases);
            self.secondary.set_databases(databases, now);
        }
        if let Some(results) = self.secondary_results.take() {
            poller.merge_results(results);
        }
        self.secondary.paused = poller.is_behind() || self.retry_at.is_some();
        self.poller = Some(poller);
        self.secondary.schedule_timer(myself, now);
        self.schedule_timer(myself, now);
    }

    /// Takes the results from other databases; they are stored at once, or after the poll that is running.
    pub(super) fn finish_secondary_poll(
        &mut self,
        myself: &ActorRef<Message>,
        polled: (SecondaryPoller, SecondaryResults),
        now: Instant,
    ) {
        if let Some(mut results) = self.secondary.finish(polled, &self.target, now) {
            self.shared.put_snapshots(std::mem::take(&mut results.snapshots));
            self.statuses.set_secondary_notices(std::mem::take(&mut results.notices));
            match (&mut self.poller, &mut self.secondary_results) {
                (Some(poller), _) => {
                    poller.merge_results(results);
                    self.start_poll(myself, now);
                }
                (None, Some(waiting)) => waiting.merge(results),
                (None, none) => *none = Some(results),
            }
        }
        self.secondary.schedule_timer(myself, now);
    }

    /// Updates the observed state from a poll, and decides when to try again.
    fn observe(&mut self, outcome: &PollOutcome, now: Instant) {
        let mut errors = outcome.runs.iter().filter_map(|run| run.result.as_ref().err());
        let lost = errors.clone().find(|error| error.ends_connection());
        let last_error = lost.map(|error| error.full_text(self.target.engine));
        let store_error = errors.find_map(|error| match error {
            CollectError::Store(reason) => Some(reason.clone()),
            _ => None,
        });
        // of a server that refuses every query nothing is known, however well the connection is
        let answered = |run: &&Run| run.result.is_ok();
        let seen_at = outcome.runs.iter().filter(answered).map(|run| run.at).max();
        let mut refusals = outcome.runs.iter().filter_map(|run| run.result.as_ref().err());
        let refusal = refusals.find(|error| error.is_an_answer());
        let refusal = refusal.map(|error| error.full_text(self.target.engine));
        self.retry_at = match &last_error {
            Some(_) => Some(now + self.backoff.failed()),
            None => {
                self.backoff.reset();
                None
            }
        };
        let is_new = |error: &String| self.shared.observed.borrow().last_error.as_ref() != Some(error);
        let new_error = last_error.clone().filter(is_new);
        self.shared.observed.send_modify(|observed| {
            observed.last_seen_at = seen_at.or(observed.last_seen_at);
            observed.last_error = last_error;
            observed.store_error = store_error;
            if seen_at.is_some() || refusal.is_some() {
                observed.refusal = refusal.filter(|_| seen_at.is_none());
            }
            if let Some(server) = &outcome.server {
                observed.engine_version = Some(server.version.clone());
            }
        });
        if let Some(error) = new_error {
            tracing::warn!(db.id = %self.target.id, error, "database disconnected");
            self.shared.live.send_replace(Some(Live::disconnected(&error)));
        }
        self.record_observation(now);
        self.update_idle(outcome, now);
    }

    /// Has the observed state written to the registry.
    fn record_observation(&mut self, now: Instant) {
        let observed = self.shared.observed.borrow().status_at(Timestamp::now());
        let DatabaseStatus { last_seen_at, last_error, engine_version, .. } = observed;
        self.observations.record(Observation { last_seen_at, last_error, engine_version }, now);
    }
}
