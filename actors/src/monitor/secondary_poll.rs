//! The other databases of a watched server. Each is visited now and then, one at a time, over a connection of its own
//! that is closed again; what was read goes into the next batch of the monitor. Takes nothing from its poll.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Dependencies;
use super::poll::{CollectorInstance, run_collector};
use super::report::interval;
use crate::collect::{CollectError, Due, Notice, Reach, Schedule};
use crate::collectors;
use crate::drivers::{self, Session};
use crate::model::{AnySnapshot, Batch, Engine, Event, Target};

/// A collector visits each database no more often than this.
const LEAST_INTERVAL: Duration = Duration::from_secs(60);
/// A round visits so many databases at most, and begins no visit after so long.
const MOST_PER_ROUND: usize = 10;
const ROUND: Duration = Duration::from_millis(500);
/// Between two visits: the server has closed the connection before by then.
const REST: Duration = Duration::from_millis(50);

/// Polls the other databases of a server. Moves into a task and back, like the `Poller`.
pub(crate) struct SecondaryPoller {
    dependencies: Dependencies,
    target: Target,
    databases: BTreeMap<Arc<str>, PolledDatabase>,
}

/// One database and what is known of its counters.
struct PolledDatabase {
    collectors: Vec<CollectorInstance>,
    schedule: Schedule,
    /// What does not work there, by collector.
    notices: BTreeMap<&'static str, Notice>,
}

/// The results of one round.
pub(crate) struct SecondaryResults {
    /// For which registration.
    pub(super) target: Target,
    pub(super) batch: Batch,
    pub(super) events: Vec<Event>,
    pub(super) snapshots: Vec<(String, AnySnapshot)>,
    /// What does not work in some of the databases, by collector.
    pub(super) notices: BTreeMap<&'static str, Notice>,
}

impl SecondaryResults {
    /// Both as one.
    pub(super) fn join(&mut self, mut later: Self) {
        later.batch.records.drain(..).for_each(|record| self.batch.push(record));
        self.batch.gaps.append(&mut later.batch.gaps);
        self.batch.entries.append(&mut later.batch.entries);
        self.batch.dictionary.append(&mut later.batch.dictionary);
        self.events.append(&mut later.events);
    }
}

impl SecondaryPoller {
    pub(super) const fn new(dependencies: Dependencies, target: Target) -> Self {
        Self { dependencies, target, databases: BTreeMap::new() }
    }

    /// Takes a changed registration; what is known of counters stays.
    pub(super) fn reconfigure(&mut self, target: Target, now: Instant) {
        self.target = target;
        for place in self.databases.values_mut() {
            place.schedule = schedule(&self.target, now);
            place.notices.clear();
        }
    }

    /// Forgets databases that are gone, and gets to know new ones.
    pub(super) fn meet(&mut self, names: &[Arc<str>], now: Instant) {
        let names: BTreeSet<&Arc<str>> = names.iter().collect();
        self.databases.retain(|name, _| names.contains(name));
        for name in names {
            let place = || PolledDatabase::new(&self.target, now);
            self.databases.entry(Arc::clone(name)).or_insert_with(place);
        }
    }

    /// When the next visit is due.
    pub(super) fn next(&self) -> Option<Instant> {
        self.databases.values().filter_map(|place| place.schedule.next()).min()
    }

    /// Visits some of those that are due, those first that have waited longest.
    pub(super) async fn round(&mut self) -> SecondaryResults {
        let mut results = SecondaryResults {
            target: self.target.clone(),
            batch: Batch::new(self.target.organization_id, self.target.id),
            events: Vec::new(),
            snapshots: Vec::new(),
            notices: BTreeMap::new(),
        };
        let began = Instant::now();
        for _ in 0..MOST_PER_ROUND {
            let now = Instant::now();
            let Some(name) = self.waiting(now).filter(|_| now.duration_since(began) < ROUND) else { break };
            let full = self.visit(&name, now, &mut results).await;
            if full {
                break; // others need the connections more
            }
            tokio::time::sleep(REST).await;
        }
        results.notices = self.notices();
        results
    }

    fn waiting(&self, now: Instant) -> Option<Arc<str>> {
        let due = self.databases.iter().filter_map(|(name, place)| Some((place.schedule.next()?, name)));
        due.filter(|(next, _)| *next <= now).min().map(|(_, name)| Arc::clone(name))
    }

    /// Runs what is due in the database `name`. True when the server has no connection left.
    async fn visit(&mut self, name: &Arc<str>, now: Instant, results: &mut SecondaryResults) -> bool {
        let Some(place) = self.databases.get_mut(name) else { return false };
        let due = place.schedule.take_due(now);
        let target = Target { database: name.to_string(), ..self.target.clone() };
        let session = {
            let settings = self.dependencies.fleet.current();
            // the semaphore is never closed
            let _turn = settings.connects.acquire().await;
            drivers::connect(&target, &settings.connect).await
        };
        let broken = match session {
            Ok(mut session) => place.run(&due, &mut *session, name, results).await.err(),
            Err(error) => Some(error),
        };
        if let Some(error) = &broken {
            tracing::debug!(db.id = %self.target.id, %error, "a visit to another database of the server failed");
            for due in &due {
                place.notices.insert(due.name, notice(error, target.engine));
            }
        }
        matches!(broken, Some(CollectError::TooManyConnections { .. }))
    }

    /// For each collector, in how many databases it does not fully work, and the first of them.
    fn notices(&self) -> BTreeMap<&'static str, Notice> {
        let mut found: BTreeMap<&'static str, (usize, &Arc<str>, &Notice)> = BTreeMap::new();
        for (name, place) in &self.databases {
            for (collector, notice) in &place.notices {
                found.entry(collector).and_modify(|(count, ..)| *count += 1).or_insert((1, name, notice));
            }
        }
        let others = self.databases.len();
        let told = found.into_iter().map(|(collector, (count, name, notice))| {
            let reason = format!("in {count} of {others} other databases; in {name}: {}", notice.reason);
            (collector, Notice { reason, fix: notice.fix.clone() })
        });
        told.collect()
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

    /// Lets what is due ask and be answered; an error is one of the connection, the others stay with their collector.
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
            match run_collector(instance.spec, &mut *instance.collector, session).await {
                Ok(mut collected) => {
                    results.events.append(&mut collected.events);
                    results
                        .snapshots
                        .extend(collected.snapshots.drain(..).map(|seen| (name.to_owned(), seen)));
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
        collectors::of(target.engine).filter(|spec| spec.reach == Reach::Database && target.runs(spec.name));
    Schedule::new(enabled.map(|spec| (spec.name, interval(spec, target).max(LEAST_INTERVAL))), now)
}

fn notice(error: &CollectError, engine: Engine) -> Notice {
    Notice { reason: error.to_string(), fix: error.fix(engine).unwrap_or_default() }
}
