//! Queries that end in exceptions of the server.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit,
    format_count, format_duration, format_pct, share_pct,
};
use crate::model::Engine;
use crate::model::streams::{QUERIES, QUERY_EXCEPTIONS};

pub(crate) static RULE: Rule = Rule {
    id: "queries.failed",
    scope: Scope::Only(Engine::Clickhouse),
    category: Category::Queries,
    title: "Queries fail with exceptions",
    description: "Queries that ended in an exception, in percent of all, by exception code. Codes caused by \
                  the statement or its user are left out: invalid SQL, unknown names and types, malformed data, missing \
                  privileges, limits and quotas of the user, queries cancelled by their users, clients that left.",
    needs: &[Need::Totals("ch_query_log", &QUERIES), Need::Totals("ch_query_log", &QUERY_EXCEPTIONS)],
    window: Duration::from_secs(600),
    measure: Measure::Sum,
    threshold: Threshold { enter: 2.0, leave: 1.0, unit: Unit::Pct },
    curve: Curve { least: 5.0, worst: 25.0, most: 30.0 },
    recommendation: "Act by the code: memory and time limits, too many parts, a full disk, a \
                     read-only replica.",
    investigate: "SELECT exception_code, count() AS failed, any(exception) AS example\n  FROM \
                  system.query_log\n WHERE type > 2 AND event_time > now() - 600\n GROUP BY 1\n ORDER BY 2 \
                  DESC;",
    fix: "-- GET /api/v1/databases/{id}/queries shows which statements fail",
    source: "ClickHouse documentation, system.query_log; the codes are those of system.errors.",
    check,
    ..Rule::DEFAULT
};

/// Fewer exceptions within the window are ignored.
const LEAST_FAILURES: i64 = 20;
/// Exceptions that say nothing of the server, and occur wherever the statement is run: invalid SQL, unknown names and types,
/// data that cannot be parsed or converted, violated constraints, privileges, limits and quotas that were set for the user,
/// cancelled queries, and clients that left (210, 735).
const OWN_FAULT: &[i64] = &[
    6, 7, 8, 15, 16, 19, 20, 25, 26, 27, 28, 34, 35, 36, 37, 38, 41, 42, 43, 44, 46, 47, 48, 50, 51, 52, 53,
    57, 59, 60, 62, 63, 68, 69, 70, 72, 73, 80, 81, 82, 85, 115, 117, 128, 130, 131, 153, 158, 161, 162, 164,
    165, 167, 168, 179, 181, 182, 184, 191, 192, 193, 194, 195, 201, 207, 210, 215, 277, 307, 321, 344, 349,
    352, 376, 386, 394, 395, 396, 403, 407, 441, 452, 456, 457, 467, 469, 497, 516, 675, 676, 735,
];
const NAMES: &[(i64, &str)] = &[
    (40, "CHECKSUM_DOESNT_MATCH"),
    (49, "LOGICAL_ERROR"),
    (159, "TIMEOUT_EXCEEDED"),
    (160, "TOO_SLOW"),
    (202, "TOO_MANY_SIMULTANEOUS_QUERIES"),
    (209, "SOCKET_TIMEOUT"),
    (241, "MEMORY_LIMIT_EXCEEDED"),
    (242, "TABLE_IS_READ_ONLY"),
    (243, "NOT_ENOUGH_SPACE"),
    (252, "TOO_MANY_PARTS"),
    (279, "ALL_CONNECTION_TRIES_FAILED"),
    (285, "TOO_FEW_LIVE_REPLICAS"),
    (286, "UNSATISFIED_QUORUM"),
    (319, "UNKNOWN_STATUS_OF_INSERT"),
    (473, "DEADLOCK_AVOIDED"),
    (999, "KEEPER_EXCEPTION"),
];

fn check(context: &RuleContext<'_>) -> CheckResult {
    let (queries, exceptions) = (context.totals(&QUERIES)?, context.totals(&QUERY_EXCEPTIONS)?);
    let calls: i64 = queries.series.iter().filter_map(|series| series.get(&QUERIES, "calls")).sum();
    let mut by_code = BTreeMap::<i64, i64>::new();
    for series in &exceptions.series {
        let get = |column| series.get(&QUERY_EXCEPTIONS, column);
        if let (Some(code), Some(failed)) =
            (get("code").filter(|code| !OWN_FAULT.contains(code)), get("calls"))
        {
            *by_code.entry(code).or_default() += failed;
        }
    }
    if calls == 0 || by_code.values().sum::<i64>() < LEAST_FAILURES {
        return Ok(Vec::new());
    }
    let object = |(code, failed): (i64, i64)| {
        let (name, share) = (name(code), share_pct(failed, calls));
        let (failed, of, window) =
            (format_count(failed), format_count(calls), format_duration(context.window()));
        let note =
            format!("{failed} of {of} queries within {window} ended in {name} ({})", format_pct(share));
        Object { name, value: share.min(100.0), note, fix: None }
    };
    Ok(by_code.into_iter().map(object).collect())
}

fn name(code: i64) -> String {
    let known = NAMES.iter().find(|(known, _)| *known == code);
    known.map_or_else(|| format!("code {code}"), |(_, name)| (*name).to_owned())
}
