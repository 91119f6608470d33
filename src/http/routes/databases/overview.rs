//! `GET /api/v1/databases/{id}/overview`: the state of one database at a glance.

use std::time::Duration;

use basira_actors::model::relations::TableSnapshot;
use basira_actors::model::{ActivitySnapshot, DatabaseId, Engine, Status, Timestamp};
use basira_actors::supervisor::Handle;
use serde::Serialize;

use crate::http::{Answer, DatabaseAccess, Request, Route, Watched, response};
use crate::samples::Window;
use crate::views::background_merges::Background;
use crate::views::ranking::Ranking;
use crate::views::relations::tables;
use crate::views::statements::{Rank, Statement};

const SPAN: Duration = Duration::from_secs(60 * 60);
const TOP_QUERIES: usize = 5;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/v1/databases/{id}/overview",
            "The state of one database at a glance",
            DatabaseAccess::ANY,
            get,
        )
        .object("Overview")
        .schema("Overview", OVERVIEW_FIELDS),
    ]
}

const OVERVIEW_FIELDS: &str = "id:uuid engine:Engine status:Status last_seen_at:time? \
    health_score:integer[0,100]? active_queries:integer? longest_query_ms:integer? top_queries:Query[] \
    (blocked_queries:integer? cache_hit_ratio:number? dead_tuple_ratio:number? last_autovacuum:time?) \
    (active_merges:integer? merge_progress_pct:number? active_mutations:integer? stuck_mutations:integer? \
    query_p99_ms:number?)";

#[derive(Serialize)]
struct Overview {
    id: DatabaseId,
    engine: Engine,
    status: Status,
    last_seen_at: Option<Timestamp>,
    health_score: Option<u8>,
    #[serde(flatten)]
    now: CurrentActivity,
    /// By total time over the last hour.
    top_queries: Vec<Statement>,
    #[serde(flatten)]
    postgres: Option<Postgres>,
    #[serde(flatten)]
    clickhouse: Option<Clickhouse>,
}

/// What the newest look at the activity says; null when there is none.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
struct CurrentActivity {
    active_queries: Option<usize>,
    longest_query_ms: Option<i64>,
    #[serde(skip)]
    blocked: Option<usize>,
}

#[derive(Serialize)]
struct Postgres {
    blocked_queries: Option<usize>,
    /// Over the last hour.
    cache_hit_ratio: Option<f64>,
    dead_tuple_ratio: Option<f64>,
    last_autovacuum: Option<Timestamp>,
}

#[derive(Serialize)]
struct Clickhouse {
    #[serde(flatten)]
    background: Background,
    /// Over the last hour.
    query_p99_ms: Option<f64>,
}

async fn get(request: Request, watched: Watched) -> Answer {
    let known = request.app.status(&watched.database);
    let handle = request.app.directory().find(watched.database.id);
    let activity = handle.as_ref().and_then(Handle::activity);
    let background = match &handle {
        Some(handle) if known.status == Status::Connected => {
            Background::new(handle.snapshot().as_deref(), handle.snapshot().as_deref())
        }
        _ => Background::default(),
    };
    let tables = handle.map(|handle| handle.snapshots::<TableSnapshot>()).unwrap_or_default();
    let tables = || tables.iter().map(|(_, snapshot)| &**snapshot);
    let now = activity.as_deref().map(CurrentActivity::of).unwrap_or_default();

    let scope = watched.scope;
    let until = Timestamp::now();
    let window = Window { since: until - SPAN, until };
    let (samples, engine) = (&*request.app.samples, watched.database.engine);
    let ranking = Ranking::read(samples, scope, engine, window, None, (Rank::TotalTime, TOP_QUERIES)).await?;

    let postgres = Postgres {
        blocked_queries: now.blocked,
        cache_hit_ratio: ranking.cache_hit_ratio,
        dead_tuple_ratio: tables::dead_tuple_ratio(tables()),
        last_autovacuum: tables::last_autovacuum(tables()),
    };
    let reason = match activity.as_deref() {
        Some(snapshot) => watched.activity_reason(snapshot).await,
        None => None,
    };
    let overview = Overview {
        id: watched.database.id,
        engine,
        status: known.status,
        last_seen_at: known.last_seen_at,
        health_score: request.app.health_score(&watched.database),
        top_queries: ranking.lines,
        postgres: (engine == Engine::Postgres).then_some(postgres),
        clickhouse: (engine == Engine::Clickhouse)
            .then_some(Clickhouse { background, query_p99_ms: ranking.p99_ms }),
        now,
    };
    response::ok_with_reason(&overview, reason.as_deref())
}

impl CurrentActivity {
    fn of(snapshot: &ActivitySnapshot) -> Self {
        let (active_queries, longest_query_ms) = snapshot.active();
        Self {
            active_queries,
            longest_query_ms,
            blocked: Some(snapshot.queries.iter().filter(|query| !query.blocking_pids.is_empty()).count()),
        }
    }
}

#[cfg(test)]
mod tests {
    use basira_actors::model::{ActiveQuery, ActivitySnapshot, Timestamp};

    use super::CurrentActivity;

    fn session(state: &str, duration_ms: i64, blocking_pids: &[i64]) -> ActiveQuery {
        ActiveQuery {
            pid: Some(1),
            query_text: None,
            query_hash: None,
            state: Some(state.to_owned()),
            wait_event_type: None,
            wait_event: None,
            duration_ms: Some(duration_ms),
            transaction_ms: None,
            blocking_pids: blocking_pids.to_vec(),
            user_name: None,
            database_name: None,
            application_name: None,
            client_addr: None,
            backend_type: None,
            ts: Timestamp(0),
            work: None,
        }
    }

    #[test]
    fn idle_transactions_are_not_active_queries() {
        let queries = vec![
            session("idle in transaction", 90_000, &[]),
            session("active", 40, &[]),
            session("active", 700, &[1]),
        ];
        let now = CurrentActivity::of(&ActivitySnapshot { at: Timestamp(0), queries });
        assert_eq!(
            now,
            CurrentActivity { active_queries: Some(2), longest_query_ms: Some(700), blocked: Some(1) }
        );
        let quiet = CurrentActivity::of(&ActivitySnapshot { at: Timestamp(0), queries: Vec::new() });
        assert_eq!(
            quiet,
            CurrentActivity { active_queries: Some(0), longest_query_ms: None, blocked: Some(0) }
        );
    }
}
