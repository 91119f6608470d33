//! One poll: the task that runs the collectors of a database that are due, and stores what they read.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::Notify;

use super::collector_instance::{CollectorInstance, Run};
use super::secondary_poll::SecondaryResults;
use super::{Dependencies, FleetSettings};
use crate::collect::{CollectError, Collected, Due, Interner, Server, events};
use crate::collectors;
use crate::drivers::{self, Session};
use crate::model::{ActivitySnapshot, AnySnapshot, Batch, Event, Target, Timestamp};

/// Everything that a poll needs and changes. It moves into the task of the poll and back, so two polls cannot overlap.
pub(crate) struct Poller {
    dependencies: Dependencies,
    target: Target,
    session: Option<Box<dyn Session>>,
    /// The settings that the connection was made with.
    connected_with: Option<Arc<FleetSettings>>,
    collectors: Vec<CollectorInstance>,
    /// The texts of events.
    interner: Interner,
    /// The batch that could not be stored yet. Nothing more is read until it is.
    unstored: Option<Arc<Batch>>,
    /// Results from the other databases of the server, for the next batch.
    secondary_results: Option<SecondaryResults>,
    /// The end of the last stored record of each stream.
    stored_until: BTreeMap<&'static str, Timestamp>,
    /// Whether a collector lacked something: then the server is examined again before the next run.
    refresh_needed: bool,
    /// Whether the connection comes from an earlier poll.
    reused: bool,
}

/// The results of a poll.
pub(crate) struct PollOutcome {
    pub(super) runs: Vec<Run>,
    /// The server that answered, if one did.
    pub(super) server: Option<Server>,
    /// The snapshots that were read, each with the database within the server.
    pub(super) snapshots: Vec<(String, AnySnapshot)>,
}

impl Poller {
    pub(super) fn new(dependencies: Dependencies, target: Target) -> Self {
        let collectors = collectors::of(target.engine).map(CollectorInstance::new).collect();
        Self {
            dependencies,
            target,
            session: None,
            connected_with: None,
            collectors,
            interner: Interner::default(),
            unstored: None,
            secondary_results: None,
            stored_until: BTreeMap::new(),
            refresh_needed: false,
            reused: false,
        }
    }

    /// Takes a changed registration; the collectors keep their state.
    pub(super) fn reconfigure(&mut self, target: Target) {
        if !self.target.connects_like(&target) {
            self.session = None;
        }
        self.target = target;
    }

    /// Runs the collectors that are `due` over one connection and stores their samples. `publish` gets the activity as
    /// soon as it is read. `interrupt` stops the runs: the registration changed.
    pub(super) async fn poll(
        &mut self,
        due: &[Due],
        publish: &(dyn Fn(ActivitySnapshot) + Send + Sync),
        interrupt: &Notify,
    ) -> PollOutcome {
        let mut outcome = PollOutcome { runs: Vec::new(), server: None, snapshots: Vec::new() };
        let mut batch = Batch::new(self.target.organization_id, self.target.id);
        let mut events = Vec::new();
        let mut lost = or_cancelled(interrupt, self.prepare()).await.err();
        for index in 0..self.collectors.len() {
            let spec = self.collectors[index].spec;
            if !due.iter().any(|due| due.name == spec.name) {
                continue;
            }
            if let Some(error) = &lost {
                outcome.runs.push(Run::failed(spec, error.clone()));
                continue;
            }
            let started = Instant::now();
            let result = or_cancelled(interrupt, self.run(index)).await.map(|mut collected| {
                collected.activity.take().into_iter().for_each(publish);
                events.append(&mut collected.events);
                let database = self.session.as_ref().map(|session| session.server().database.clone());
                let database = database.unwrap_or_default();
                let snapshots = collected.snapshots.drain(..).map(|snapshot| (database.clone(), snapshot));
                outcome.snapshots.extend(snapshots);
                self.collectors[index].add_to(&mut batch, *collected)
            });
            outcome.server = self.session.as_ref().map(|session| session.server().clone()).or(outcome.server);
            if let Err(error) = &result {
                self.refresh_needed |= error.may_be_outdated();
                lost = error.ends_connection().then(|| error.clone());
            }
            outcome.runs.push(Run { spec, at: Timestamp::now(), duration: started.elapsed(), result });
        }
        if lost.is_some() {
            self.session = None;
        }
        if self.unstored.is_none() {
            self.add_secondary_results(&mut batch, &mut events);
        }
        self.add_events(&events, &mut batch);
        self.store_all(batch, &mut outcome).await;
        outcome
    }

    /// Runs the collector at `index`. A connection from an earlier poll may have been closed unnoticed: then a new one is
    /// made, once, and its error is reported.
    async fn run(&mut self, index: usize) -> Result<Box<Collected>, CollectError> {
        match self.run_once(index).await {
            Err(CollectError::Lost { .. }) if self.reused => {
                self.connect().await?;
                self.run_once(index).await
            }
            result => result,
        }
    }

    async fn run_once(&mut self, index: usize) -> Result<Box<Collected>, CollectError> {
        let Some(session) = &mut self.session else {
            return Err(CollectError::Lost { reason: "there is no connection".to_owned() });
        };
        self.collectors[index].run(&mut **session).await
    }

    /// Stores what is left over from the last poll, and makes sure that there is a connection.
    async fn prepare(&mut self) -> Result<(), CollectError> {
        self.store().await?;
        for instance in &mut self.collectors {
            instance.restore(&self.dependencies, &self.target).await?;
        }
        let fleet = &self.dependencies.fleet;
        if self.connected_with.as_ref().is_some_and(|settings| !fleet.still_connects_like(settings)) {
            // whether the address is allowed is checked when connecting
            self.session = None;
        }
        self.reused = self.session.is_some();
        let Some(session) = &mut self.session else { return self.connect().await };
        if std::mem::take(&mut self.refresh_needed) {
            match session.refresh().await {
                // it was closed while it was idle
                Err(CollectError::Lost { .. }) => return self.connect().await,
                refreshed => refreshed?,
            }
        }
        Ok(())
    }

    async fn connect(&mut self) -> Result<(), CollectError> {
        (self.session, self.reused) = (None, false);
        let settings = self.dependencies.fleet.current();
        // the semaphore is never closed
        let _permit = settings.connects.acquire().await;
        self.session = Some(drivers::connect(&self.target, &settings.connect).await?);
        self.connected_with = Some(Arc::clone(&settings));
        Ok(())
    }

    /// Takes results from the other databases of the server; they are stored with the next poll.
    pub(super) fn merge_results(&mut self, results: SecondaryResults) {
        match &mut self.secondary_results {
            Some(waiting) => waiting.merge(results),
            None => self.secondary_results = Some(results),
        }
    }

    /// Whether samples that were read are not stored yet.
    pub(super) const fn is_behind(&self) -> bool {
        self.unstored.is_some() || self.secondary_results.is_some()
    }

    fn add_secondary_results(&mut self, batch: &mut Batch, events: &mut Vec<Event>) {
        let Some(mut results) = self.secondary_results.take() else { return };
        events.append(&mut results.events);
        for record in &mut results.batch.records {
            // two records of a stream that end in the same millisecond would be taken for one
            if let Some(stored_until) = self.stored_until.get(record.stream.name) {
                record.at = record.at.max(Timestamp(stored_until.as_millis() + 1));
            }
        }
        batch.merge(results.batch);
    }

    fn add_events(&mut self, events: &[Event], batch: &mut Batch) {
        if !events.is_empty() {
            batch.push(events::record(events, Timestamp::now(), &mut self.interner));
            batch.dictionary.extend(self.interner.drain_new());
        }
    }

    /// Stores the batch of this poll; if that fails, the runs that filled it have failed.
    async fn store_all(&mut self, batch: Batch, outcome: &mut PollOutcome) {
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

    /// Stores what is left over. It is kept until that succeeds: appending the same samples twice does no harm.
    async fn store(&mut self) -> Result<(), CollectError> {
        if let Some(batch) = &self.unstored {
            let stored = self.dependencies.samples.append(Arc::clone(batch)).await;
            stored.map_err(|error| CollectError::Store(error.to_string()))?;
            self.stored_until.extend(batch.records.iter().map(|record| (record.stream.name, record.at)));
            self.unstored = None;
        }
        Ok(())
    }
}

/// Does `work`, or stops when interrupted.
async fn or_cancelled<T>(
    interrupt: &Notify,
    work: impl Future<Output = Result<T, CollectError>>,
) -> Result<T, CollectError> {
    tokio::select! {
        result = work => result,
        () = interrupt.notified() => Err(CollectError::Lost { reason: "the registration changed".to_owned() }),
    }
}
