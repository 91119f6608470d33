//! Restarts and crash recoveries.

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
    title: "Server restarted or crashed",
    description: "Restarts of the server, and recoveries after a backend crashed, within the window. The issue \
                  clears when they are older than the window.",
    needs: &[Need::Now("pg_server"), Need::Totals("pg_server", &EVENTS)],
    window: Duration::from_secs(900),
    measure: Measure::Sum,
    threshold: Threshold { enter: 1.0, leave: 1.0, unit: Unit::Count },
    curve: Curve { least: 5.0, worst: 5.0, most: 30.0 },
    recommendation: "If the restart was not planned, read the server's log from before its start: a crash of a \
                     backend (signal 11), the kernel's OOM killer (signal 9), a failed disk.",
    investigate: "SELECT pg_postmaster_start_time();\n-- GET /api/v1/databases/{id}/events",
    fix: "-- against the OOM killer: vm.overcommit_memory = 2, and less shared_buffers or work_mem",
    source: "PostgreSQL documentation, Linux Memory Overcommit; a crash resets all counters.",
    check,
    ..Rule::DEFAULT
};

/// A crash resets the counters of at least this many views at once; manual resets come one by one.
const EMPTIED_BY_A_CRASH: usize = 3;
/// Resets that belong to one crash are no further apart.
const TOGETHER_MS: u64 = 60_000;

fn check(context: &RuleContext<'_>) -> CheckResult {
    let server = context.newest::<ServerIdentity>()?;
    // what is stored may be less than half of the window: a restart that was seen counts all the same
    let past = context.past_or_empty(&EVENTS);
    let restarts = happened(&past, EventKind::ServerRestarted);
    let crashes = crashes(&happened(&past, EventKind::CountersReset));
    let recovered: Vec<i64> = crashes.iter().copied().filter(|at| !near(*at, &restarts)).collect();
    let Some(last) = restarts.iter().chain(&recovered).max() else { return Ok(Vec::new()) };
    let what = match (near(*last, &crashes), recovered.contains(last)) {
        (_, true) => "a backend crashed, and the server recovered",
        (true, false) => "the server crashed and was restarted",
        (false, false) => "the server was restarted",
    };
    let ago =
        format_duration(Duration::from_millis(u64::try_from(server.at.as_millis() - last).unwrap_or(0)));
    let times = restarts.len() + recovered.len();
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

fn near(at: i64, moments: &[i64]) -> bool {
    moments.iter().any(|moment| moment.abs_diff(at) < TOGETHER_MS)
}

/// When the counters of many views were reset at once.
fn crashes(resets: &[i64]) -> Vec<i64> {
    let mut crashes: Vec<i64> = Vec::new();
    for at in resets {
        let together = resets.iter().filter(|other| other.abs_diff(*at) < TOGETHER_MS).count();
        if together >= EMPTIED_BY_A_CRASH && !near(*at, &crashes) {
            crashes.push(*at);
        }
    }
    crashes
}

fn happened(past: &History, kind: EventKind) -> Vec<i64> {
    let of_kind = past.series.iter().filter(|series| {
        let word = series.get(&EVENTS, "kind");
        word.and_then(|word| past.text(word)) == Some(kind.as_str())
    });
    of_kind.filter_map(|series| series.get(&EVENTS, "happened_at_ms")).collect()
}

#[cfg(test)]
mod tests {
    use super::crashes;

    #[test]
    fn a_reset_of_one_view_at_a_time_is_no_crash() {
        assert_eq!(crashes(&[]), [0; 0]);
        assert_eq!(crashes(&[1_000, 2_000]), [0; 0]);
        assert_eq!(crashes(&[1_000, 90_000, 200_000]), [0; 0]);
        assert_eq!(crashes(&[500_000, 1_000, 1_500, 2_000]), [1_000]);
    }
}
