//! The mailbox of one database. No handler waits for I/O: polls run in a task that reports back by message.

mod health;

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort};
use tokio::sync::Notify;
use tokio::task::{AbortHandle, JoinHandle};

use super::health_check::HealthChecker;
use super::idle::{Idle, REST};
use super::observation_recorder::ObservationRecorder;
use super::poll::{Outcome, Poller};
use super::report::{Report, Run, interval};
use super::secondary_poll::{SecondaryPoller, SecondaryResults};
use super::secondary_schedule::SecondarySchedule;
use super::{Dependencies, Live, ObservedState, Shared};
use crate::collect::{Backoff, CollectError, Every, Schedule};
use crate::collectors;
use crate::health::Diagnosis;
use crate::model::{CollectorStatus, ServerDatabases, Target};
use crate::ports::Observation;

/// What a monitor is told.
pub(crate) enum Message {
    /// Internal: the timer of this generation fired.
    PollDue { generation: u64 },
    /// Internal: the live collector has looked.
    LiveSnapshot(Live),
    /// Internal: the poll is over.
    Polled(Box<(Poller, Outcome)>),
    /// Internal: the poll panicked.
    PollPanicked(String),
    /// Internal: the doctor has examined the database.
    HealthChecked(Box<HealthChecker>, Arc<Diagnosis>),
    /// Internal: the doctor panicked.
    HealthCheckPanicked(String),
    /// Internal: other databases of the server are to be visited.
    SecondaryPollDue,
    /// Internal: some were.
    SecondaryPolled(Box<(SecondaryPoller, SecondaryResults)>),
    /// The subscribers changed: look faster or slower.
    SubscribersChanged,
    /// The registration changed.
    Reconfigure(Box<Target>),
    /// What is set for all databases changed.
    FleetSettingsChanged,
    /// Everything is due now.
    PollNow,
    /// How do the collectors fare?
    CollectorStatus(RpcReplyPort<Vec<CollectorStatus>>),
}

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
    report: Report,
    /// At home between polls, `None` while one is under way.
    poller: Option<Poller>,
    /// Arrived while a poll was under way; takes effect when it is over.
    next_target: Option<Target>,
    /// Set while the connection fails: nothing runs before.
    retry_at: Option<Instant>,
    backoff: Backoff,
    /// Tells the timer that counts from those that were overtaken.
    generation: u64,
    /// When somebody last asked for everything at once.
    run_soon_at: Option<Instant>,
    timer: Option<JoinHandle<Result<(), ractor::MessagingErr<Message>>>>,
    poll: Option<Poll>,
    secondary: SecondarySchedule,
    idle: Idle,
    /// Results from other databases that arrived while a poll was under way.
    secondary_results: Option<SecondaryResults>,
    seen: ObservationRecorder,
    /// At home between examinations, `None` while one is under way.
    health_checker: Option<Box<HealthChecker>>,
    examined_at: Option<Instant>,
    skew_ms: Option<i64>,
}

/// The poll that is under way.
struct Poll {
    task: AbortHandle,
    /// Ends its talk with the server.
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

/// Collectors whose rows are the work of others.
const OF_WORK: [&str; 2] = ["ch_processes", "ch_query_log"];
/// Longest wait between attempts to connect: a fault that ends is noticed within 15 s, time-out included.
const RETRY_CAP: Duration = Duration::from_secs(8);
/// Everything at once is read no more often than this, however many ask for it.
const POLL_NOW_INTERVAL: Duration = Duration::from_secs(1);

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
        let Arguments { target, dependencies, shared } = arguments;
        let now = Instant::now();
        let mut state = State {
            schedule: schedule(&target, now),
            report: Report::new(&target, None),
            poller: Some(Poller::new(dependencies.clone(), target.clone())),
            next_target: None,
            retry_at: None,
            backoff: Backoff::new(Duration::from_secs(1), RETRY_CAP),
            generation: 0,
            run_soon_at: None,
            timer: None,
            poll: None,
            secondary: SecondarySchedule::new(dependencies.clone(), target.clone()),
            idle: Idle::new(now),
            secondary_results: None,
            seen: ObservationRecorder::start(Arc::clone(&dependencies.registry), target.id),
            health_checker: Some(Box::new(HealthChecker::new(dependencies.clone()))),
            examined_at: None,
            skew_ms: None,
            target,
            dependencies,
            shared,
        };
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
            Message::PollDue { generation } if generation == state.generation => state.poll(&myself, now),
            Message::PollDue { .. } => {}
            Message::LiveSnapshot(live) => state.looked(live),
            Message::Polled(polled) => state.polled(&myself, *polled, now),
            Message::PollPanicked(panic) => return Err(panic.into()),
            Message::HealthChecked(health_checker, diagnosis) => {
                state.health_checker = Some(health_checker);
                state.shared.diagnosis.send_replace(Some(diagnosis));
            }
            Message::HealthCheckPanicked(panic) => state.replace_health_checker(&panic),
            Message::SecondaryPollDue => state.secondary.start(&myself),
            Message::SecondaryPolled(visited) => state.visited(&myself, *visited, now),
            Message::SubscribersChanged => {
                state.wake(now);
                state.apply_live_interval(now);
                state.schedule_timer(&myself, now);
            }
            Message::Reconfigure(target) => state.reconfigure(&myself, *target, now),
            Message::FleetSettingsChanged => {
                // with the rules as they are now
                state.examined_at = None;
                state.examine(&myself, now);
            }
            Message::PollNow => {
                state.wake(now);
                state.run_soon(now);
                state.schedule_timer(&myself, now);
            }
            Message::CollectorStatus(reply) => {
                // the caller may have stopped waiting
                let _ = reply.send(state.report.lines(&state.schedule, now));
            }
        }
        Ok(())
    }
}

/// The due times of the collectors that are enabled.
fn schedule(target: &Target, now: Instant) -> Schedule {
    let enabled = collectors::of(target.engine).filter(|spec| target.runs(spec.name));
    Schedule::new(enabled.map(|spec| (spec.name, interval(spec, target))), now)
}

impl State {
    /// Starts a poll of what is due, unless one is under way.
    fn poll(&mut self, myself: &ActorRef<Message>, now: Instant) {
        let Some(mut poller) = self.poller.take() else { return };
        let due = self.schedule.take_due(now);
        self.report.skipped(&due);
        let (shared, monitor) = (Arc::clone(&self.shared), myself.clone());
        let interrupt = Arc::new(Notify::new());
        let interrupted = Arc::clone(&interrupt);
        let poll = tokio::spawn(async move {
            let outcome = poller.poll(&due, &monitor, &shared, &interrupted).await;
            Box::new((poller, outcome))
        });
        self.poll = Some(Poll { task: poll.abort_handle(), interrupt });
        let monitor = myself.clone();
        tokio::spawn(async move {
            let message = match poll.await {
                Ok(polled) => Message::Polled(polled),
                Err(error) if error.is_cancelled() => return,
                Err(error) => Message::PollPanicked(error.to_string()),
            };
            // a monitor that was stopped needs no outcome
            let _ = monitor.cast(message);
        });
    }

    fn polled(
        &mut self,
        myself: &ActorRef<Message>,
        (mut poller, mut outcome): (Poller, Outcome),
        now: Instant,
    ) {
        self.poll = None;
        for run in &outcome.runs {
            self.report.ran(run, self.target.engine);
        }
        let databases = outcome.snapshots.iter().find_map(|(_, seen)| seen.get::<ServerDatabases>());
        self.shared.put_snapshots(std::mem::take(&mut outcome.snapshots));
        match self.next_target.take() {
            // how the old registration fared is of no interest any more
            Some(target) => poller.reconfigure(target),
            // a poll without a run only stored secondary results
            None if outcome.runs.is_empty() => {}
            None => {
                self.observe(&outcome, now);
                self.examine(myself, now);
            }
        }
        if let Some(databases) = databases {
            self.shared.keep_only(&databases);
            self.secondary.meet(databases, now);
        }
        if let Some(results) = self.secondary_results.take() {
            poller.merge_results(results);
        }
        self.secondary.paused = poller.is_behind() || self.retry_at.is_some();
        self.poller = Some(poller);
        self.secondary.schedule_timer(myself, now);
        self.schedule_timer(myself, now);
    }

    /// Takes what was read in other databases; it is stored at once, unless a poll is under way.
    fn visited(
        &mut self,
        myself: &ActorRef<Message>,
        visited: (SecondaryPoller, SecondaryResults),
        now: Instant,
    ) {
        if let Some(mut results) = self.secondary.ended(visited, &self.target, now) {
            self.shared.put_snapshots(std::mem::take(&mut results.snapshots));
            self.report.elsewhere(std::mem::take(&mut results.notices));
            match &mut self.poller {
                Some(poller) => {
                    poller.merge_results(results);
                    self.poll(myself, now);
                }
                None => match &mut self.secondary_results {
                    Some(waiting) => waiting.join(results),
                    None => self.secondary_results = Some(results),
                },
            }
        }
        self.secondary.schedule_timer(myself, now);
    }

    /// Draws the conclusions from a poll: seen or not, and when to try again.
    fn observe(&mut self, outcome: &Outcome, now: Instant) {
        let lost =
            outcome.runs.iter().filter_map(|run| run.result.as_ref().err()).find(|e| e.ends_connection());
        let last_error = lost.map(|error| error.full_text(self.target.engine));
        // a server that refuses every question is there all the same; its collectors say what it refuses
        let answered = |run: &&Run| run.result.as_ref().map_or_else(CollectError::is_an_answer, |_| true);
        let seen = outcome.runs.iter().filter(answered).map(|run| run.at).max();
        self.retry_at = match &last_error {
            Some(_) => Some(now + self.backoff.failed()),
            None => {
                self.backoff.reset();
                None
            }
        };
        let store_error = outcome.runs.iter().find_map(|run| match &run.result {
            Err(CollectError::Store(reason)) => Some(reason.clone()),
            _ => None,
        });
        let went_away = last_error
            .clone()
            .filter(|error| self.shared.observed.borrow().last_error.as_ref() != Some(error));
        self.shared.observed.send_modify(|observed| {
            observed.last_seen_at = seen.or(observed.last_seen_at);
            observed.last_error = last_error;
            observed.store_error = store_error;
            if let Some(server) = &outcome.server {
                observed.engine_version = Some(server.version.clone());
            }
        });
        if let Some(error) = went_away {
            tracing::warn!(db.id = %self.target.id, error, "database disconnected");
            self.shared.live.send_replace(Some(Live::away(&error)));
        }
        self.record_observation(now);
        self.update_idle(outcome, now);
    }

    /// Leaves a service alone that is to sleep while nobody works with it.
    fn update_idle(&mut self, outcome: &Outcome, now: Instant) {
        if !self.target.let_idle || self.retry_at.is_some() {
            return;
        }
        let works =
            |run: &Run| OF_WORK.contains(&run.name) && run.result.as_ref().is_ok_and(|found| found.rows > 0);
        let busy = self.shared.shortest_interval().is_some() || outcome.runs.iter().any(works);
        if let Some(until) = self.idle.rest(busy, now) {
            self.schedule.postpone(until);
            self.shared
                .observed
                .send_modify(|observed| observed.stale_after = REST + Duration::from_secs(60));
        } else {
            self.set_stale_after();
        }
    }

    /// Somebody wants to see a database that is left alone.
    fn wake(&mut self, now: Instant) {
        if self.target.let_idle {
            self.idle.wake(now);
            self.schedule.bring_forward(now);
            self.set_stale_after();
        }
    }

    /// Lets the registry know what is known now.
    fn record_observation(&mut self, now: Instant) {
        let observed = self.shared.observed.borrow().clone();
        let ObservedState { last_seen_at, last_error, engine_version, .. } = observed;
        self.seen.record(Observation { last_seen_at, last_error, engine_version }, now);
    }

    /// Takes a changed registration: what was collected stays, a changed connection is made at once.
    fn reconfigure(&mut self, myself: &ActorRef<Message>, target: Target, now: Instant) {
        self.schedule = schedule(&target, now);
        self.report = Report::new(&target, Some(&self.report));
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

    /// Three intervals of the base collectors, at least 15 s.
    fn set_stale_after(&self) {
        let stale_after = (self.target.poll_interval * 3).max(Duration::from_secs(15));
        self.shared.observed.send_modify(|observed| observed.stale_after = stale_after);
    }

    /// Lets live collectors run as fast as the fastest subscriber wants, never slower than they are meant to.
    fn apply_live_interval(&mut self, now: Instant) {
        for spec in collectors::of(self.target.engine) {
            if let Every::Live(usual) = spec.every {
                let wanted =
                    self.shared.shortest_interval().unwrap_or(usual).min(usual).max(Duration::from_secs(1));
                self.schedule.set_interval(spec.name, wanted, now);
            }
        }
    }

    /// Makes every collector due, now or a second after it was last asked for.
    fn run_soon(&mut self, now: Instant) {
        // one that is still to come serves those who ask meanwhile too
        let when = match self.run_soon_at {
            Some(coming) if coming > now => coming,
            Some(before) => now.max(before + POLL_NOW_INTERVAL),
            None => now,
        };
        self.run_soon_at = Some(when);
        self.schedule.bring_forward(when);
    }

    /// Sets the timer for the next poll. One that was set before no longer counts.
    fn schedule_timer(&mut self, myself: &ActorRef<Message>, now: Instant) {
        if let Some(timer) = self.timer.take() {
            timer.abort();
        }
        if self.poller.is_none() {
            return; // a poll is under way: armed when it is over
        }
        let Some(next) = self.schedule.next() else { return };
        let next = self.retry_at.map_or(next, |retry_at| next.max(retry_at));
        self.generation += 1;
        let generation = self.generation;
        let wait = next.saturating_duration_since(now);
        self.timer = Some(myself.send_after(wait, move || Message::PollDue { generation }));
    }
}
