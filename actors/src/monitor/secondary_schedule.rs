//! When the other databases are visited: never two rounds at once, none while the server or the store is away.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ractor::ActorRef;
use tokio::task::{AbortHandle, JoinHandle};

use super::secondary_poll::{SecondaryPoller, SecondaryResults};
use super::{Dependencies, Message};
use crate::model::{ServerDatabases, Target};

/// From the end of one round to the start of the next.
const PAUSE: Duration = Duration::from_millis(500);

/// The rounds of one monitor.
pub(super) struct SecondarySchedule {
    /// At home between rounds, `None` while one is under way.
    poller: Option<SecondaryPoller>,
    /// Learned while a round was under way.
    next_databases: Option<Arc<ServerDatabases>>,
    timer: Option<JoinHandle<Result<(), ractor::MessagingErr<Message>>>>,
    task: Option<AbortHandle>,
    ended_at: Option<Instant>,
    /// Whether it is of no use to read more now.
    pub(super) paused: bool,
}

impl Drop for SecondarySchedule {
    fn drop(&mut self) {
        if let Some(timer) = &self.timer {
            timer.abort();
        }
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

impl SecondarySchedule {
    pub(super) const fn new(dependencies: Dependencies, target: Target) -> Self {
        let poller = Some(SecondaryPoller::new(dependencies, target));
        Self { poller, next_databases: None, timer: None, task: None, ended_at: None, paused: false }
    }

    /// Learns which databases there are.
    pub(super) fn meet(&mut self, databases: Arc<ServerDatabases>, now: Instant) {
        match &mut self.poller {
            Some(poller) => poller.meet(&databases.others, now),
            None => self.next_databases = Some(databases),
        }
    }

    /// Takes a changed registration. A round under way is for the old one; [`Self::ended`] sees to that.
    pub(super) fn reconfigure(&mut self, target: &Target, now: Instant) {
        if let Some(poller) = &mut self.poller {
            poller.reconfigure(target.clone(), now);
        }
    }

    /// Sets the timer for the next round. One that was set before no longer counts.
    pub(super) fn schedule_timer(&mut self, myself: &ActorRef<Message>, now: Instant) {
        if let Some(timer) = self.timer.take() {
            timer.abort();
        }
        let next = self.poller.as_ref().filter(|_| !self.paused).and_then(SecondaryPoller::next);
        let Some(next) = next else { return };
        let rested = self.ended_at.map_or(now, |ended_at| ended_at + PAUSE);
        let wait = next.max(rested).saturating_duration_since(now);
        self.timer = Some(myself.send_after(wait, || Message::SecondaryPollDue));
    }

    /// Starts a round, unless one is under way.
    pub(super) fn start(&mut self, myself: &ActorRef<Message>) {
        let Some(mut poller) = self.poller.take_if(|_| !self.paused) else { return };
        let round = tokio::spawn(async move {
            let results = poller.round().await;
            Box::new((poller, results))
        });
        self.task = Some(round.abort_handle());
        let monitor = myself.clone();
        tokio::spawn(async move {
            let message = match round.await {
                Ok(visited) => Message::SecondaryPolled(visited),
                Err(error) if error.is_cancelled() => return,
                Err(error) => Message::PollPanicked(error.to_string()),
            };
            // a monitor that was stopped needs nothing any more
            let _ = monitor.cast(message);
        });
    }

    /// A round is over; what it results counts if it was for the registration as it is now.
    pub(super) fn ended(
        &mut self,
        (mut poller, results): (SecondaryPoller, SecondaryResults),
        target: &Target,
        now: Instant,
    ) -> Option<SecondaryResults> {
        (self.task, self.ended_at) = (None, Some(now));
        let of_now = results.target == *target;
        if !of_now {
            poller.reconfigure(target.clone(), now);
        }
        if let Some(databases) = self.next_databases.take() {
            poller.meet(&databases.others, now);
        }
        self.poller = Some(poller);
        of_now.then_some(results)
    }
}
