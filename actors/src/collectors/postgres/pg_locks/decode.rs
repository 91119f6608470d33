//! One row of the answer.

use crate::collect::{CellError, Cursor, SessionText, TextCache};
use crate::model::{Lock, Timestamp};

pub(super) const COLUMNS: &[&str] = &[
    "pid",
    "at",
    "total",
    "lock_type",
    "mode",
    "granted",
    "waits_since",
    "target",
    "schema_name",
    "relation_name",
    "blocking_pids",
    "leader_pid",
    "user_name",
    "database_name",
    "application_name",
    "state",
    "xact_start",
    "prepared_transaction",
    "query",
];

/// A lock, and what of it is not shown.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) lock: Lock,
    /// What is locked: the same text for the same thing.
    pub(super) target: String,
    pub(super) text: SessionText,
    /// Of those that wait for it; of a lock that is held.
    pub(super) longest_wait_ms: Option<i64>,
}

/// The rest of the row of `pid`, from its fourth column on.
pub(super) fn found(
    texts: &mut TextCache,
    pid: i64,
    at: Timestamp,
    cursor: &mut Cursor<'_>,
) -> Result<Found, CellError> {
    let owned = |cursor: &mut Cursor<'_>| -> Result<_, CellError> { cursor.owned_text() };
    let age_ms = |start: Option<Timestamp>| {
        start.map(|start| i64::try_from(at.since(start).as_millis()).unwrap_or(i64::MAX))
    };
    let (lock_type, mode) = (owned(cursor)?, owned(cursor)?);
    let granted = cursor.bool()?.unwrap_or_default();
    let wait_ms = age_ms(cursor.timestamp()?);
    let target = owned(cursor)?.unwrap_or_default();
    let (schema_name, relation_name) = (owned(cursor)?, owned(cursor)?);
    let blocking_pids = each_once(cursor.ints()?.unwrap_or_default());
    let leader_pid = cursor.i64()?;
    let (user_name, database_name) = (owned(cursor)?, owned(cursor)?);
    let (application_name, state) = (owned(cursor)?, owned(cursor)?);
    let transaction_ms = age_ms(cursor.timestamp()?);
    let prepared_transaction = owned(cursor)?;
    let text = texts.session_text(cursor.text()?);
    let lock = Lock {
        pid,
        lock_type,
        mode,
        schema_name,
        relation_name,
        granted,
        blocked_by_pid: None,
        blocking_pids,
        blocks_others: false,
        duration_ms: if granted { transaction_ms } else { wait_ms },
        transaction_ms,
        query_text: text.known().map(|(text, _)| text.to_string()),
        query_hash: text.known().map(|(_, fingerprint)| fingerprint.to_string()),
        state,
        user_name,
        database_name,
        application_name,
        leader_pid,
        prepared_transaction,
        ts: at,
    };
    Ok(Found { lock, target, text, longest_wait_ms: None })
}

/// Workers of a parallel query are all named by their leader.
fn each_once(pids: Vec<i64>) -> Vec<i64> {
    let mut once = Vec::with_capacity(pids.len());
    for pid in pids {
        if !once.contains(&pid) {
            once.push(pid);
        }
    }
    once
}
