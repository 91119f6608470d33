//! Evaluates the health rules after polls: reads the stored history they need, stores the score, records the advice.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Dependencies;
use crate::collect::Interner;
use crate::health::{Diagnosis, Examination, Examiner, Facts, HistoryKey, Issue, Need};
use crate::model::streams::{HEALTH, HealthRow};
use crate::model::{
    Batch, Checkup, Gap, GapReason, History, HistoryQuery, NULL, Record, RuleSettings, Target, Timestamp,
};
use crate::ports::RepositoryError;

/// How often an unchanged score is stored.
const STORE_EVERY: Duration = Duration::from_secs(60);
/// How often unchanged advice is recorded.
const RECORD_EVERY: Duration = Duration::from_secs(600);
/// How old the history of a span may be, as a part of the span: the totals of a day need not be read every five seconds.
const MAX_AGE_PART: u32 = 30;
const MAX_AGE_LEAST: Duration = Duration::from_secs(1);
const MAX_AGE_MOST: Duration = Duration::from_secs(300);

/// Evaluates the health rules of one database. Moves into a task and back, so two evaluations cannot overlap.
pub(crate) struct HealthChecker {
    dependencies: Dependencies,
    /// The target of the last evaluation.
    last_target: Option<Target>,
    examiner: Examiner,
    history: BTreeMap<HistoryKey, (Instant, Arc<History>)>,
    interner: Interner,
    stored: Option<StoredScore>,
    recorded: Option<(Instant, Checkup)>,
}

/// The score as it was stored last.
struct StoredScore {
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
            history: BTreeMap::new(),
            interner: Interner::default(),
            stored: None,
            recorded: None,
        }
    }

    /// Evaluates the rules for `target` from `facts`, to which the stored history is added.
    pub(super) async fn check(&mut self, target: &Target, mut facts: Facts) -> Arc<Diagnosis> {
        if self.last_target.replace(target.clone()).is_some_and(|known| !known.connects_like(target)) {
            // the issues of another server do not apply to this one
            self.examiner = Examiner::default();
        }
        let settings = target.rules.or(&self.dependencies.fleet.current().rules);
        facts.past = self.read_history(target, &settings, facts.at).await;
        let started = Instant::now();
        let examination = self.examiner.examine(&facts, &settings, &target.dismissed);
        let Examination { mut diagnosis, checkup } = examination;
        diagnosis.evaluated_in_ms = Some(started.elapsed().as_secs_f64() * 1_000.0);
        self.store(target, &diagnosis).await;
        self.record(target, checkup).await;
        Arc::new(diagnosis)
    }

    async fn read_history(
        &mut self,
        target: &Target,
        settings: &RuleSettings,
        at: Timestamp,
    ) -> BTreeMap<HistoryKey, Arc<History>> {
        let keys = Examiner::history_keys(target.engine, settings);
        self.history.retain(|key, _| keys.contains_key(key));
        for (key, stream) in keys {
            let max_age = (key.window / MAX_AGE_PART).clamp(MAX_AGE_LEAST, MAX_AGE_MOST);
            if self.history.get(&key).is_some_and(|(read_at, _)| read_at.elapsed() < max_age) {
                continue;
            }
            let until = at - key.ago;
            let steps = key.course.then_some(Need::STEPS);
            let query = HistoryQuery { stream, since: until - key.window, until, steps };
            match self.dependencies.samples.history(target.organization_id, target.id, query).await {
                Ok(history) => {
                    self.history.insert(key, (Instant::now(), Arc::new(history)));
                }
                Err(error) => {
                    // the rules that need it are reported as not evaluated
                    self.history.remove(&key);
                    tracing::warn!(db.id = %target.id, stream = stream.name, %error, "cannot read the stored history for the health rules");
                }
            }
        }
        self.history.iter().map(|(key, (_, history))| (*key, Arc::clone(history))).collect()
    }

    /// Stores the score when it or a penalty changed, or a repetition is due.
    async fn store(&mut self, target: &Target, diagnosis: &Diagnosis) {
        let now = StoredScore::of(diagnosis);
        if self.stored.as_ref().is_some_and(|stored| stored.covers(&now)) {
            return;
        }
        let batch = match self.batch(target, &now).await {
            Ok(batch) => batch,
            Err(error) => {
                tracing::warn!(db.id = %target.id, %error, "cannot read where the stored scores end");
                return;
            }
        };
        match self.dependencies.samples.append(Arc::new(batch)).await {
            Ok(()) => self.stored = Some(now),
            Err(error) => {
                // its texts were not stored either
                self.interner = Interner::default();
                // the storage itself logs failed writes, once for all databases
                tracing::debug!(db.id = %target.id, %error, "cannot store the health score");
            }
        }
    }

    async fn batch(&mut self, target: &Target, now: &StoredScore) -> Result<Batch, RepositoryError> {
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
        let mut rows = vec![(0, HealthRow { score, status: now.status, ..HealthRow::NULL }.values())];
        for (id, penalty) in penalties {
            let id_hash = self.interner.intern(Some(id));
            let row = HealthRow { rule_id: id_hash, penalty: penalty.into(), ..HealthRow::NULL };
            rows.push((id_hash.cast_unsigned(), row.values()));
        }
        // a record covers a span: its samples belong to the time after its start
        let from = from.min(Timestamp(now.at.as_millis() - 1));
        batch.push(Record::new(&HEALTH, from, now.at, rows));
        batch.dictionary.extend(self.interner.drain_new());
        Ok(batch)
    }

    /// Records the score and the advice in the registry when they changed, or a repetition is due.
    async fn record(&mut self, target: &Target, checkup: Checkup) {
        let same = |recorded: &Checkup| {
            let advice = |checkup: &Checkup| -> Vec<(&'static str, String)> {
                checkup.advice.iter().map(|advice| (advice.rule_id, advice.object.clone())).collect()
            };
            recorded.score == checkup.score
                && recorded.evaluated == checkup.evaluated
                && advice(recorded) == advice(&checkup)
        };
        if self.recorded.as_ref().is_some_and(|(at, recorded)| at.elapsed() < RECORD_EVERY && same(recorded))
        {
            return;
        }
        match self.dependencies.registry.record_checkup(target.id, checkup.clone()).await {
            Ok(()) => self.recorded = Some((Instant::now(), checkup)),
            Err(error) => {
                tracing::debug!(db.id = %target.id, %error, "cannot record the score and the advice in the registry")
            }
        }
    }
}

impl StoredScore {
    fn of(diagnosis: &Diagnosis) -> Self {
        let penalty = |issue: &Issue| (issue.rule_id, issue.penalty);
        Self {
            at: diagnosis.computed_at,
            status: diagnosis.status.code(),
            score: diagnosis.score,
            penalties: diagnosis.top_issues.iter().map(penalty).collect(),
        }
    }

    /// Whether `now` need not be stored because it equals this one and a repetition is not due.
    fn covers(&self, now: &Self) -> bool {
        (self.status, self.score) == (now.status, now.score)
            && self.penalties == now.penalties
            && now.at.since(self.at) < STORE_EVERY
    }
}

#[cfg(test)]
mod tests {
    use crate::collectors;
    use crate::health::rules;
    use crate::model::Engine;

    #[test]
    fn each_collector_that_a_rule_needs_exists_on_its_engine() {
        for engine in [Engine::Postgres, Engine::Clickhouse] {
            for rule in rules::of(engine) {
                for name in rule.needs.iter().map(|need| need.collector()) {
                    assert!(collectors::names(engine).contains(&name), "{} needs {name}", rule.id);
                }
            }
        }
    }
}
