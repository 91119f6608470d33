//! One statement over a window: who runs it, what it cost, and how that changed.

use basira_actors::model::{Engine, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::http::{Answer, ApiError, DatabaseAccess, Request, Route, Watched, response};
use crate::samples::{Projection, Series};
use crate::views::buckets;
use crate::views::exceptions::{self, ExceptionLine};
use crate::views::json_cells::{self, GapRow};
use crate::views::latency::{self, Latencies};
use crate::views::statements::{self, Statement, StatementPoint};

const FURTHER_COUNTERS_FIELDS: &str = "max_time_ms:number? (shared_blks_dirtied:integer? shared_blks_written:integer? \
    temp_blks_read:integer? temp_blks_written:integer? blk_read_time_ms:number? blk_write_time_ms:number? \
    wal_records:integer? wal_fpi:integer? wal_bytes:integer? plans:integer? plan_time_ms:number? jit_functions:integer? \
    jit_time_ms:number? min_time_ms:number? stddev_time_ms:number?) \
    (result_bytes:integer? cpu_time_ms:number? peak_memory_bytes:integer?)";

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/v1/databases/{id}/queries/{hash}",
            "One statement: who runs it, what it cost, how that changed",
            DatabaseAccess::ANY,
            detail,
        )
        .window()
        .object("QueryDetail")
        .schema("QueryMember", QUERY_MEMBER_FIELDS)
        .schema("QueryDetail", format!("..Query {FURTHER_COUNTERS_FIELDS} {QUERY_DETAIL_FIELDS}"))
        .schema(
            "QueryPoint",
            format!("{QUERY_POINT_FIELDS} {FURTHER_COUNTERS_FIELDS} {QUERY_POINT_MORE_FIELDS}"),
        )
        .schema("ExceptionCount", "code:integer count:integer")
        .schema("Gap", "from:time to:time reason:GapReason")
        .schema("GapReason", GAP_REASON_FIELDS),
    ]
}

const QUERY_MEMBER_FIELDS: &str = "queryid? user_name? database_name? (toplevel:boolean) (kind? host_name?)";
const QUERY_DETAIL_FIELDS: &str = "engine:Engine queryid? user_name? database_name? members:QueryMember[] \
    first_seen_at:time? last_seen_at:time? bucket_seconds:integer timeseries:QueryPoint[] \
    (exceptions_by_code:ExceptionCount[]) gaps:Gap[]";
const QUERY_POINT_FIELDS: &str =
    "ts:time calls:integer? total_time_ms:number? mean_time_ms:number? rows:integer?";
const QUERY_POINT_MORE_FIELDS: &str = "(shared_blks_hit:integer? shared_blks_read:integer?) (read_rows:integer? \
    read_bytes:integer? written_rows:integer? written_bytes:integer? memory_usage:integer? exceptions:integer? \
    p50_ms:number? p95_ms:number? p99_ms:number?)";
const GAP_REASON_FIELDS: &str = " \
    {unreachable|restarted|server_changed|counters_reset|evicted|not_watched|damaged|dropped}";

#[derive(Serialize)]
struct Detail {
    #[serde(flatten)]
    totals: Statement,
    engine: Engine,
    /// These three are null when the statement is run under more than one; `members` has them all.
    queryid: Option<String>,
    user_name: Option<String>,
    database_name: Option<String>,
    members: Vec<Map<String, Value>>,
    /// Within the window.
    first_seen_at: Option<Timestamp>,
    last_seen_at: Option<Timestamp>,
    #[serde(flatten)]
    further: Map<String, Value>,
    bucket_seconds: i64,
    timeseries: Vec<StatementPoint>,
    /// ClickHouse only.
    #[serde(skip_serializing_if = "Option::is_none")]
    exceptions_by_code: Option<Vec<ExceptionLine>>,
    gaps: Vec<GapRow>,
}

async fn detail(request: Request, watched: Watched) -> Answer {
    let group = request.path_hash("hash")?;
    let window = request.query()?.window(Timestamp::now())?;

    let scope = watched.scope;
    let (samples, engine) = (&*request.app.samples, watched.database.engine);
    let stream = statements::stream(engine);
    let members = samples.members(scope, stream, group).await?;
    if members.is_empty() {
        return Err(ApiError::not_found("query"));
    }
    let bucket_ms = buckets::bucket_ms(samples, scope, stream, window).await?;
    let wanted = Projection { groups: Some(vec![group]), ..Projection::ALL };
    let totals = samples.totals(scope, stream, window, &wanted).await?;
    let total = totals.into_iter().find(|total| total.group == group);
    let points = samples.points(scope, stream, group, window, bucket_ms).await?;
    let gaps = samples.gaps(scope, stream, window).await?;
    let values = total.as_ref().map_or(&[][..], |total| &total.values);
    let mut hashes = json_cells::words(stream, std::iter::once(values));
    hashes.push(group);
    let texts = samples.words(scope.organization, &hashes).await?;

    let mut totals = match &total {
        Some(total) => Statement::new(stream, total, &texts),
        None => Statement::idle(stream, group, texts.get(&group).cloned()),
    };
    let mut timeseries: Vec<StatementPoint> =
        points.iter().map(|point| StatementPoint::new(stream, point)).collect();
    let mut exceptions_by_code = None;
    if engine == Engine::Clickhouse {
        let latency = Latencies::read(samples, scope, window).await?.of(group);
        totals = totals.with_work(values, &texts, latency);
        let over_time = latency::over_time(samples, scope, group, window, bucket_ms).await?;
        let at = |ts| over_time.get(&ts).copied().unwrap_or_default();
        timeseries = timeseries
            .into_iter()
            .map(|point| {
                let ts = point.ts;
                point.with_latency(at(ts))
            })
            .collect();
        exceptions_by_code = Some(exceptions::by_code(samples, scope, group, window).await?);
    }
    let mut further = statements::further_counters(stream, values);
    if members.len() > 1 {
        // each member has its own, since the reset of the server's counters: those of one say nothing of all
        for name in ["min_time_ms", "max_time_ms", "stddev_time_ms"] {
            further.entry(name).and_modify(|value| *value = Value::Null);
        }
    }
    response::ok(&Detail {
        totals,
        engine,
        queryid: shared_label(&members, "queryid"),
        user_name: shared_label(&members, "user_name"),
        database_name: shared_label(&members, "database_name"),
        first_seen_at: total.as_ref().map(|total| total.first),
        last_seen_at: total.as_ref().map(|total| total.last),
        further,
        members: members.into_iter().map(|member| member.labels).collect(),
        bucket_seconds: bucket_ms / 1000,
        timeseries,
        exceptions_by_code,
        gaps: gaps.into_iter().map(GapRow::from).collect(),
    })
}

/// The label `name` when every member has the same; 64-bit identifiers are strings.
fn shared_label(members: &[Series], name: &str) -> Option<String> {
    let mut labels = members.iter().map(|member| member.labels.get(name));
    let first = labels.next()??;
    if labels.any(|label| label != Some(first)) {
        return None;
    }
    match first {
        Value::String(text) => Some(text.clone()),
        Value::Null => None,
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::shared_label;
    use crate::samples::Series;

    #[test]
    fn a_label_is_shown_only_when_all_agree() {
        let member = |queryid: i64, user: &str| Series {
            series: 1,
            labels: Map::from_iter([
                ("queryid".to_owned(), json!(queryid)),
                ("user_name".to_owned(), json!(user)),
            ]),
        };
        let members = [member(-5, "ann"), member(-5, "bob")];
        assert_eq!(shared_label(&members, "queryid").as_deref(), Some("-5"));
        assert_eq!(shared_label(&members, "user_name"), None);
        assert_eq!(shared_label(&members, "database_name"), None);
        assert_eq!(shared_label(&members[..1], "user_name").as_deref(), Some("ann"));
        assert_eq!(shared_label(&[], "user_name"), None);
    }
}
