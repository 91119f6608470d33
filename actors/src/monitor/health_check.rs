//! Examines a database after its polls: reads what is stored, evaluates the rules, keeps what came of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Dependencies;
use crate::collect::Interner;
use crate::health::{Diagnosis, Examination, Examiner, Facts, HistoryKey, Issue, Need};
use crate::model::streams::HEALTH;
use crate::model::{
    Batch, Checkup, Gap, GapReason, History, HistoryQuery, NULL, Record, RuleSettings, Target, Timestamp,
};
use crate::ports::RepositoryError;

/// The score is stored this often although nothing has changed.
const STORE_EVERY: Duration = Duration::from_secs(60);
/// Advice is noted this often although nothing has changed.
const NOTE_EVERY: Duration = Duration::from_secs(600);
/// How much older than now a span may be, as a part of it: a day's totals need not be read every five seconds.
const FRESH_PART: u32 = 30;
const FRESH_LEAST: Duration = Duration::from_secs(1);
const FRESH_MOST: Duration = Duration::from_secs(300);

/// Travels into the task and back, so two examinations cannot overlap.
pub(crate) struct HealthChecker {
    dependencies: Dependencies,
    /// Whom it examined last.
    last_target: Option<Target>,
    examiner: Examiner,
    past: BTreeMap<HistoryKey, (Instant, Arc<History>)>,
    interner: Interner,
    stored: Option<Stored>,
    noted: Option<(Instant, Checkup)>,
}

/// What was stored last.
struct Stored {
    at: Timestamp,
    status: i64,
    score: Option<u8>,
    penalties: Vec<(&'static str, u8)>,
}

impl HealthChecker {
    pub(super) fn new(dependencies: Dependencies) -> Self {
        Self {
            dependencies,
            last_target: None,
            examiner: Examiner::default(),
            past: BTreeMap::new(),
            interner: Interner::default(),
            stored: None,
            noted: None,
        }
    }

    /// Examines `target`, of which `facts` are known but for what is stored.
    pub(super) async fn examine(&mut self, target: &Target, mut facts: Facts) -> Arc<Diagnosis> {
        if self.last_target.replace(target.clone()).is_some_and(|known| !known.connects_like(target)) {
            // what another server had says nothing of this one
            self.examiner = Examiner::default();
        }
        let settings = target.rules.over(&self.dependencies.fleet.current().rules);
        facts.past = self.read_past(target, &settings, facts.at).await;
        let started = Instant::now();
        let examination = self.examiner.examine(&facts, &settings, &target.dismissed);
        let Examination { mut diagnosis, checkup } = examination;
        diagnosis.evaluated_in_ms = Some(started.elapsed().as_secs_f64() * 1_000.0);
        self.store(target, &diagnosis).await;
        self.note(target, checkup).await;
        Arc::new(diagnosis)
    }

    async fn read_past(
        &mut self,
        target: &Target,
        settings: &RuleSettings,
        at: Timestamp,
    ) -> BTreeMap<HistoryKey, Arc<History>> {
        let asks = Examiner::asks(target.engine, settings);
        self.past.retain(|asked, _| asks.contains_key(asked));
        for (asked, stream) in asks {
            let fresh = (asked.window / FRESH_PART).clamp(FRESH_LEAST, FRESH_MOST);
            if self.past.get(&asked).is_some_and(|(read_at, _)| read_at.elapsed() < fresh) {
                continue;
            }
            let until = at - asked.ago;
            let steps = asked.course.then_some(Need::STEPS);
            let look = HistoryQuery { stream, since: until - asked.window, until, steps };
            match self.dependencies.samples.history(target.organization_id, target.id, look).await {
                Ok(past) => {
                    self.past.insert(asked, (Instant::now(), Arc::new(past)));
                }
                Err(error) => {
                    // the rules that need it say that they were not evaluated
                    self.past.remove(&asked);
                    tracing::warn!(db.id = %target.id, stream = stream.name, %error, "what is stored was not read");
                }
            }
        }
        self.past.iter().map(|(asked, (_, past))| (*asked, Arc::clone(past))).collect()
    }

    /// Stores the score when it or its parts have changed, or it is time.
    async fn store(&mut self, target: &Target, diagnosis: &Diagnosis) {
        let now = Stored::of(diagnosis);
        if self.stored.as_ref().is_some_and(|stored| stored.says(&now)) {
            return;
        }
        let batch = match self.batch(target, &now).await {
            Ok(batch) => batch,
            Err(error) => {
                tracing::warn!(db.id = %target.id, %error, "where the history of the score ends was not read");
                return;
            }
        };
        match self.dependencies.samples.append(Arc::new(batch)).await {
            Ok(()) => self.stored = Some(now),
            // the words are new again next time
            Err(error) => {
                self.interner = Interner::default();
                // a storage that takes no writes says so itself, once for all databases
                tracing::debug!(db.id = %target.id, %error, "the score was not stored");
            }
        }
    }

    async fn batch(&mut self, target: &Target, now: &Stored) -> Result<Batch, RepositoryError> {
        let mut batch = Batch::new(target.organization_id, target.id);
        let from = match &self.stored {
            Some(stored) => stored.at,
            None => {
                let newest = self.dependencies.samples.last_stored_at(target.id, &HEALTH).await?;
                if let Some(from) = newest.filter(|newest| *newest < now.at) {
                    let gap = Gap { stream: &HEALTH, from, to: now.at, reason: GapReason::NotWatched };
                    batch.gaps.push(gap);
                }
                now.at
            }
        };
        let cleared = self.stored.iter().flat_map(|stored| &stored.penalties).map(|(id, _)| (*id, 0));
        let mut penalties: BTreeMap<&'static str, u8> = cleared.collect();
        penalties.extend(now.penalties.iter().copied());
        let score = now.score.map_or(NULL, i64::from);
        let mut rows = vec![(0, [score, now.status, NULL, NULL])];
        for (id, penalty) in penalties {
            let word = self.interner.intern(Some(id));
            rows.push((word.cast_unsigned(), [NULL, NULL, word, penalty.into()]));
        }
        // a record has a length: work in it happened after its beginning
        let from = from.min(Timestamp(now.at.as_millis() - 1));
        batch.push(Record::new(&HEALTH, from, now.at, rows));
        batch.dictionary.extend(self.interner.drain_new());
        Ok(batch)
    }

    /// Notes the score and the advice, when they have changed or it is time.
    async fn note(&mut self, target: &Target, checkup: Checkup) {
        let same = |noted: &Checkup| {
            let known = |checkup: &Checkup| -> Vec<(&'static str, String)> {
                checkup.advice.iter().map(|advice| (advice.rule_id, advice.object.clone())).collect()
            };
            noted.score == checkup.score
                && noted.evaluated == checkup.evaluated
                && known(noted) == known(&checkup)
        };
        if self.noted.as_ref().is_some_and(|(at, noted)| at.elapsed() < NOTE_EVERY && same(noted)) {
            return;
        }
        match self.dependencies.registry.record_checkup(target.id, checkup.clone()).await {
            Ok(()) => self.noted = Some((Instant::now(), checkup)),
            Err(error) => tracing::debug!(db.id = %target.id, %error, "the advice was not noted"),
        }
    }
}

impl Stored {
    fn of(diagnosis: &Diagnosis) -> Self {
        let penalty = |issue: &Issue| (issue.rule_id, issue.penalty);
        Self {
            at: diagnosis.computed_at,
            status: diagnosis.status.code(),
            score: diagnosis.score,
            penalties: diagnosis.top_issues.iter().map(penalty).collect(),
        }
    }

    /// Whether `now` need not be stored, since this was.
    fn says(&self, now: &Self) -> bool {
        (self.status, self.score) == (now.status, now.score)
            && self.penalties == now.penalties
            && now.at.since(self.at) < STORE_EVERY
    }
}
