//! Decides when the next poll runs.

use std::time::{Duration, Instant};

use ractor::ActorRef;

use super::State;
use crate::collect::Every;
use crate::collectors;
use crate::monitor::Message;
use crate::monitor::collector_instance::Run;
use crate::monitor::idle::PAUSE;
use crate::monitor::poll::PollOutcome;

/// The shortest interval at which clients can have everything run, however many ask for it.
const POLL_NOW_INTERVAL: Duration = Duration::from_secs(1);
/// The shortest interval of the live stream.
const LEAST_LIVE_INTERVAL: Duration = Duration::from_secs(1);
/// How many intervals of the base collectors, and at least how long, a database counts as connected after it was read.
const STALE_AFTER_INTERVALS: u32 = 3;
const LEAST_STALE_AFTER: Duration = Duration::from_secs(15);

impl State {
    /// Sets the timer for the next poll, in place of one that was set before.
    pub(super) fn schedule_timer(&mut self, myself: &ActorRef<Message>, now: Instant) {
        if let Some(timer) = self.timer.take() {
            timer.abort();
        }
        if self.poller.is_none() {
            return; // a poll is running and sets the timer when it ends
        }
        let Some(next) = self.schedule.next() else { return };
        let next = self.retry_at.map_or(next, |retry_at| next.max(retry_at));
        self.generation += 1;
        let generation = self.generation;
        let wait = next.saturating_duration_since(now);
        self.timer = Some(myself.send_after(wait, move || Message::PollDue { generation }));
    }

    /// Makes every collector due, now or a second after the last time.
    pub(super) fn run_soon(&mut self, now: Instant) {
        let when = match self.run_soon_at {
            // a run that is still to come serves this caller too
            Some(coming) if coming > now => coming,
            Some(before) => now.max(before + POLL_NOW_INTERVAL),
            None => now,
        };
        self.run_soon_at = Some(when);
        self.schedule.bring_forward(when);
    }

    /// Runs live collectors at the shortest interval of all subscribers, and never slower than without any.
    pub(super) fn apply_live_interval(&mut self, now: Instant) {
        let wanted = self.shared.shortest_interval();
        for spec in collectors::of(self.target.engine) {
            if let Every::Live(usual) = spec.every {
                let interval = wanted.unwrap_or(usual).min(usual).max(LEAST_LIVE_INTERVAL);
                self.schedule.set_interval(spec.name, interval, now);
            }
        }
    }

    /// Pauses polling of a service that is not in use, if the registration allows that.
    pub(super) fn update_idle(&mut self, outcome: &PollOutcome, now: Instant) {
        if !self.target.let_idle || self.retry_at.is_some() {
            return;
        }
        let shows_activity =
            |run: &Run| run.spec.shows_activity && run.result.as_ref().is_ok_and(|run| run.rows > 0);
        let busy = self.shared.shortest_interval().is_some() || outcome.runs.iter().any(shows_activity);
        if let Some(until) = self.idle.pause_until(busy, now) {
            self.schedule.postpone(until);
            let stale_after = PAUSE + Duration::from_secs(60);
            self.shared.observed.send_modify(|observed| observed.stale_after = stale_after);
        } else {
            self.set_stale_after();
        }
    }

    /// Ends a pause: a client wants current values.
    pub(super) fn wake(&mut self, now: Instant) {
        if self.target.let_idle {
            self.idle.wake(now);
            self.schedule.bring_forward(now);
            self.set_stale_after();
        }
    }

    /// Sets how long the database counts as connected after it was read.
    pub(super) fn set_stale_after(&self) {
        let stale_after = (self.target.poll_interval * STALE_AFTER_INTERVALS).max(LEAST_STALE_AFTER);
        self.shared.observed.send_modify(|observed| observed.stale_after = stale_after);
    }
}
