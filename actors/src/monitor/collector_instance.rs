//! A collector with its state between runs, and one run of it over a connection.

use std::time::{Duration, Instant};

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::block_in_place;

use super::Dependencies;
use crate::collect::{
    Answer, CollectError, Collected, Collector, Every, FoundGap, Notice, Server, Spec, Step,
};
use crate::drivers::Session;
use crate::model::{Batch, Gap, Target, Timestamp};
use crate::ports::RepositoryError;

/// Replies of more bytes than this are not decoded on a thread that runs other tasks.
const LARGE_REPLY_BYTES: usize = 1 << 20;

/// One run of one collector.
pub(crate) struct Run {
    pub(super) spec: &'static Spec,
    pub(super) at: Timestamp,
    pub(super) duration: Duration,
    pub(super) result: Result<Success, CollectError>,
}

impl Run {
    /// A run that failed before it began.
    pub(super) fn failed(spec: &'static Spec, error: CollectError) -> Self {
        Self { spec, at: Timestamp::now(), duration: Duration::ZERO, result: Err(error) }
    }
}

/// A run that succeeded, perhaps with a limitation.
pub(crate) struct Success {
    pub(super) rows: u64,
    pub(super) notice: Option<Notice>,
}

/// How often `spec` runs for `target` while no subscriber needs it more often.
pub(super) const fn interval(spec: &Spec, target: &Target) -> Duration {
    match spec.every {
        Every::PollInterval => target.poll_interval,
        Every::Live(interval) | Every::Fixed(interval) => interval,
    }
}

/// A collector with its state between runs.
pub(super) struct CollectorInstance {
    pub(super) spec: &'static Spec,
    collector: Box<dyn Collector>,
    /// The end of what is stored of its stream, read once: where a gap begins after a start.
    stored_until: Option<Option<Timestamp>>,
}

impl CollectorInstance {
    pub(super) fn new(spec: &'static Spec) -> Self {
        Self { spec, collector: (spec.start)(), stored_until: None }
    }

    /// Reads once what is stored of its stream, so that the first run continues from there.
    ///
    /// # Errors
    /// [`CollectError::Store`] when the samples cannot be read.
    pub(super) async fn restore(
        &mut self,
        dependencies: &Dependencies,
        target: &Target,
    ) -> Result<(), CollectError> {
        if self.stored_until.is_none() {
            let restored = self.read_stored(dependencies, target).await;
            self.stored_until = Some(restored.map_err(|error| CollectError::Store(error.to_string()))?);
        }
        Ok(())
    }

    async fn read_stored(
        &mut self,
        dependencies: &Dependencies,
        target: &Target,
    ) -> Result<Option<Timestamp>, RepositoryError> {
        let samples = &dependencies.samples;
        let Some(stream) = self.spec.stream else { return Ok(None) };
        let stored_until = samples.last_stored_at(target.id, stream).await?;
        self.collector.resume(stored_until);
        if stored_until.is_some() && self.collector.wants_last_values() {
            let last_values = samples.last_values(target.organization_id, target.id, stream);
            self.collector.restore(&last_values.await?);
        }
        Ok(stored_until)
    }

    /// Runs the collector over `session`.
    pub(super) async fn run(&mut self, session: &mut dyn Session) -> Result<Box<Collected>, CollectError> {
        run_collector(self.spec, &mut *self.collector, session).await
    }

    /// Moves the samples of a run into `batch`.
    pub(super) fn add_to(&self, batch: &mut Batch, collected: Collected) -> Success {
        let stored_until = self.stored_until.flatten();
        for FoundGap { from, to, reason } in collected.gaps {
            // a database that was never watched before has no gap
            let from = from.or(stored_until).filter(|from| *from < to);
            batch.gaps.extend(from.zip(self.spec.stream).map(|(from, stream)| Gap {
                stream,
                from,
                to,
                reason,
            }));
        }
        collected.records.into_iter().for_each(|record| batch.push(record));
        batch.entries.extend(collected.entries);
        batch.dictionary.extend(collected.dictionary);
        Success { rows: collected.rows, notice: collected.notice }
    }
}

/// Runs the queries of `collector` over `session` until it is done.
pub(super) async fn run_collector(
    spec: &Spec,
    collector: &mut dyn Collector,
    session: &mut dyn Session,
) -> Result<Box<Collected>, CollectError> {
    let mut step = collector.begin(session.server())?;
    let (mut missing_columns, mut notices) = (Vec::new(), Vec::new());
    loop {
        let started = Instant::now();
        let result = match step {
            Step::Done(mut collected) => {
                notices.extend(missing_columns_notice(session.server(), &missing_columns));
                collected.notice = collected.notice.into_iter().chain(notices).reduce(Notice::and);
                return Ok(collected);
            }
            Step::Ask(query) => session.run(&query, spec.timeout).await,
            Step::Explain(statement) => session.explain(&statement, spec.timeout).await,
        };
        let reply = match result {
            Err(error) if !error.ends_connection() => {
                step = collector.refused(session.server(), error)?;
                continue;
            }
            result => result?,
        };
        missing_columns.extend(reply.missing_columns.iter().cloned());
        if let Some(notice) = reply.notice.filter(|notice| !notices.contains(notice)) {
            notices.push(notice);
        }
        let answer = Answer { rows: &*reply.rows, took: started.elapsed() };
        step = without_blocking(reply.size_bytes, || collector.answer(session.server(), answer))?;
    }
}

/// Does `work` on `size_bytes` of a reply; when that is much, this thread first hands its other tasks to other threads.
fn without_blocking<T>(size_bytes: usize, work: impl FnOnce() -> T) -> T {
    let has_others =
        Handle::try_current().is_ok_and(|handle| handle.runtime_flavor() == RuntimeFlavor::MultiThread);
    if size_bytes > LARGE_REPLY_BYTES && has_others { block_in_place(work) } else { work() }
}

/// The notice of a collector some of whose columns the server lacks.
fn missing_columns_notice(server: &Server, columns: &[String]) -> Option<Notice> {
    (!columns.is_empty()).then(|| {
        Notice::new(
            format!("version {} has no {}: shown as null", server.version, columns.join(", ")),
            "use a version of Basira that supports this version, or upgrade the server",
        )
    })
}
