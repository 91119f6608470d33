//! `GET /api/v1/databases/{id}/events`: what happened to the server and to our watching it, newest first.

use basira_actors::model::{EventKind, Timestamp};

use crate::http::{Answer, ApiError, DatabaseAccess, Query, Request, Route, Watched, response};
use crate::samples::MAX_GAPS;
use crate::views::events::{self, GAP};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/v1/databases/{id}/events",
            "What happened to the server and to our watching it, newest first",
            DatabaseAccess::ANY,
            list,
        )
        .window()
        .limit(100, 500)
        .query("kind", "string", "One kind or several, separated by commas: gap, server_restarted and so on")
        .list("Event")
        .schema("Event", "ts:time kind subject? before? after? (until:time streams:string[])"),
    ]
}

async fn list(request: Request, watched: Watched) -> Answer {
    let query = request.query()?;
    let window = query.window(Timestamp::now())?;
    let limit = query.limit(100, 500)?;
    let kinds = kinds(&query)?;
    let wanted = |kind: &str| kinds.as_ref().is_none_or(|kinds| kinds.iter().any(|wanted| wanted == kind));

    let scope = watched.scope;
    let samples = &*request.app.samples;
    let mut happened = Vec::new();
    if kinds.as_ref().is_none_or(|kinds| kinds.iter().any(|kind| kind != GAP)) {
        happened.extend(events::read(samples, scope, window).await?);
    }
    let mut reason = None;
    if wanted(GAP) {
        let gaps = events::gaps(samples, scope, window).await?;
        reason = (!gaps.cut.is_empty()).then(|| too_many_gaps(&gaps.cut));
        happened.extend(gaps.lines);
    }
    happened.retain(|event| wanted(&event.kind));
    events::sort(&mut happened);
    response::list_with_reason(&happened[..limit.min(happened.len())], happened.len(), reason.as_deref())
}

fn too_many_gaps(streams: &[&str]) -> String {
    let streams = streams.join(", ");
    format!("only the newest {MAX_GAPS} gaps of {streams} are counted and shown: ask for a shorter span")
}

/// The parameter `kind`: one or several, separated by commas. None: all.
fn kinds(query: &Query) -> Result<Option<Vec<String>>, ApiError> {
    let Some(text) = query.text("kind")? else { return Ok(None) };
    let known = |kind: &str| kind == GAP || EventKind::from_name(kind).is_some();
    let kinds: Vec<String> = text.split(',').map(str::to_owned).collect();
    if kinds.iter().all(|kind| known(kind)) {
        Ok(Some(kinds))
    } else {
        Err(ApiError::field("kind", "must be gap or the kind of an event, such as server_restarted"))
    }
}
