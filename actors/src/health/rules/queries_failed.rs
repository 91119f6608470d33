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
                  the statement or its user are left out: invalid SQL, unknown names and types, missing \
                  privileges, queries cancelled by their users.",
    needs: &[Need::Totals("ch_query_log", &QUERIES), Need::Totals("ch_query_log", &QUERY_EXCEPTIONS)],
    window: Duration::from_secs(600),
    measure: Measure::Sum,
    threshold: Threshold { enter: 2.0, leave: 1.0, unit: Unit::Pct },
    curve: Curve { least: 5.0, worst: 25.0, most: 30.0 },
    recommendation: "Act by the code: memory and time limits of the profile, too many parts, a full disk, a \
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
/// Exceptions caused by the statement or its user, which occur wherever it is run: invalid SQL, unknown names and types,
/// privileges, cancelled queries.
const OWN_FAULT: &[i64] = &[
    15, 16, 20, 35, 36, 41, 42, 43, 44, 46, 47, 50, 51, 53, 57, 60, 62, 63, 68, 70, 80, 81, 82, 115, 164,
    179, 184, 192, 207, 215, 352, 386, 394, 456, 457, 497, 516,
];
const NAMES: &[(i64, &str)] = &[
    (6, "CANNOT_PARSE_TEXT"),
    (27, "CANNOT_PARSE_INPUT_ASSERTION_FAILED"),
    (40, "CHECKSUM_DOESNT_MATCH"),
    (48, "NOT_IMPLEMENTED"),
    (49, "LOGICAL_ERROR"),
    (117, "INCORRECT_DATA"),
    (158, "TOO_MANY_ROWS"),
    (159, "TIMEOUT_EXCEEDED"),
    (160, "TOO_SLOW"),
    (201, "QUOTA_EXCEEDED"),
    (202, "TOO_MANY_SIMULTANEOUS_QUERIES"),
    (209, "SOCKET_TIMEOUT"),
    (210, "NETWORK_ERROR"),
    (241, "MEMORY_LIMIT_EXCEEDED"),
    (242, "TABLE_IS_READ_ONLY"),
    (243, "NOT_ENOUGH_SPACE"),
    (252, "TOO_MANY_PARTS"),
    (279, "ALL_CONNECTION_TRIES_FAILED"),
    (285, "TOO_FEW_LIVE_REPLICAS"),
    (286, "UNSATISFIED_QUORUM"),
    (307, "TOO_MANY_BYTES"),
    (319, "UNKNOWN_STATUS_OF_INSERT"),
    (395, "FUNCTION_THROW_IF_VALUE_IS_NON_ZERO"),
    (396, "TOO_MANY_ROWS_OR_BYTES"),
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
