//! What a poll of Basira costs: the supervisor as the server runs it, with the real store on SQLite.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use basira::samples::{Retention, SegmentStore};
use basira::storage::Storage;
use basira::storage::store::Targets;
use basira_actors::collect::{Every, Spec};
use basira_actors::collectors;
use basira_actors::drivers::ConnectSettings;
use basira_actors::health::Diagnosis;
use basira_actors::model::{
    Batch, DatabaseId, Engine, History, HistoryQuery, OrganizationId, RuleSettings, Stream, Target,
    Timestamp, TlsMode, streams,
};
use basira_actors::monitor::{Dependencies, Fleet, FleetSettings};
use basira_actors::ports::{AddressPolicy, RepositoryError, SampleRepository};
use basira_actors::supervisor::{Handle, Supervisor};
use basira_benches::Failure;
use tempfile::TempDir;
use tokio::sync::{Semaphore, watch};
use tokio::time::{interval, sleep, timeout};

use super::meter::{Cost, Meter};

const SECOND: Duration = Duration::from_secs(1);
/// Texts are read a part at a time, with long pauses.
const WARM_WITHIN: Duration = Duration::from_secs(300);

/// A supervisor with one database.
pub(crate) struct Ours {
    supervisor: Supervisor,
    target: Target,
    handle: Handle,
    seen: watch::Receiver<Seen>,
    _directory: TempDir,
}

/// What has been stored so far.
#[derive(Clone, Copy, Default)]
struct Seen {
    /// Records of statements: one per poll.
    polls: u64,
    rows: usize,
    texts: usize,
}

impl Ours {
    /// Starts, and polls until `texts` statements are known.
    pub(crate) async fn start(port: u16, texts: usize) -> Result<Self, Failure> {
        let directory = tempfile::tempdir()?;
        let url = format!("sqlite://{}/basira.db", directory.path().display());
        let storage = Storage::open(&url, &[7; 32]).await?;
        storage.migrate().await?;
        let store =
            SegmentStore::new(storage.writer().clone(), storage.reader().clone(), Retention::default());
        let (seen, receiver) = watch::channel(Seen::default());
        let dependencies = Dependencies {
            samples: Arc::new(Watched { store, seen }),
            registry: Arc::new(Targets::new(storage, &[7; 32])),
            fleet: Fleet::new(FleetSettings {
                connect: ConnectSettings {
                    timeout: SECOND,
                    policy: Arc::new(Anywhere),
                    raw_query_text: false,
                },
                connects: Arc::new(Semaphore::new(1)),
                rules: Arc::default(),
            }),
        };
        let (supervisor, _) = Supervisor::start(dependencies).await?;
        let target = target(port);
        supervisor.watch(target.clone());
        let handle = found(&supervisor, target.id).await?;
        let mut ours = Self { supervisor, target, handle, seen: receiver, _directory: directory };
        timeout(WARM_WITHIN, ours.seen.wait_for(|seen| seen.texts >= texts)).await??;
        // from here on it is told when
        ours.target.poll_interval = SECOND * 3600;
        ours.pause();
        Ok(ours)
    }

    /// What one of `polls` costs, one a second, in which every collector but the slow ones runs, and the rows of statements
    /// that each stored.
    pub(crate) async fn cost(&mut self, dsn: &str, polls: u32) -> Result<(Cost, usize), Failure> {
        self.supervisor.watch(Target { disabled_collectors: slow(), ..self.target.clone() });
        // the first ones have all the time since the last round to account for
        self.polled(3).await?;
        let meter = Meter::of(dsn, "basira").await?;
        let (before, seen) = (meter.read()?, *self.seen.borrow());
        self.polled(polls).await?;
        let (after, now) = (meter.read()?, *self.seen.borrow());
        self.pause();
        if now.polls - seen.polls != u64::from(polls) {
            return Err("a poll was missed or counted twice".into());
        }
        Ok((after.since(before).per(polls), (now.rows - seen.rows) / polls as usize))
    }

    /// Has everything read `polls` times, one a second, and waits until nothing of it is under way.
    async fn polled(&mut self, polls: u32) -> Result<(), Failure> {
        let mut second = interval(SECOND);
        for _ in 0..polls {
            second.tick().await;
            let goal = self.seen.borrow().polls + 1;
            self.handle.poll_now()?;
            timeout(SECOND * 10, self.seen.wait_for(|seen| seen.polls >= goal)).await??;
        }
        sleep(Duration::from_millis(300)).await;
        Ok(())
    }

    /// What `span` costs with every collector at its own pace.
    pub(crate) async fn cost_of(&mut self, dsn: &str, span: Duration) -> Result<Cost, Failure> {
        self.supervisor.watch(Target { poll_interval: SECOND * 10, ..self.target.clone() });
        self.polled(1).await?;
        let meter = Meter::of(dsn, "basira").await?;
        let before = meter.read()?;
        sleep(span).await;
        let after = meter.read()?;
        self.pause();
        Ok(after.since(before))
    }

    /// What the doctor says in `rounds` examinations, with every collector, once `warm` has passed.
    pub(crate) async fn examined(
        &mut self,
        rules: RuleSettings,
        warm: Duration,
        rounds: u32,
    ) -> Result<Vec<Arc<Diagnosis>>, Failure> {
        self.supervisor.watch(Target { rules, collect_replication: true, ..self.target.clone() });
        sleep(warm).await;
        let mut examined = Vec::new();
        for _ in 0..rounds {
            self.polled(1).await?;
            sleep(SECOND).await;
            examined.push(self.handle.diagnosis(Engine::Postgres));
        }
        self.pause();
        Ok(examined)
    }

    /// Keeps what is known, but asks for nothing.
    fn pause(&self) {
        let all = collectors::of(Engine::Postgres).map(|spec| spec.name.to_owned());
        self.supervisor.watch(Target { disabled_collectors: all.collect(), ..self.target.clone() });
    }
}

/// Those that run once a minute or less often: what they cost is measured over a longer span.
fn slow() -> BTreeSet<String> {
    let is_slow = |spec: &&Spec| matches!(spec.every, Every::Fixed(every) if every >= SECOND * 60);
    let slow =
        collectors::of(Engine::Postgres).filter(is_slow).filter(|spec| spec.name != "pg_stat_bgwriter");
    slow.map(|spec| spec.name.to_owned())
        .chain(["explain_plans", "auto_explain"].map(str::to_owned))
        .collect()
}

async fn found(supervisor: &Supervisor, id: DatabaseId) -> Result<Handle, Failure> {
    for _ in 0..100 {
        if let Some(handle) = supervisor.directory().find(id) {
            return Ok(handle);
        }
        sleep(Duration::from_millis(10)).await;
    }
    Err("the supervisor did not start the monitor".into())
}

fn target(port: u16) -> Target {
    let (id, organization) = (DatabaseId::generate(), OrganizationId::generate());
    Target {
        username: Some("postgres".to_owned()),
        tls: TlsMode::Disable,
        poll_interval: SECOND,
        collect_explain_plans: false,
        collect_replication: false,
        ..Target::new(id, organization, Engine::Postgres, ("127.0.0.1", port))
    }
}

/// The real store, and what goes into it counted.
struct Watched {
    store: SegmentStore,
    seen: watch::Sender<Seen>,
}

#[async_trait]
impl SampleRepository for Watched {
    async fn append(&self, batch: Arc<Batch>) -> Result<(), RepositoryError> {
        let statements =
            || batch.records.iter().filter(|record| record.stream.name == streams::STATEMENTS.name);
        let (polls, rows) =
            (statements().count(), statements().map(|record| record.series.len()).sum::<usize>());
        let texts = batch.entries.len();
        self.store.append(batch).await?;
        self.seen.send_modify(|seen| {
            seen.polls += polls as u64;
            seen.rows += rows;
            seen.texts += texts;
        });
        Ok(())
    }

    async fn last_stored_at(
        &self,
        id: DatabaseId,
        stream: &'static Stream,
    ) -> Result<Option<Timestamp>, RepositoryError> {
        self.store.last_stored_at(id, stream).await
    }

    async fn history(
        &self,
        organization: OrganizationId,
        id: DatabaseId,
        query: HistoryQuery,
    ) -> Result<History, RepositoryError> {
        self.store.history(organization, id, query).await
    }
}

struct Anywhere;

impl AddressPolicy for Anywhere {
    fn allows(&self, _: IpAddr) -> bool {
        true
    }
}
