//! `GET /api/v1/databases/{id}/locks`: who waits for what lock, longest first, and who holds it; `/locks/tree`: who blocks
//! whom. With `at`, what was so then.

use basira_actors::analysis::lock_tree;
use basira_actors::model::{Lock, LockSnapshot, Timestamp};

use crate::http::{Answer, ApiError, DatabaseAccess, Request, Route, Watched, response};
use crate::views::locks;

const COLLECTOR: &str = "pg_locks";

const LOCK_FIELDS: &str = "pid:integer lock_type? mode? schema_name? relation_name? blocking_pids:integer[] \
    transaction_ms:integer? query_text? query_hash:hash? state? user_name? database_name? application_name? \
    prepared_transaction?";

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/v1/databases/{id}/locks",
            "Who waits for what lock, longest first, and who holds it",
            DatabaseAccess::POSTGRES,
            list,
        )
        .at()
        .limit(100, 500)
        .list("Lock")
        .schema("Lock", format!("{LOCK_FIELDS} {LOCK_OWN_FIELDS}")),
        Route::get("/api/v1/databases/{id}/locks/tree", "Who blocks whom", DatabaseAccess::POSTGRES, tree)
            .at()
            .list("LockNode")
            .schema("LockNode", format!("{LOCK_FIELDS} {LOCK_NODE_FIELDS}")),
    ]
}

const LOCK_OWN_FIELDS: &str = "granted:boolean blocked_by_pid:integer? blocks_others:boolean duration_ms:integer? \
    leader_pid:integer? ts:time";
const LOCK_NODE_FIELDS: &str = "wait_ms:integer? deadlock:boolean blocked_sessions:integer \
    longest_wait_ms:integer? blocked:LockNode[] ts:time?";

async fn list(request: Request, watched: Watched) -> Answer {
    let query = request.query()?;
    let limit = query.limit(100, 500)?;
    let at = query.moment(Timestamp::now())?;
    match found(&request, &watched, at).await? {
        Ok(Found { locks, total }) => response::list(&locks[..limit.min(locks.len())], total),
        Err(reason) => response::unavailable_list(&reason),
    }
}

async fn tree(request: Request, watched: Watched) -> Answer {
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
