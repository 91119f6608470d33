//! A single check of a database, outside any schedule: which collectors work, how to fix the others, and its health.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use serde::Serialize;

use crate::collect::{CollectError, Collected, HostingProvider, Spec};
use crate::collectors;
use crate::drivers::{self, ConnectSettings, Session};
use crate::health::{Diagnosis, Examiner, Facts, rules};
use crate::model::{
    CollectorState, CollectorStatus, RuleSetting, RuleSettings, Snapshots, Status, Target, Timestamp,
};

use super::collector_instance::run_collector;

/// The result of `POST /databases/test` and `basira check`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CheckReport {
    pub connected: bool,
    pub engine_version: Option<String>,
    /// The hosting provider of the server, as far as it can be recognized.
    pub flavour: Option<HostingProvider>,
    /// Why the connection failed, and how to fix that.
    pub error: Option<String>,
    pub fix: Option<String>,
    pub collectors: Vec<CollectorCheck>,
    /// The health by this one sample: rules that need a span of time are not evaluated.
    pub doctor: Diagnosis,
}

/// Whether one collector works here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CollectorCheck {
    pub name: &'static str,
    pub state: CollectorState,
    pub reason: Option<String>,
    /// The SQL or setting that makes it work.
    pub fix: Option<String>,
    #[serde(skip)]
    hides: bool,
    pub rows: Option<u64>,
    pub duration_ms: u64,
}

/// Connects to `target`, runs every enabled collector once, and evaluates `rules`. Nothing is stored.
pub async fn check(target: &Target, settings: &ConnectSettings, rules: &RuleSettings) -> CheckReport {
    let mut session = match drivers::connect(target, settings).await {
        Ok(session) => session,
        Err(error) => {
            let reason = error.to_string();
            return CheckReport {
                connected: false,
                engine_version: None,
                flavour: None,
                doctor: Diagnosis::disconnected(target.engine, Timestamp::now(), None, &reason),
                error: Some(reason),
                fix: error.fix(target.engine),
                collectors: Vec::new(),
            };
        }
    };
    let mut facts = empty_facts(target);
    let mut checks = Vec::new();
    for spec in collectors::of(target.engine).filter(|spec| spec.is_enabled(target)) {
        let started = Instant::now();
        let result = run_collector(spec, &mut *(spec.start)(), &mut *session).await;
        let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let is_lost = result.as_ref().is_err_and(CollectError::ends_connection);
        let result = result.map(|collected| take_snapshots(*collected, &*session, &mut facts));
        let checked = collector_check(spec, result, duration_ms);
        facts.collectors.push(as_status(&checked));
        checks.push(checked);
        if is_lost {
            break;
        }
    }
    facts.at = Timestamp::now();
    let examination =
        Examiner::default().examine(&facts, &without_duration(&target.rules.or(rules)), &BTreeSet::new());
    CheckReport {
        connected: true,
        engine_version: Some(session.server().version.clone()),
        flavour: Some(session.server().provider),
        error: None,
        fix: None,
        collectors: checks,
        doctor: examination.diagnosis,
    }
}

fn empty_facts(target: &Target) -> Facts {
    Facts {
        at: Timestamp::now(),
        engine: target.engine,
        status: Status::Connected,
        last_error: None,
        store_error: None,
        snapshots: Snapshots::default(),
        activity: None,
        collectors: Vec::new(),
        skew_ms: None,
        past: BTreeMap::new(),
    }
}

/// Moves the snapshots into `facts`; what is left is the result of the run.
fn take_snapshots(mut collected: Collected, session: &dyn Session, facts: &mut Facts) -> Collected {
    for snapshot in collected.snapshots.drain(..) {
        facts.snapshots.put(&session.server().database, snapshot);
    }
    if let Some(activity) = collected.activity.take() {
        facts.skew_ms = Some(activity.at.as_millis() - Timestamp::now().as_millis());
        facts.activity = Some(activity.into());
    }
    collected
}

/// The rules without their `for_seconds`: one sample cannot show how long a condition holds.
fn without_duration(rules: &RuleSettings) -> RuleSettings {
    let set = |id: &str| RuleSetting { for_seconds: Some(0), ..rules.of(id) };
    RuleSettings(rules::ALL.iter().map(|rule| (rule.id.to_owned(), set(rule.id))).collect())
}

fn as_status(check: &CollectorCheck) -> CollectorStatus {
    let succeeded_at = (check.state == CollectorState::Ok).then(Timestamp::now);
    CollectorStatus {
        name: check.name,
        enabled: true,
        interval_seconds: 60,
        state: check.state,
        reason: check.reason.clone(),
        fix: check.fix.clone(),
        hides: check.hides,
        last_success_at: succeeded_at,
        first_success_at: succeeded_at,
        last_duration_ms: Some(check.duration_ms),
        rows: check.rows,
        runs: 1,
        failures: u64::from(check.state == CollectorState::Failing),
        next_run_at: None,
    }
}

fn collector_check(spec: &Spec, result: Result<Collected, CollectError>, duration_ms: u64) -> CollectorCheck {
    let name = spec.name;
    match result {
        Ok(collected) => {
            let hides = collected.notice.as_ref().is_some_and(|notice| notice.hides);
            let (reason, fix) = collected.notice.map(|notice| (notice.reason, notice.fix)).unzip();
            let rows = Some(collected.rows);
            CollectorCheck { name, state: CollectorState::Ok, reason, fix, hides, rows, duration_ms }
        }
        Err(error) => {
            let missing = matches!(error, CollectError::Missing { .. });
            let state = if missing { CollectorState::Skipped } else { CollectorState::Failing };
            let (reason, fix) = (Some(error.to_string()), error.fix(spec.engine));
            CollectorCheck { name, state, reason, fix, hides: false, rows: None, duration_ms }
        }
    }
}
