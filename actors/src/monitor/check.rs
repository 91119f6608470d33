//! One look at a database, outside any schedule: what works, what would make the rest work, and how healthy it is.

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

use super::poll::run_collector;

/// What `POST /databases/test` and `basira check` say.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CheckReport {
    pub connected: bool,
    pub engine_version: Option<String>,
    /// Who runs the server, as far as one can see.
    pub flavour: Option<HostingProvider>,
    /// Why there is no connection, and what to do.
    pub error: Option<String>,
    pub fix: Option<String>,
    pub collectors: Vec<CollectorCheck>,
    /// What the doctor says by this one look: rules that look at a span are not evaluated.
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
    pub rows: Option<u64>,
    pub duration_ms: u64,
}

/// Connects to `target` once, runs every collector that is wanted once, lets the doctor judge by `rules`, keeps nothing.
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
    let mut facts = nothing_seen(target);
    let mut checks = Vec::new();
    for spec in collectors::of(target.engine).filter(|spec| target.runs(spec.name)) {
        let started = Instant::now();
        let result = run_collector(spec, &mut *(spec.start)(), &mut *session).await;
        let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let broken = result.as_ref().is_err_and(CollectError::ends_connection);
        let result = result.map(|collected| take(*collected, &*session, &mut facts));
        let checked = judged(spec, result, duration_ms);
        facts.collectors.push(as_status(&checked));
        checks.push(checked);
        if broken {
            break;
        }
    }
    facts.at = Timestamp::now();
    let examination =
        Examiner::default().examine(&facts, &at_once(&target.rules.over(rules)), &BTreeSet::new());
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

fn nothing_seen(target: &Target) -> Facts {
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

/// Moves what was seen into `facts`; what is left tells how the run went.
fn take(mut collected: Collected, session: &dyn Session, facts: &mut Facts) -> Collected {
    for seen in collected.snapshots.drain(..) {
        facts.snapshots.put(&session.server().database, seen);
    }
    if let Some(activity) = collected.activity.take() {
        facts.skew_ms = Some(activity.at.as_millis() - Timestamp::now().as_millis());
        facts.activity = Some(activity.into());
    }
    collected
}

/// One look cannot tell how long something lasts.
fn at_once(rules: &RuleSettings) -> RuleSettings {
    let set = |id: &str| RuleSetting { for_seconds: Some(0), ..rules.of(id) };
    RuleSettings(rules::ALL.iter().map(|rule| (rule.id.to_owned(), set(rule.id))).collect())
}

fn as_status(check: &CollectorCheck) -> CollectorStatus {
    let seen = (check.state == CollectorState::Ok).then(Timestamp::now);
    CollectorStatus {
        name: check.name,
        enabled: true,
        interval_seconds: 60,
        state: check.state,
        reason: check.reason.clone(),
        fix: check.fix.clone(),
        last_success_at: seen,
        first_success_at: seen,
        last_duration_ms: Some(check.duration_ms),
        rows: check.rows,
        runs: 1,
        failures: u64::from(check.state == CollectorState::Failing),
        next_run_at: None,
    }
}

fn judged(spec: &Spec, result: Result<Collected, CollectError>, duration_ms: u64) -> CollectorCheck {
    let name = spec.name;
    match result {
        Ok(collected) => {
            let (reason, fix) = collected.notice.map(|notice| (notice.reason, notice.fix)).unzip();
            let rows = Some(collected.rows);
            CollectorCheck { name, state: CollectorState::Ok, reason, fix, rows, duration_ms }
        }
        Err(error) => {
            let missing = matches!(error, CollectError::Missing { .. });
            let state = if missing { CollectorState::Skipped } else { CollectorState::Failing };
            let (reason, fix) = (Some(error.to_string()), error.fix(spec.engine));
            CollectorCheck { name, state, reason, fix, rows: None, duration_ms }
        }
    }
}
