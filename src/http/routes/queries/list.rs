//! The most expensive statements of a window.

use basira_actors::model::Timestamp;
use basira_actors::model::streams::STATEMENTS;

use crate::http::{Answer, Choice, Request, response};
use crate::samples::Scope;
use crate::views::statements::{self, Rank, Statement};

impl Choice for Rank {
    const ALL: &'static [(&'static str, Self)] = &[
        ("total_time", Self::TotalTime),
        ("calls", Self::Calls),
        ("mean_time", Self::MeanTime),
        ("rows", Self::Rows),
    ];
}

pub(super) async fn list(request: Request) -> Answer {
    let (principal, database) = request.database().await?;
    let query = request.query()?;
    let window = query.window(Timestamp::now())?;
    let limit = query.limit(25, 100)?;
    let rank = query.choice("sort_by", Rank::TotalTime)?;

    let scope = Scope { organization: principal.organization_id, database: database.target.id };
    let samples = &request.app.samples;
    let mut wanted = statements::shown();
    if let Some(name) = query.text("database")? {
        wanted.series = Some(samples.labelled(scope, &STATEMENTS, "database_name", name).await?);
    }
    let totals = samples.totals(scope, &STATEMENTS, window, &wanted).await?;
    let count = totals.len();
    let shown = statements::top(totals, rank, limit);
    let hashes: Vec<u64> = shown.iter().map(|total| total.group).collect();
    let texts = samples.words(scope.organization, &hashes).await?;
    let lines: Vec<Statement> = shown.iter().map(|total| Statement::new(total, &texts)).collect();
    response::list(&lines, count)
}
