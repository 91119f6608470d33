//! The mailbox of one database. No handler waits for I/O: polls run in a task that reports back by message.

mod examining;

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort};
use tokio::sync::Notify;
use tokio::task::{AbortHandle, JoinHandle};

use super::doctor::Doctor;
use super::idle::{Idle, REST};
use super::poll::{Outcome, Runner};
use super::report::{Report, Run, interval};
use super::rounds::Rounds;
use super::seen::SeenRecorder;
use super::visits::{Brought, Visitor};
use super::{Dependencies, Live, Observed, Shared};
use crate::collect::{Backoff, CollectError, Every, Schedule};
use crate::collectors;
use crate::health::Diagnosis;
use crate::model::{CollectorStatus, ServerDatabases, Target};
use crate::ports::Sighting;

/// What a monitor is told.
pub(crate) enum Message {
    /// Internal: the timer of this generation fired.
    PollDue { generation: u64 },
    /// Internal: the live collector has looked.
    Looked(Live),
    /// Internal: the poll is over.
    Polled(Box<(Runner, Outcome)>),
    /// Internal: the poll panicked.
    PollBroke(String),
    /// Internal: the doctor has examined the database.
    Examined(Box<Doctor>, Arc<Diagnosis>),
    /// Internal: the doctor panicked.
    ExaminationBroke(String),
    /// Internal: other databases of the server are to be visited.
    VisitsDue,
    /// Internal: some were.
    Visited(Box<(Visitor, Brought)>),
    /// The subscribers changed: look faster or slower.
    Retune,
    /// The registration changed.
    Reconfigure(Box<Target>),
    /// What is set for all databases changed.
    Resettled,
    /// Everything is due now.
    PollNow,
    /// How do the collectors fare?
    Describe(RpcReplyPort<Vec<CollectorStatus>>),
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
    runner: Option<Runner>,
    /// Arrived while a poll was under way; takes effect when it is over.
    next_target: Option<Target>,
    /// Set while the connection fails: nothing runs before.
    retry_at: Option<Instant>,
    backoff: Backoff,
    /// Tells the timer that counts from those that were overtaken.
    generation: u64,
    /// When somebody last asked for everything at once.
    hastened_at: Option<Instant>,
    timer: Option<JoinHandle<Result<(), ractor::MessagingErr<Message>>>>,
    poll: Option<Poll>,
    rounds: Rounds,
    idle: Idle,
    /// Brought from other databases while a poll was under way.
    brought: Option<Brought>,
    seen: SeenRecorder,
    /// At home between examinations, `None` while one is under way.
    doctor: Option<Box<Doctor>>,
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
const HASTEN_EVERY: Duration = Duration::from_secs(1);

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
            runner: Some(Runner::new(dependencies.clone(), target.clone())),
            next_target: None,
            retry_at: None,
            backoff: Backoff::new(Duration::from_secs(1), RETRY_CAP),
            generation: 0,
            hastened_at: None,
            timer: None,
            poll: None,
            rounds: Rounds::new(dependencies.clone(), target.clone()),
            idle: Idle::new(now),
            brought: None,
            seen: SeenRecorder::start(Arc::clone(&dependencies.source), target.id),
            doctor: Some(Box::new(Doctor::new(dependencies.clone()))),
            examined_at: None,
            skew_ms: None,
            target,
            dependencies,
            shared,
        };
        state.set_patience();
        state.tune(now);
        state.arm(&myself, now);
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
            Message::Looked(live) => state.looked(live),
            Message::Polled(polled) => state.polled(&myself, *polled, now),
            Message::PollBroke(panic) => return Err(panic.into()),
            Message::Examined(doctor, diagnosis) => {
                state.doctor = Some(doctor);
                state.shared.diagnosis.send_replace(Some(diagnosis));
            }
            Message::ExaminationBroke(panic) => state.replace_doctor(&panic),
            Message::VisitsDue => state.rounds.start(&myself),
            Message::Visited(visited) => state.visited(&myself, *visited, now),
            Message::Retune => {
                state.wake(now);
                state.tune(now);
                state.arm(&myself, now);
            }
            Message::Reconfigure(target) => state.reconfigure(&myself, *target, now),
            Message::Resettled => {
                // with the rules as they are now
                state.examined_at = None;
                state.examine(&myself, now);
            }
            Message::PollNow => {
                state.wake(now);
                state.hasten(now);
                state.arm(&myself, now);
            }
            Message::Describe(reply) => {
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
        let Some(mut runner) = self.runner.take() else { return };
        let due = self.schedule.take_due(now);
        self.report.skipped(&due);
        let (shared, monitor) = (Arc::clone(&self.shared), myself.clone());
        let interrupt = Arc::new(Notify::new());
        let interrupted = Arc::clone(&interrupt);
        let poll = tokio::spawn(async move {
            let outcome = runner.poll(&due, &monitor, &shared, &interrupted).await;
            Box::new((runner, outcome))
        });
        self.poll = Some(Poll { task: poll.abort_handle(), interrupt });
        let monitor = myself.clone();
        tokio::spawn(async move {
            let message = match poll.await {
                Ok(polled) => Message::Polled(polled),
                Err(error) if error.is_cancelled() => return,
                Err(error) => Message::PollBroke(error.to_string()),
            };
            // a monitor that was stopped needs no outcome
            let _ = monitor.cast(message);
        });
    }

    fn polled(
        &mut self,
        myself: &ActorRef<Message>,
        (mut runner, mut outcome): (Runner, Outcome),
        now: Instant,
    ) {
        self.poll = None;
        for run in &outcome.runs {
            self.report.ran(run, self.target.engine);
        }
        let databases = outcome.seen.iter().find_map(|(_, seen)| seen.get::<ServerDatabases>());
        self.shared.saw(std::mem::take(&mut outcome.seen));
        match self.next_target.take() {
            // how the old registration fared is of no interest any more
            Some(target) => runner.reconfigure(target),
            // a poll without a run only stored what was brought
            None if outcome.runs.is_empty() => {}
            None => {
                self.observe(&outcome, now);
                self.examine(myself, now);
            }
        }
        if let Some(databases) = databases {
            self.shared.keep_only(&databases);
            self.rounds.meet(databases, now);
        }
        if let Some(brought) = self.brought.take() {
            runner.bring(brought);
        }
        self.rounds.paused = runner.is_behind() || self.retry_at.is_some();
        self.runner = Some(runner);
        self.rounds.arm(myself, now);
        self.arm(myself, now);
    }

    /// Takes what was read in other databases; it is stored at once, unless a poll is under way.
    fn visited(&mut self, myself: &ActorRef<Message>, visited: (Visitor, Brought), now: Instant) {
        if let Some(mut brought) = self.rounds.ended(visited, &self.target, now) {
            self.shared.saw(std::mem::take(&mut brought.seen));
            self.report.elsewhere(std::mem::take(&mut brought.notices));
            match &mut self.runner {
                Some(runner) => {
                    runner.bring(brought);
                    self.poll(myself, now);
                }
                None => match &mut self.brought {
                    Some(waiting) => waiting.join(brought),
                    None => self.brought = Some(brought),
                },
            }
        }
        self.rounds.arm(myself, now);
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
        self.record_seen(now);
        self.let_idle(outcome, now);
    }

    /// Leaves a service alone that is to sleep while nobody works with it.
    fn let_idle(&mut self, outcome: &Outcome, now: Instant) {
        if !self.target.let_idle || self.retry_at.is_some() {
            return;
        }
        let works =
            |run: &Run| OF_WORK.contains(&run.name) && run.result.as_ref().is_ok_and(|found| found.rows > 0);
        let busy = self.shared.fastest().is_some() || outcome.runs.iter().any(works);
        if let Some(until) = self.idle.rest(busy, now) {
            self.schedule.postpone(until);
            self.shared.observed.send_modify(|observed| observed.patience = REST + Duration::from_secs(60));
        } else {
            self.set_patience();
        }
    }

    /// Somebody wants to see a database that is left alone.
    fn wake(&mut self, now: Instant) {
        if self.target.let_idle {
            self.idle.wake(now);
            self.schedule.hasten(now);
            self.set_patience();
        }
    }

    /// Lets the registry know what is known now.
    fn record_seen(&mut self, now: Instant) {
        let observed = self.shared.observed.borrow().clone();
        let Observed { last_seen_at, last_error, engine_version, .. } = observed;
        self.seen.record(Sighting { last_seen_at, last_error, engine_version }, now);
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
        self.rounds.reconfigure(&target, now);
        match &mut self.runner {
            Some(runner) => runner.reconfigure(target),
            None => self.next_target = Some(target),
        }
        self.set_patience();
        self.tune(now);
        self.arm(myself, now);
    }

    /// Three intervals of the base collectors, at least 15 s.
    fn set_patience(&self) {
        let patience = (self.target.poll_interval * 3).max(Duration::from_secs(15));
        self.shared.observed.send_modify(|observed| observed.patience = patience);
    }

    /// Lets live collectors run as fast as the fastest subscriber wants, never slower than they are meant to.
    fn tune(&mut self, now: Instant) {
        for spec in collectors::of(self.target.engine) {
            if let Every::Live(usual) = spec.every {
                let wanted = self.shared.fastest().unwrap_or(usual).min(usual).max(Duration::from_secs(1));
                self.schedule.set_interval(spec.name, wanted, now);
            }
        }
    }

    /// Makes every collector due, now or a second after it was last asked for.
    fn hasten(&mut self, now: Instant) {
        // one that is still to come serves those who ask meanwhile too
        let when = match self.hastened_at {
            Some(coming) if coming > now => coming,
            Some(before) => now.max(before + HASTEN_EVERY),
            None => now,
        };
        self.hastened_at = Some(when);
        self.schedule.hasten(when);
    }

    /// Sets the timer for the next poll. One that was set before no longer counts.
    fn arm(&mut self, myself: &ActorRef<Message>, now: Instant) {
        if let Some(timer) = self.timer.take() {
            timer.abort();
        }
        if self.runner.is_none() {
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
