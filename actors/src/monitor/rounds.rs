//! When the other databases are visited: never two rounds at once, none while the server or the store is away.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ractor::ActorRef;
use tokio::task::{AbortHandle, JoinHandle};

use super::visits::{Brought, Visitor};
use super::{Dependencies, Message};
use crate::model::{ServerDatabases, Target};

/// From the end of one round to the start of the next.
const PAUSE: Duration = Duration::from_millis(500);

/// The rounds of one monitor.
pub(super) struct Rounds {
    /// At home between rounds, `None` while one is under way.
    visitor: Option<Visitor>,
    /// Learned while a round was under way.
    next_databases: Option<Arc<ServerDatabases>>,
    timer: Option<JoinHandle<Result<(), ractor::MessagingErr<Message>>>>,
    task: Option<AbortHandle>,
    ended_at: Option<Instant>,
    /// Whether it is of no use to read more now.
    pub(super) paused: bool,
}

impl Drop for Rounds {
    fn drop(&mut self) {
        if let Some(timer) = &self.timer {
            timer.abort();
        }
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

impl Rounds {
    pub(super) const fn new(dependencies: Dependencies, target: Target) -> Self {
        let visitor = Some(Visitor::new(dependencies, target));
        Self { visitor, next_databases: None, timer: None, task: None, ended_at: None, paused: false }
    }

    /// Learns which databases there are.
    pub(super) fn meet(&mut self, databases: Arc<ServerDatabases>, now: Instant) {
        match &mut self.visitor {
            Some(visitor) => visitor.meet(&databases.others, now),
            None => self.next_databases = Some(databases),
        }
    }

    /// Takes a changed registration. A round under way is for the old one; [`Self::ended`] sees to that.
    pub(super) fn reconfigure(&mut self, target: &Target, now: Instant) {
        if let Some(visitor) = &mut self.visitor {
            visitor.reconfigure(target.clone(), now);
        }
    }

    /// Sets the timer for the next round. One that was set before no longer counts.
    pub(super) fn arm(&mut self, myself: &ActorRef<Message>, now: Instant) {
        if let Some(timer) = self.timer.take() {
            timer.abort();
        }
        let next = self.visitor.as_ref().filter(|_| !self.paused).and_then(Visitor::next);
        let Some(next) = next else { return };
        let rested = self.ended_at.map_or(now, |ended_at| ended_at + PAUSE);
        let wait = next.max(rested).saturating_duration_since(now);
        self.timer = Some(myself.send_after(wait, || Message::VisitsDue));
    }

    /// Starts a round, unless one is under way.
    pub(super) fn start(&mut self, myself: &ActorRef<Message>) {
        let Some(mut visitor) = self.visitor.take_if(|_| !self.paused) else { return };
        let round = tokio::spawn(async move {
            let brought = visitor.round().await;
            Box::new((visitor, brought))
        });
        self.task = Some(round.abort_handle());
        let monitor = myself.clone();
        tokio::spawn(async move {
            let message = match round.await {
                Ok(visited) => Message::Visited(visited),
                Err(error) if error.is_cancelled() => return,
                Err(error) => Message::PollBroke(error.to_string()),
            };
            // a monitor that was stopped needs nothing any more
            let _ = monitor.cast(message);
        });
    }

    /// A round is over; what it brought counts if it was for the registration as it is now.
    pub(super) fn ended(
        &mut self,
        (mut visitor, brought): (Visitor, Brought),
        target: &Target,
        now: Instant,
    ) -> Option<Brought> {
        (self.task, self.ended_at) = (None, Some(now));
        let of_now = brought.target == *target;
        if !of_now {
            visitor.reconfigure(target.clone(), now);
        }
        if let Some(databases) = self.next_databases.take() {
            visitor.meet(&databases.others, now);
        }
        self.visitor = Some(visitor);
        of_now.then_some(brought)
    }
}
