//! The most expensive statements of a window.

use basira_actors::model::Timestamp;

use crate::http::{Answer, Choice, Request, Route, response};
use crate::samples::DatabaseScope;
use crate::views::ranking::Ranking;
use crate::views::statements::Rank;

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get("/api/v1/databases/{id}/queries", list)]
}

impl Choice for Rank {
    const ALL: &'static [(&'static str, Self)] = &[
        ("total_time", Self::TotalTime),
        ("calls", Self::Calls),
        ("mean_time", Self::MeanTime),
        ("rows", Self::Rows),
    ];
}

async fn list(request: Request) -> Answer {
    let (principal, database) = request.database().await?;
    let query = request.query()?;
    let window = query.window(Timestamp::now())?;
    let limit = query.limit(25, 100)?;
    let rank = query.choice("sort_by", Rank::TotalTime)?;

    let scope = DatabaseScope { organization: principal.organization_id, database: database.id };
    let (engine, name) = (database.engine, query.text("database")?);
    let samples = &*request.app.samples;
    let ranking = Ranking::read(samples, scope, engine, window, name, (rank, limit)).await?;
    response::list_with_reason(&ranking.lines, ranking.count, samples.notice(scope).as_deref())
}
