//! One poll: the task that reads a database, and what it brings back.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use ractor::ActorRef;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::Notify;
use tokio::task::block_in_place;

use super::report::{Run, Success};
use super::secondary_poll::SecondaryResults;
use super::{Dependencies, FleetSettings, Live, Message, Shared};
use crate::collect::{
    Answer, CollectError, Collected, Collector, Due, Interner, Notice, Server, Spec, Step, events,
};
use crate::collectors;
use crate::drivers::{self, Session};
use crate::model::{AnySnapshot, Batch, Event, Gap, Target, Timestamp};
use crate::ports::RepositoryError;

/// Everything that a poll needs and changes. It travels into the task and back, so two polls cannot overlap.
pub(crate) struct Poller {
    dependencies: Dependencies,
    target: Target,
    session: Option<Box<dyn Session>>,
    /// How the connection was made.
    connected_under: Option<Arc<FleetSettings>>,
    collectors: Vec<CollectorInstance>,
    /// Those of events.
    interner: Interner,
    /// Read, but not stored yet: the store was away. Nothing more is read until it is stored.
    unstored: Option<Arc<Batch>>,
    /// From the other databases of the server, for the next batch.
    secondary_results: Option<SecondaryResults>,
    /// The end of the last record of each stream.
    stored: BTreeMap<&'static str, Timestamp>,
    /// Something that a collector needs was missing: look again before the next run.
    look_again: bool,
    /// Whether the connection comes from an earlier poll.
    reused: bool,
}

/// A collector with its baselines.
pub(super) struct CollectorInstance {
    pub(super) spec: &'static Spec,
    pub(super) collector: Box<dyn Collector>,
    /// The end of what is stored, asked once: where a gap begins after a start.
    stored_until: Option<Option<Timestamp>>,
}

/// What a poll came to.
pub(crate) struct Outcome {
    pub(super) runs: Vec<Run>,
    /// The server that answered, if one did.
    pub(super) server: Option<Server>,
    /// What is so now, by the database within the server.
    pub(super) snapshots: Vec<(String, AnySnapshot)>,
}

impl Poller {
    pub(super) fn new(dependencies: Dependencies, target: Target) -> Self {
        let collectors = collectors::of(target.engine).map(CollectorInstance::new).collect();
        Self {
            dependencies,
            target,
            session: None,
            connected_under: None,
            collectors,
            interner: Interner::default(),
            unstored: None,
            secondary_results: None,
            stored: BTreeMap::new(),
            look_again: false,
            reused: false,
        }
    }

    /// Takes a changed target; what is known of its counters stays.
    pub(super) fn reconfigure(&mut self, target: Target) {
        if !self.target.connects_like(&target) {
            self.session = None;
        }
        self.target = target;
    }

    /// Runs what is due over one connection, each collector on its own, and stores what came of it. `interrupt` ends
    /// the talk with the server: its registration changed.
    pub(super) async fn poll(
        &mut self,
        due: &[Due],
        monitor: &ActorRef<Message>,
        shared: &Shared,
        interrupt: &Notify,
    ) -> Outcome {
        let mut outcome = Outcome { runs: Vec::new(), server: None, snapshots: Vec::new() };
        let mut batch = Batch::new(self.target.organization_id, self.target.id);
        let mut events = Vec::new();
        let mut broken = or_cancelled(interrupt, self.prepare()).await.err();
        for place in 0..self.collectors.len() {
            let name = self.collectors[place].spec.name;
            if !due.iter().any(|due| due.name == name) {
                continue;
            }
            if let Some(error) = &broken {
                outcome.runs.push(Run::failed(name, error.clone()));
                continue;
            }
            let started = Instant::now();
            let result = or_cancelled(interrupt, self.run(place)).await.map(|mut collected| {
                if let Some(snapshot) = collected.activity.take() {
                    let live = Live::snapshot(shared.next_seq(), snapshot);
                    // an actor that is gone needs no live value
                    let _ = monitor.cast(Message::LiveSnapshot(live));
                }
                events.append(&mut collected.events);
                let database = self.session.as_ref().map(|session| session.server().database.clone());
                let seen =
                    collected.snapshots.drain(..).map(|seen| (database.clone().unwrap_or_default(), seen));
                outcome.snapshots.extend(seen);
                self.collectors[place].add_to(&mut batch, *collected)
            });
            outcome.server = self.session.as_ref().map(|session| session.server().clone()).or(outcome.server);
            if let Err(error) = &result {
                self.look_again |= matches!(error, CollectError::Missing { .. });
                broken = error.ends_connection().then(|| error.clone());
            }
            outcome.runs.push(Run { name, at: Timestamp::now(), took: started.elapsed(), result });
        }
        if broken.is_some() {
            self.session = None;
        }
        if self.unstored.is_none() {
            self.add_secondary_results(&mut batch, &mut events);
        }
        self.add_events(&events, &mut batch);
        self.store_all(batch, &mut outcome).await;
        outcome
    }

    /// Lets the collector at `place` ask until it is done. A connection of an earlier poll may have died unnoticed:
    /// then a new one is made, once, whose failure says more than that the old one is gone.
    async fn run(&mut self, place: usize) -> Result<Box<Collected>, CollectError> {
        let answer = self.run_collector(place).await;
        match answer {
            Err(CollectError::Lost { .. }) if self.reused => {
                self.connect().await?;
                self.run_collector(place).await
            }
            answer => answer,
        }
    }

    async fn run_collector(&mut self, place: usize) -> Result<Box<Collected>, CollectError> {
        let Some(session) = &mut self.session else {
            return Err(CollectError::Lost { reason: "there is no connection".to_owned() });
        };
        let CollectorInstance { spec, collector, .. } = &mut self.collectors[place];
        run_collector(spec, &mut **collector, &mut **session).await
    }

    /// Stores what is left over, and sees to it that there is a connection.
    async fn prepare(&mut self) -> Result<(), CollectError> {
        self.store().await?;
        for instance in &mut self.collectors {
            if instance.stored_until.is_none() {
                let newest = instance.look_back(&self.dependencies, &self.target).await;
                instance.stored_until = Some(newest.map_err(|error| CollectError::Store(error.to_string()))?);
            }
        }
        if self
            .connected_under
            .as_ref()
            .is_some_and(|settings| !self.dependencies.fleet.still_connects_like(settings))
        {
            // only a connect asks whether the address is allowed
            self.session = None;
        }
        self.reused = self.session.is_some();
        let Some(session) = &mut self.session else { return self.connect().await };
        if std::mem::take(&mut self.look_again) {
            session.refresh().await?;
        }
        Ok(())
    }

    async fn connect(&mut self) -> Result<(), CollectError> {
        (self.session, self.reused) = (None, false);
        let settings = self.dependencies.fleet.current();
        // the semaphore is never closed
        let _turn = settings.connects.acquire().await;
        self.session = Some(drivers::connect(&self.target, &settings.connect).await?);
        self.connected_under = Some(Arc::clone(&settings));
        Ok(())
    }

    /// Takes what was read in the other databases of the server; it is stored with the next poll.
    pub(super) fn merge_results(&mut self, results: SecondaryResults) {
        match &mut self.secondary_results {
            Some(waiting) => waiting.join(results),
            None => self.secondary_results = Some(results),
        }
    }

    /// Whether something that was read is not stored yet.
    pub(super) const fn is_behind(&self) -> bool {
        self.unstored.is_some() || self.secondary_results.is_some()
    }

    fn add_secondary_results(&mut self, batch: &mut Batch, events: &mut Vec<Event>) {
        let Some(mut results) = self.secondary_results.take() else { return };
        events.append(&mut results.events);
        for mut record in results.batch.records {
            // two records of a stream that end in the same millisecond would be taken for one
            if let Some(stored) = self.stored.get(record.stream.name) {
                record.at = record.at.max(Timestamp(stored.as_millis() + 1));
            }
            batch.push(record);
        }
        batch.gaps.append(&mut results.batch.gaps);
        batch.entries.append(&mut results.batch.entries);
        batch.dictionary.append(&mut results.batch.dictionary);
    }

    fn add_events(&mut self, events: &[Event], batch: &mut Batch) {
        if !events.is_empty() {
            batch.push(events::record(events, Timestamp::now(), &mut self.interner));
            batch.dictionary.extend(self.interner.drain_new());
        }
    }

    /// Stores the batch of this poll; when the store is away, the runs that filled it have failed.
    async fn store_all(&mut self, batch: Batch, outcome: &mut Outcome) {
        if batch.is_empty() {
            return;
        }
        self.unstored = Some(Arc::new(batch));
        if let Err(error) = self.store().await {
            for run in outcome.runs.iter_mut().filter(|run| run.result.is_ok()) {
                run.result = Err(error.clone());
            }
        }
    }

    /// Stores what is left over. It stays until it is stored: a repeated append of the same samples is harmless.
    async fn store(&mut self) -> Result<(), CollectError> {
        if let Some(batch) = &self.unstored {
            let stored = self.dependencies.samples.append(Arc::clone(batch)).await;
            stored.map_err(|error| CollectError::Store(error.to_string()))?;
            self.stored.extend(batch.records.iter().map(|record| (record.stream.name, record.at)));
            self.unstored = None;
        }
        Ok(())
    }
}

impl CollectorInstance {
    pub(super) fn new(spec: &'static Spec) -> Self {
        Self { spec, collector: (spec.start)(), stored_until: None }
    }

    /// The end of what is stored; a collector that wants to know is told what that is.
    async fn look_back(
        &mut self,
        dependencies: &Dependencies,
        target: &Target,
    ) -> Result<Option<Timestamp>, RepositoryError> {
        let newest = dependencies.samples.last_stored_at(target.id, self.spec.stream).await?;
        self.collector.resume(newest);
        if newest.is_some() && self.collector.wants_last_values() {
            let memory =
                dependencies.samples.last_values(target.organization_id, target.id, self.spec.stream);
            self.collector.restore(&memory.await?);
        }
        Ok(newest)
    }

    pub(super) fn add_to(&self, batch: &mut Batch, collected: Collected) -> Success {
        let stored_until = self.stored_until.flatten();
        for (from, to, reason) in collected.gaps {
            // a database that was never watched before has no gap to show
            if let Some(from) = from.or(stored_until).filter(|from| *from < to) {
                batch.gaps.push(Gap { stream: self.spec.stream, from, to, reason });
            }
        }
        collected.records.into_iter().for_each(|record| batch.push(record));
        batch.entries.extend(collected.entries);
        batch.dictionary.extend(collected.dictionary);
        Success { rows: collected.rows, notice: collected.notice }
    }
}

/// Does `work` unless it is interrupted.
async fn or_cancelled<T>(
    interrupt: &Notify,
    work: impl Future<Output = Result<T, CollectError>>,
) -> Result<T, CollectError> {
    tokio::select! {
        done = work => done,
        () = interrupt.notified() => Err(CollectError::Lost { reason: "the registration changed".to_owned() }),
    }
}

/// Lets a collector ask and be answered until it is done.
pub(super) async fn run_collector(
    spec: &Spec,
    collector: &mut dyn Collector,
    session: &mut dyn Session,
) -> Result<Box<Collected>, CollectError> {
    let mut step = collector.begin(session.server())?;
    let (mut absent, mut notices) = (Vec::new(), Vec::new());
    loop {
        let asked = Instant::now();
        let answer = match step {
            Step::Done(mut collected) => {
                notices.extend(absent_notice(session.server(), &absent));
                collected.notice = collected.notice.into_iter().chain(notices).reduce(Notice::and);
                return Ok(collected);
            }
            Step::Ask(query) => session.run(&query, spec.timeout).await,
            Step::Explain(statement) => session.explain(&statement, spec.timeout).await,
        };
        let reply = match answer {
            Err(refusal) if !refusal.ends_connection() => {
                step = collector.refused(session.server(), refusal)?;
                continue;
            }
            answer => answer?,
        };
        absent.extend(reply.absent.iter().cloned());
        if let Some(notice) = reply.notice.filter(|notice| !notices.contains(notice)) {
            notices.push(notice);
        }
        let answer = Answer { rows: &*reply.rows, took: asked.elapsed() };
        step = beside_runtime(reply.size_bytes, || collector.answer(session.server(), answer))?;
    }
}

/// An answer of more bytes is not decoded on a thread on which others wait for their turn.
const LARGE_BYTES: usize = 1 << 20;

/// Does `work` on `size_bytes` of a server's; where that is much, this thread hands its other tasks on first.
fn beside_runtime<T>(size_bytes: usize, work: impl FnOnce() -> T) -> T {
    let has_others =
        Handle::try_current().is_ok_and(|handle| handle.runtime_flavor() == RuntimeFlavor::MultiThread);
    if size_bytes > LARGE_BYTES && has_others { block_in_place(work) } else { work() }
}

/// A collector that works without some of its columns.
fn absent_notice(server: &Server, absent: &[String]) -> Option<Notice> {
    (!absent.is_empty()).then(|| Notice {
        reason: format!("version {} has no {}: shown as null", server.version, absent.join(", ")),
        fix: "use a version of Basira that knows this version, or a later version of the server".to_owned(),
    })
}
