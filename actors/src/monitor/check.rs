//! One look at a database, outside any schedule: what works, and what would make the rest work.

use std::time::Instant;

use serde::Serialize;

use crate::collect::{CollectError, Collected, Flavour, Spec};
use crate::collectors;
use crate::drivers::{self, ConnectSettings};
use crate::model::{CollectorState, Target};

use super::poll::converse;

/// What `POST /databases/test` and `basira check` say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckReport {
    pub connected: bool,
    pub engine_version: Option<String>,
    /// Who runs the server, as far as one can see.
    pub flavour: Option<Flavour>,
    /// Why there is no connection, and what to do.
    pub error: Option<String>,
    pub fix: Option<String>,
    pub collectors: Vec<CollectorCheck>,
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

/// Connects to `target` once, runs every collector that is wanted once, keeps nothing.
pub async fn check(target: &Target, settings: &ConnectSettings) -> CheckReport {
    let mut session = match drivers::connect(target, settings).await {
        Ok(session) => session,
        Err(error) => {
            return CheckReport {
                connected: false,
                engine_version: None,
                flavour: None,
                error: Some(error.to_string()),
                fix: error.fix(target.engine),
                collectors: Vec::new(),
            };
        }
    };
    let mut checks = Vec::new();
    for spec in collectors::of(target.engine).filter(|spec| target.runs(spec.name)) {
        let started = Instant::now();
        let result = converse(spec, &mut *(spec.start)(), &mut *session).await;
        let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let broken = result.as_ref().is_err_and(CollectError::ends_connection);
        checks.push(judged(spec, result.map(|collected| *collected), duration_ms));
        if broken {
            break;
        }
    }
    CheckReport {
        connected: true,
        engine_version: Some(session.server().version.clone()),
        flavour: Some(session.server().flavour),
        error: None,
        fix: None,
        collectors: checks,
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
