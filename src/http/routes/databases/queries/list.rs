//! The most expensive statements of a window.

use basira_actors::model::{Engine, Timestamp};

use crate::http::{Answer, Choice, DatabaseAccess, Request, Route, Watched, response};
use crate::views::ranking::Ranking;
use crate::views::statements::Rank;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/v1/databases/{id}/queries",
            "What each statement cost over a window, the most expensive first",
            DatabaseAccess::ANY,
            list,
        )
        .window()
        .limit(25, 100)
        .query("sort_by", "{total_time|calls|mean_time|rows}", "total_time if not given")
        .database()
        .list("Query")
        .schema("Query", QUERY_FIELDS),
    ]
}

const QUERY_FIELDS: &str = "query_hash:hash query_text? total_calls:integer? total_time_ms:number? \
    mean_time_ms:number? total_rows:integer? shared_blks_hit:integer? shared_blks_read:integer? \
    cache_hit_ratio:number? (read_rows:integer? read_bytes:integer? written_rows:integer? written_bytes:integer? \
    result_rows:integer? memory_usage:integer? exceptions:integer? kind? p50_ms:number? p95_ms:number? \
    p99_ms:number?)";

impl Choice for Rank {
    const ALL: &'static [(&'static str, Self)] = &[
        ("total_time", Self::TotalTime),
        ("calls", Self::Calls),
        ("mean_time", Self::MeanTime),
        ("rows", Self::Rows),
    ];
}

async fn list(request: Request, watched: Watched) -> Answer {
    let query = request.query()?;
    let window = query.window(Timestamp::now())?;
    let limit = query.limit(25, 100)?;
    let rank = query.choice("sort_by", Rank::TotalTime)?;

    let scope = watched.scope;
    let (engine, name) = (watched.database.engine, query.text("database")?);
    let samples = &*request.app.samples;
    let ranking = Ranking::read(samples, scope, engine, window, name, (rank, limit)).await?;
    let reason = match samples.notice(scope) {
        None if ranking.lines.is_empty() => watched.unavailable_reason(collector(engine)).await,
        notice => notice,
    };
    response::list_with_reason(&ranking.lines, ranking.count, reason.as_deref())
}

const fn collector(engine: Engine) -> &'static str {
    match engine {
        Engine::Postgres => "pg_stat_statements",
        Engine::Clickhouse => "ch_query_log",
    }
}
