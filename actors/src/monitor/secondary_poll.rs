//! Polls of the other databases of a server. Each is polled once in a while, one at a time, over a connection of its own
//! that is then closed; the samples go into the next batch of the monitor. Independent of the main poll.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Dependencies;
use super::collector_instance::{CollectorInstance, interval};
use crate::collect::{CollectError, Due, Notice, Reach, Schedule};
use crate::collectors;
use crate::drivers::{self, Session};
use crate::model::{AnySnapshot, Batch, Engine, Event, Target};

/// The shortest interval of a collector in one of these databases.
const LEAST_INTERVAL: Duration = Duration::from_secs(60);
/// How many databases one round polls at most, and how long after its start it begins another.
const MOST_PER_ROUND: usize = 10;
const ROUND: Duration = Duration::from_millis(500);
/// The pause between two databases: the server has closed the previous connection by then.
const PAUSE: Duration = Duration::from_millis(50);

/// Polls the other databases of a server. Moves into a task and back, like the poller of the main database.
pub(crate) struct SecondaryPoller {
    dependencies: Dependencies,
    target: Target,
    databases: BTreeMap<Arc<str>, PolledDatabase>,
}

/// One database with the state of its collectors.
struct PolledDatabase {
    collectors: Vec<CollectorInstance>,
    schedule: Schedule,
    /// What does not work there, by collector.
    notices: BTreeMap<&'static str, Notice>,
}

/// The results of one round.
pub(crate) struct SecondaryResults {
    /// The registration that the round was for.
    pub(super) target: Target,
    pub(super) batch: Batch,
    pub(super) events: Vec<Event>,
    pub(super) snapshots: Vec<(String, AnySnapshot)>,
    /// What does not work in some of the databases, by collector.
    pub(super) notices: BTreeMap<&'static str, Notice>,
}

impl SecondaryResults {
    fn new(target: Target) -> Self {
        let batch = Batch::new(target.organization_id, target.id);
        Self { target, batch, events: Vec::new(), snapshots: Vec::new(), notices: BTreeMap::new() }
    }

    /// Adds the samples and events of `later`.
    pub(super) fn merge(&mut self, mut later: Self) {
        self.batch.merge(later.batch);
        self.events.append(&mut later.events);
    }
}

impl SecondaryPoller {
    pub(super) const fn new(dependencies: Dependencies, target: Target) -> Self {
        Self { dependencies, target, databases: BTreeMap::new() }
    }

    /// Takes a changed registration; the collectors keep their state.
    pub(super) fn reconfigure(&mut self, target: Target, now: Instant) {
        self.target = target;
        for database in self.databases.values_mut() {
            database.schedule = schedule(&self.target, now);
            database.notices.clear();
        }
    }

    /// Replaces the list of databases. Those that stay keep their state.
    pub(super) fn set_databases(&mut self, names: &[Arc<str>], now: Instant) {
        let names: BTreeSet<&Arc<str>> = names.iter().collect();
        self.databases.retain(|name, _| names.contains(name));
        for name in names {
            let database = || PolledDatabase::new(&self.target, now);
            self.databases.entry(Arc::clone(name)).or_insert_with(database);
        }
    }

    /// When the next database is due.
    pub(super) fn next(&self) -> Option<Instant> {
        self.databases.values().filter_map(|database| database.schedule.next()).min()
    }

    /// Polls some of the databases that are due, first those that have been due longest.
    pub(super) async fn round(&mut self) -> SecondaryResults {
        let mut results = SecondaryResults::new(self.target.clone());
        let started = Instant::now();
        for _ in 0..MOST_PER_ROUND {
            let now = Instant::now();
            let Some(name) = self.due(now).filter(|_| now.duration_since(started) < ROUND) else { break };
            let is_full = self.poll(&name, now, &mut results).await;
            if is_full {
                break; // leave the connections to others
            }
            tokio::time::sleep(PAUSE).await;
        }
        results.notices = self.notices();
        results
    }

    /// The database that has been due longest.
    fn due(&self, now: Instant) -> Option<Arc<str>> {
        let next =
            self.databases.iter().filter_map(|(name, database)| Some((database.schedule.next()?, name)));
        next.filter(|(next, _)| *next <= now).min().map(|(_, name)| Arc::clone(name))
    }

    /// Runs what is due in the database `name`. Returns whether the server has no connection left.
    async fn poll(&mut self, name: &Arc<str>, now: Instant, results: &mut SecondaryResults) -> bool {
        let Some(database) = self.databases.get_mut(name) else { return false };
        let due = database.schedule.take_due(now);
        let target = Target { database: name.to_string(), ..self.target.clone() };
        let session = {
            let settings = self.dependencies.fleet.current();
            // the semaphore is never closed
            let _permit = settings.connects.acquire().await;
            drivers::connect(&target, &settings.connect).await
        };
        let lost = match session {
            Ok(mut session) => database.run(&due, &mut *session, name, results).await.err(),
            Err(error) => Some(error),
        };
        if let Some(error) = &lost {
            tracing::debug!(db.id = %self.target.id, %error, "polling another database of the server failed");
            for due in &due {
                database.notices.insert(due.name, notice(error, target.engine));
            }
        }
        matches!(lost, Some(CollectError::TooManyConnections { .. }))
    }

    /// For each collector, in how many databases it does not fully work, and the first of them.
    fn notices(&self) -> BTreeMap<&'static str, Notice> {
        let mut found: BTreeMap<&'static str, (usize, &Arc<str>, &Notice)> = BTreeMap::new();
        for (name, database) in &self.databases {
            for (collector, notice) in &database.notices {
                found.entry(collector).and_modify(|(count, ..)| *count += 1).or_insert((1, name, notice));
            }
        }
        let others = self.databases.len();
        let notice = |(collector, (count, name, notice)): (_, (usize, &Arc<str>, &Notice))| {
            let reason = format!("in {count} of {others} other databases; in {name}: {}", notice.reason);
            (collector, Notice::new(reason, notice.fix.clone()))
        };
        found.into_iter().map(notice).collect()
    }
}

impl PolledDatabase {
    fn new(target: &Target, now: Instant) -> Self {
        let collectors = collectors::of(target.engine).filter(|spec| spec.reach == Reach::Database);
        Self {
            collectors: collectors.map(CollectorInstance::new).collect(),
            schedule: schedule(target, now),
            notices: BTreeMap::new(),
        }
    }

    /// Runs the collectors that are due. Returns an error only if the connection is lost; others become notices.
    async fn run(
        &mut self,
        due: &[Due],
        session: &mut dyn Session,
        name: &str,
        results: &mut SecondaryResults,
    ) -> Result<(), CollectError> {
        let is_due = |instance: &&mut CollectorInstance| due.iter().any(|due| due.name == instance.spec.name);
        for instance in self.collectors.iter_mut().filter(is_due) {
            let collector = instance.spec.name;
            self.notices.remove(collector);
            match instance.run(session).await {
                Ok(mut collected) => {
                    results.events.append(&mut collected.events);
                    let snapshots = collected.snapshots.drain(..).map(|snapshot| (name.to_owned(), snapshot));
                    results.snapshots.extend(snapshots);
                    let success = instance.add_to(&mut results.batch, *collected);
                    self.notices.extend(success.notice.map(|notice| (collector, notice)));
                }
                Err(error) if error.ends_connection() => return Err(error),
                Err(error) => {
                    self.notices.insert(collector, notice(&error, instance.spec.engine));
                }
            }
        }
        Ok(())
    }
}

fn schedule(target: &Target, now: Instant) -> Schedule {
    let enabled =
        collectors::of(target.engine).filter(|spec| spec.reach == Reach::Database && spec.is_enabled(target));
    Schedule::new(enabled.map(|spec| (spec.name, interval(spec, target).max(LEAST_INTERVAL))), now)
}

fn notice(error: &CollectError, engine: Engine) -> Notice {
    Notice::new(error.to_string(), error.fix(engine).unwrap_or_default())
}
