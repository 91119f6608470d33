//! The actor of one database. No handler waits for I/O: polls run in tasks that report back by message.

mod health;
mod polling;
mod timing;

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::sync::Notify;
use tokio::task::{AbortHandle, JoinHandle};

use super::collector_instance::interval;
use super::collector_statuses::CollectorStatuses;
use super::health_check::HealthChecker;
use super::idle::Idle;
use super::observation_recorder::ObservationRecorder;
use super::poll::Poller;
use super::secondary_poll::SecondaryResults;
use super::secondary_schedule::SecondarySchedule;
use super::{Dependencies, Message, Shared};
use crate::collect::{Backoff, Schedule};
use crate::collectors;
use crate::model::Target;

/// The longest wait between attempts to connect: the end of a fault is noticed within 15 s, time-out included.
const LONGEST_RETRY_WAIT: Duration = Duration::from_secs(8);

/// Watches one database.
pub(crate) struct Monitor;

pub(crate) struct Arguments {
    pub(crate) target: Target,
    pub(crate) dependencies: Dependencies,
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct State {
    target: Target,
    dependencies: Dependencies,
    shared: Arc<Shared>,
    schedule: Schedule,
    statuses: CollectorStatuses,
    /// `None` while a poll is running.
    poller: Option<Poller>,
    /// A registration that arrived during a poll; it takes effect after it.
    next_target: Option<Target>,
    /// Set while the connection fails: nothing runs before.
    retry_at: Option<Instant>,
    backoff: Backoff,
    /// The number of the current timer. Messages of earlier ones are ignored.
    generation: u64,
    /// When everything was, or will be, run because a client asked for it.
    run_soon_at: Option<Instant>,
    timer: Option<JoinHandle<Result<(), ractor::MessagingErr<Message>>>>,
    poll: Option<RunningPoll>,
    secondary: SecondarySchedule,
    /// Results from other databases that arrived during a poll.
    secondary_results: Option<SecondaryResults>,
    idle: Idle,
    observations: ObservationRecorder,
    /// `None` while the health is being evaluated.
    health_checker: Option<Box<HealthChecker>>,
    health_checked_at: Option<Instant>,
    /// The clock of the server minus ours.
    skew_ms: Option<i64>,
}

/// The poll that is running.
struct RunningPoll {
    task: AbortHandle,
    /// Ends its queries.
    interrupt: Arc<Notify>,
}

impl Drop for State {
    fn drop(&mut self) {
        if let Some(timer) = &self.timer {
            timer.abort();
        }
        if let Some(poll) = &self.poll {
            poll.task.abort();
        }
    }
}

#[async_trait]
impl Actor for Monitor {
    type Msg = Message;
    type State = State;
    type Arguments = Arguments;

    async fn pre_start(
        &self,
        myself: ActorRef<Message>,
        arguments: Arguments,
    ) -> Result<State, ActorProcessingErr> {
        let now = Instant::now();
        let mut state = State::new(arguments, now);
        state.set_stale_after();
        state.apply_live_interval(now);
        state.schedule_timer(&myself, now);
        Ok(state)
    }

    async fn handle(
        &self,
        myself: ActorRef<Message>,
        message: Message,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        let now = Instant::now();
        match message {
            Message::PollDue { generation } if generation == state.generation => {
                state.start_poll(&myself, now)
            }
            Message::PollDue { .. } => {}
            Message::LiveSnapshot(live) => state.publish_live(live),
            Message::Polled(polled) => state.finish_poll(&myself, *polled, now),
            Message::PollPanicked(panic) => return Err(panic.into()),
            Message::HealthChecked(health_checker, diagnosis) => {
                state.health_checker = Some(health_checker);
                state.shared.diagnosis.send_replace(Some(diagnosis));
            }
            Message::HealthCheckPanicked(panic) => state.replace_health_checker(&panic),
            Message::SecondaryPollDue => state.secondary.start(&myself),
            Message::SecondaryPolled(polled) => state.finish_secondary_poll(&myself, *polled, now),
            Message::SubscribersChanged => {
                state.wake(now);
                state.apply_live_interval(now);
                state.schedule_timer(&myself, now);
            }
            Message::Reconfigure(target) => state.reconfigure(&myself, *target, now),
            Message::FleetSettingsChanged => {
                // the settings of rules may have changed
                state.health_checked_at = None;
                state.check_health(&myself, now);
            }
            Message::PollNow => {
                state.wake(now);
                state.run_soon(now);
                state.schedule_timer(&myself, now);
            }
            Message::CollectorStatus(reply) => {
                // fails only when the caller stopped waiting
                let _ = reply.send(state.statuses.all(&state.schedule, now));
            }
        }
        Ok(())
    }
}

/// The due times of the enabled collectors.
fn schedule(target: &Target, now: Instant) -> Schedule {
    let enabled = collectors::of(target.engine).filter(|spec| spec.is_enabled(target));
    Schedule::new(enabled.map(|spec| (spec.name, interval(spec, target))), now)
}

impl State {
    fn new(Arguments { target, dependencies, shared }: Arguments, now: Instant) -> Self {
        Self {
            schedule: schedule(&target, now),
            statuses: CollectorStatuses::new(&target, None),
            poller: Some(Poller::new(dependencies.clone(), target.clone())),
            next_target: None,
            retry_at: None,
            backoff: Backoff::new(Duration::from_secs(1), LONGEST_RETRY_WAIT),
            generation: 0,
            run_soon_at: None,
            timer: None,
            poll: None,
            secondary: SecondarySchedule::new(dependencies.clone(), target.clone()),
            secondary_results: None,
            idle: Idle::new(now),
            observations: ObservationRecorder::start(Arc::clone(&dependencies.registry), target.id),
            health_checker: Some(Box::new(HealthChecker::new(dependencies.clone()))),
            health_checked_at: None,
            skew_ms: None,
            target,
            dependencies,
            shared,
        }
    }

    /// Takes a changed registration. The collectors keep their state; a changed connection is made at once.
    fn reconfigure(&mut self, myself: &ActorRef<Message>, target: Target, now: Instant) {
        self.schedule = schedule(&target, now);
        self.statuses = CollectorStatuses::new(&target, Some(&self.statuses));
        self.retry_at = None;
        self.backoff.reset();
        if let Some(poll) = self.poll.as_ref().filter(|_| !self.target.connects_like(&target)) {
            poll.interrupt.notify_one();
        }
        self.target = target.clone();
        self.secondary.reconfigure(&target, now);
        match &mut self.poller {
            Some(poller) => poller.reconfigure(target),
            None => self.next_target = Some(target),
        }
        self.set_stale_after();
        self.apply_live_interval(now);
        self.schedule_timer(myself, now);
    }
}
