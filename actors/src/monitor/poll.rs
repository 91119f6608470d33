//! One poll: the task that reads a database, and what it brings back.

use std::time::Instant;

use ractor::ActorRef;

use super::report::{Run, Success};
use super::{Dependencies, Live, Message, Shared};
use crate::collect::{Answer, CollectError, Collected, Collector, Due, Server, Spec, Step};
use crate::collectors;
use crate::drivers::{self, Session};
use crate::model::{Batch, Gap, Target, Timestamp};

/// Everything that a poll needs and changes. It travels into the task and back, so two polls cannot overlap.
pub(crate) struct Runner {
    dependencies: Dependencies,
    target: Target,
    session: Option<Box<dyn Session>>,
    collectors: Vec<Running>,
    /// Read, but not stored yet: the store was away. Nothing more is read until it is stored.
    unstored: Option<Batch>,
    /// Something that a collector needs was missing: look again before the next run.
    look_again: bool,
}

struct Running {
    spec: &'static Spec,
    collector: Box<dyn Collector>,
    /// The end of what is stored, asked once: where a gap begins after a start.
    stored_until: Option<Option<Timestamp>>,
}

/// What a poll came to.
pub(crate) struct Outcome {
    pub(super) runs: Vec<Run>,
    /// The server that answered, if one did.
    pub(super) server: Option<Server>,
}

impl Runner {
    pub(super) fn new(dependencies: Dependencies, target: Target) -> Self {
        let running = |spec: &'static Spec| Running { spec, collector: (spec.start)(), stored_until: None };
        let collectors = collectors::of(target.engine).map(running).collect();
        Self { dependencies, target, session: None, collectors, unstored: None, look_again: false }
    }

    /// Takes a changed target; what is known of its counters stays.
    pub(super) fn reconfigure(&mut self, target: Target) {
        if !self.target.connects_like(&target) {
            self.session = None;
        }
        self.target = target;
    }

    /// Runs what is due over one connection, each collector on its own, and stores what came of it.
    pub(super) async fn poll(
        &mut self,
        due: &[Due],
        monitor: &ActorRef<Message>,
        shared: &Shared,
    ) -> Outcome {
        let mut outcome = Outcome { runs: Vec::new(), server: None };
        if let Err(error) = self.prepare().await {
            outcome.runs.extend(due.iter().map(|due| failed(due.name, error.clone())));
            return outcome;
        }
        let mut batch = Batch::new(self.target.organization_id, self.target.id);
        for running in &mut self.collectors {
            let name = running.spec.name;
            if !due.iter().any(|due| due.name == name) {
                continue;
            }
            let Some(session) = &mut self.session else {
                let lost = outcome.runs.last().and_then(|run| run.result.as_ref().err()).cloned();
                let lost = lost.unwrap_or(CollectError::Lost { reason: "no connection".to_owned() });
                outcome.runs.push(failed(name, lost));
                continue;
            };
            let started = Instant::now();
            let result = converse(running.spec, &mut *running.collector, &mut **session).await;
            outcome.server = Some(session.server().clone());
            let result = result.map(|mut collected| {
                if let Some(snapshot) = collected.activity.take() {
                    let live = Live::snapshot(shared.next_seq(), snapshot);
                    // an actor that is gone needs no live value
                    let _ = monitor.cast(Message::Looked(live));
                }
                running.add_to(&mut batch, *collected)
            });
            if let Err(error) = &result {
                self.look_again |= matches!(error, CollectError::Missing { .. });
                if error.ends_connection() {
                    self.session = None;
                }
            }
            outcome.runs.push(Run { name, at: Timestamp::now(), took: started.elapsed(), result });
        }
        self.unstored = (!batch.is_empty()).then_some(batch);
        if let Err(error) = self.store().await {
            for run in &mut outcome.runs {
                if run.result.is_ok() {
                    run.result = Err(error.clone());
                }
            }
        }
        outcome
    }

    /// Stores what is left over, and sees to it that there is a connection.
    async fn prepare(&mut self) -> Result<(), CollectError> {
        self.store().await?;
        for running in &mut self.collectors {
            if running.stored_until.is_none() {
                let newest = self.dependencies.sink.newest(self.target.id, running.spec.stream).await;
                running.stored_until = Some(newest.map_err(|error| CollectError::Store(error.to_string()))?);
            }
        }
        match &mut self.session {
            Some(session) if self.look_again => {
                self.look_again = false;
                let refreshed = session.refresh().await;
                if refreshed.as_ref().is_err_and(CollectError::ends_connection) {
                    self.session = None;
                }
                refreshed
            }
            Some(_) => Ok(()),
            None => {
                // the semaphore is never closed
                let _turn = self.dependencies.connects.acquire().await;
                self.session = Some(drivers::connect(&self.target, &self.dependencies.connect).await?);
                Ok(())
            }
        }
    }

    async fn store(&mut self) -> Result<(), CollectError> {
        let Some(batch) = self.unstored.take() else { return Ok(()) };
        let stored = self.dependencies.sink.append(batch.clone()).await;
        stored.map_err(|error| {
            self.unstored = Some(batch);
            CollectError::Store(error.to_string())
        })
    }
}

impl Running {
    fn add_to(&self, batch: &mut Batch, collected: Collected) -> Success {
        let stored_until = self.stored_until.flatten();
        for (from, to, reason) in collected.gaps {
            // a database that was never watched before has no gap to show
            if let Some(from) = from.or(stored_until).filter(|from| *from < to) {
                batch.gaps.push(Gap { stream: self.spec.stream, from, to, reason });
            }
        }
        batch.records.extend(collected.record);
        batch.entries.extend(collected.entries);
        batch.words.extend(collected.words);
        Success { rows: collected.rows, notice: collected.notice }
    }
}

/// A run that did not take place.
fn failed(name: &'static str, error: CollectError) -> Run {
    Run { name, at: Timestamp::now(), took: std::time::Duration::ZERO, result: Err(error) }
}

/// Lets a collector ask and be answered until it is done.
pub(super) async fn converse(
    spec: &Spec,
    collector: &mut dyn Collector,
    session: &mut dyn Session,
) -> Result<Box<Collected>, CollectError> {
    let mut step = collector.begin(session.server())?;
    loop {
        let query = match step {
            Step::Done(collected) => return Ok(collected),
            Step::Ask(query) => query,
        };
        let asked = Instant::now();
        let rows = session.run(&query, spec.timeout).await?;
        step = collector.answer(session.server(), Answer { rows: &*rows, took: asked.elapsed() })?;
    }
}
