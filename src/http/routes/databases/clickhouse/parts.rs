//! `GET /api/v1/databases/{id}/parts`: the tables of ClickHouse that have parts, those nearest to refusing inserts first.

use basira_actors::model::{Engine, PartsSnapshot};

use crate::http::{Answer, Request, Route, response};
use crate::views::relations::parts;

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get("/api/v1/databases/{id}/parts", list)]
}

async fn list(request: Request) -> Answer {
    let watched = request.watched(Engine::Clickhouse).await?;
    let query = request.query()?;
    let limit = query.limit(50, 500)?;
    let only = query.text("database")?;
    let snapshot = watched.newest::<PartsSnapshot>();
    let mut lines = snapshot.map(|seen| parts::parts_lines(&seen)).unwrap_or_default();
    lines.retain(|line| only.is_none_or(|only| *only == *line.database));
    let reason = watched.degraded_reason("ch_parts").await;
    response::list_with_reason(&lines[..limit.min(lines.len())], lines.len(), reason.as_deref())
}
