//! When the other databases of a server are polled: one round at a time, none while the server or the store fails.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ractor::ActorRef;
use tokio::task::{AbortHandle, JoinHandle};

use super::message::spawn;
use super::secondary_poll::{SecondaryPoller, SecondaryResults};
use super::{Dependencies, Message};
use crate::model::{ServerDatabases, Target};

/// From the end of one round to the start of the next.
const PAUSE: Duration = Duration::from_millis(500);

/// Starts the rounds of one monitor.
pub(super) struct SecondarySchedule {
    /// `None` while a round is running.
    poller: Option<SecondaryPoller>,
    /// Databases that arrived during a round; they apply after it.
    next_databases: Option<Arc<ServerDatabases>>,
    timer: Option<JoinHandle<Result<(), ractor::MessagingErr<Message>>>>,
    round: Option<AbortHandle>,
    ended_at: Option<Instant>,
    /// Set while samples cannot be stored or the server cannot be reached.
    pub(super) paused: bool,
}

impl Drop for SecondarySchedule {
    fn drop(&mut self) {
        if let Some(timer) = &self.timer {
            timer.abort();
        }
        if let Some(round) = &self.round {
            round.abort();
        }
    }
}

impl SecondarySchedule {
    pub(super) const fn new(dependencies: Dependencies, target: Target) -> Self {
        let poller = Some(SecondaryPoller::new(dependencies, target));
        Self { poller, next_databases: None, timer: None, round: None, ended_at: None, paused: false }
    }

    /// Replaces the list of databases.
    pub(super) fn set_databases(&mut self, databases: Arc<ServerDatabases>, now: Instant) {
        match &mut self.poller {
            Some(poller) => poller.set_databases(&databases.others, now),
            None => self.next_databases = Some(databases),
        }
    }

    /// Takes a changed registration. [`Self::finish`] discards the results of a round that was for the old one.
    pub(super) fn reconfigure(&mut self, target: &Target, now: Instant) {
        if let Some(poller) = &mut self.poller {
            poller.reconfigure(target.clone(), now);
        }
    }

    /// Sets the timer for the next round, in place of one that was set before.
    pub(super) fn schedule_timer(&mut self, myself: &ActorRef<Message>, now: Instant) {
        if let Some(timer) = self.timer.take() {
            timer.abort();
        }
        let next = self.poller.as_ref().filter(|_| !self.paused).and_then(SecondaryPoller::next);
        let Some(next) = next else { return };
        let paused_until = self.ended_at.map_or(now, |ended_at| ended_at + PAUSE);
        let wait = next.max(paused_until).saturating_duration_since(now);
        self.timer = Some(myself.send_after(wait, || Message::SecondaryPollDue));
    }

    /// Starts a round, unless one is running.
    pub(super) fn start(&mut self, myself: &ActorRef<Message>) {
        let Some(mut poller) = self.poller.take_if(|_| !self.paused) else { return };
        let round = async move {
            let results = poller.round().await;
            Message::SecondaryPolled(Box::new((poller, results)))
        };
        self.round = Some(spawn(myself, round, Message::PollPanicked));
    }

    /// Ends a round. Returns its results if they are for the registration as it is now.
    pub(super) fn finish(
        &mut self,
        (mut poller, results): (SecondaryPoller, SecondaryResults),
        target: &Target,
        now: Instant,
    ) -> Option<SecondaryResults> {
        (self.round, self.ended_at) = (None, Some(now));
        let is_current = results.target == *target;
        if !is_current {
            poller.reconfigure(target.clone(), now);
        }
        if let Some(databases) = self.next_databases.take() {
            poller.set_databases(&databases.others, now);
        }
        self.poller = Some(poller);
        is_current.then_some(results)
    }
}
