//! Crashes.

use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit,
    format_duration,
};
use crate::model::streams::EVENTS;
use crate::model::{Engine, EventKind, History, ServerIdentity};

pub(crate) static RULE: Rule = Rule {
    id: "availability.restarted",
    scope: Scope::Only(Engine::Postgres),
    category: Category::Availability,
    title: "Server crashed",
    description: "Crashes of the server, and recoveries after a backend crashed, within the window: either sets \
                  the counters of all databases to zero. A restart that keeps them was planned, and is an event only. The \
                  issue clears when they are older than the window.",
    needs: &[Need::Now("pg_server"), Need::Totals("pg_server", &EVENTS)],
    window: Duration::from_secs(900),
    measure: Measure::Sum,
    threshold: Threshold { enter: 1.0, leave: 1.0, unit: Unit::Count },
    curve: Curve { least: 5.0, worst: 5.0, most: 30.0 },
    recommendation: "Read the server's log from before the recovery: a crash of a backend (signal 11), the kernel's \
                     OOM killer (signal 9), a failed disk.",
    investigate: "SELECT pg_postmaster_start_time();\n-- GET /api/v1/databases/{id}/events",
    fix: "-- against the OOM killer: vm.overcommit_memory = 2, and less shared_buffers or work_mem",
    source: "PostgreSQL documentation, Linux Memory Overcommit; a crash resets all counters.",
    check,
    ..Rule::DEFAULT
};

/// What the counters of all databases are called in the event that a crash set them to zero; those of one have its name.
const ALL_DATABASES: &str = "pg_stat_database";
/// A restart and a loss of counters no further apart belong together.
const TOGETHER_MS: u64 = 60_000;

fn check(context: &RuleContext<'_>) -> CheckResult {
    let server = context.newest::<ServerIdentity>()?;
    // what is stored may be less than half of the window: a crash that was seen counts all the same
    let past = context.past_or_empty(&EVENTS);
    let restarts = happened(&past, EventKind::ServerRestarted, "server");
    let crashes = happened(&past, EventKind::CountersReset, ALL_DATABASES);
    let Some(last) = crashes.iter().max() else { return Ok(Vec::new()) };
    let was_restarted = restarts.iter().any(|restart| restart.abs_diff(*last) < TOGETHER_MS);
    let what = if was_restarted {
        "the server crashed and was restarted"
    } else {
        "a backend crashed, and the server recovered"
    };
    let ago =
        format_duration(Duration::from_millis(u64::try_from(server.at.as_millis() - last).unwrap_or(0)));
    let times = crashes.len();
    let often = if times > 1 {
        format!("; {times} times within {}", format_duration(context.window()))
    } else {
        String::new()
    };
    Ok(vec![Object {
        name: "server".to_owned(),
        value: f64::from(u32::try_from(times).unwrap_or(u32::MAX)),
        note: format!("{what} {ago} ago{often}"),
        fix: None,
    }])
}

/// When events of `kind` happened to `subject`, in milliseconds.
fn happened(past: &History, kind: EventKind, subject: &str) -> Vec<i64> {
    let of_kind = past.series.iter().filter(|series| {
        let text = |column| past.text(series.get(&EVENTS, column)?);
        text("kind") == Some(kind.as_str()) && text("subject") == Some(subject)
    });
    of_kind.filter_map(|series| series.get(&EVENTS, "happened_at_ms")).collect()
}
