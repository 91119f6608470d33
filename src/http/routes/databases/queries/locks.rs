//! `GET /api/v1/databases/{id}/locks`: who waits for what lock, longest first, and who holds it; `/locks/tree`: who blocks
//! whom. With `at`, what was so then.

use basira_actors::analysis::lock_tree;
use basira_actors::model::{Engine, Lock, LockSnapshot, Timestamp};

use crate::http::{Answer, ApiError, Request, Route, Watched, response};
use crate::views::locks;

const COLLECTOR: &str = "pg_locks";

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/databases/{id}/locks", list),
        Route::get("/api/v1/databases/{id}/locks/tree", tree),
    ]
}

async fn list(request: Request) -> Answer {
    let watched = request.watched(Engine::Postgres).await?;
    let query = request.query()?;
    let limit = query.limit(100, 500)?;
    let at = query.moment(Timestamp::now())?;
    match found(&request, &watched, at).await? {
        Ok(Found { locks, total }) => response::list(&locks[..limit.min(locks.len())], total),
        Err(reason) => response::unavailable_list(&reason),
    }
}

async fn tree(request: Request) -> Answer {
    let watched = request.watched(Engine::Postgres).await?;
    let at = request.query()?.moment(Timestamp::now())?;
    match found(&request, &watched, at).await? {
        Ok(Found { locks, .. }) => {
            let roots = lock_tree(&locks);
            response::list(&roots, roots.len())
        }
        Err(reason) => response::unavailable_list(&reason),
    }
}

struct Found {
    locks: Vec<Lock>,
    total: usize,
}

/// The locks of now or of then, or why they are not known.
async fn found(
    request: &Request,
    watched: &Watched,
    at: Option<Timestamp>,
) -> Result<Result<Found, String>, ApiError> {
    let Some(at) = at else {
        let seen = watched.snapshot_or_reason::<LockSnapshot>(COLLECTOR).await;
        return Ok(seen.map(|seen| Found { locks: seen.locks.clone(), total: seen.total }));
    };
    let replayed = locks::at(&*request.app.samples, watched.scope, at).await?;
    Ok(replayed.map(|locks| Found { total: locks.len(), locks }))
}
