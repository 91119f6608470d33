//! Decodes the rows into the types of the model.

use crate::collect::{Answer, CellError, Cursor};
use crate::model::{QueueEntries, Replica, Timestamp};
use crate::text;

pub(super) const REPLICA_COLUMNS: &[&str] = &[
    "host_name",
    "database_name",
    "table_name",
    "replica_name",
    "is_leader",
    "is_readonly",
    "is_session_expired",
    "absolute_delay",
    "queue_size",
    "inserts_in_queue",
    "merges_in_queue",
    "part_mutations_in_queue",
    "queue_oldest_time",
    "future_parts",
    "parts_to_check",
    "lost_part_count",
    "last_queue_update_exception",
    "keeper_exception",
    "readonly_since",
];
pub(super) const QUEUE_COLUMNS: &[&str] = &[
    "host_name",
    "database_name",
    "table_name",
    "entry_type",
    "entries",
    "executing",
    "oldest_at",
    "most_tries",
    "most_postponed",
    "failed_with",
    "postponed_for",
];

/// Each replicated table, without its queue.
pub(super) fn replicas(answer: &Answer<'_>) -> Result<Vec<Replica>, CellError> {
    let cursors = (0..answer.rows.len()).map(|row| Cursor::new(answer.rows, row));
    cursors.map(|mut cursor| replica(&mut cursor)).collect()
}

fn replica(cursor: &mut Cursor<'_>) -> Result<Replica, CellError> {
    let host_name = cursor.owned_text()?.unwrap_or_default();
    Ok(Replica {
        host_name,
        database: cursor.owned_text()?.unwrap_or_default(),
        table: cursor.owned_text()?.unwrap_or_default(),
        replica_name: cursor.owned_text()?,
        is_leader: cursor.bool()?,
        is_readonly: cursor.bool()?,
        is_session_expired: cursor.bool()?,
        absolute_delay_seconds: cursor.i64()?,
        queue_size: cursor.i64()?,
        inserts_in_queue: cursor.i64()?,
        merges_in_queue: cursor.i64()?,
        part_mutations_in_queue: cursor.i64()?,
        queue_oldest_time: moment(cursor)?,
        future_parts: cursor.i64()?,
        parts_to_check: cursor.i64()?,
        lost_part_count: cursor.i64()?,
        last_queue_update_exception: message(cursor)?,
        keeper_exception: message(cursor)?,
        readonly_since: moment(cursor)?,
        queue: Vec::new(),
    })
}

/// Gives each table what is in its queue.
pub(super) fn add_queue(replicas: &mut [Replica], answer: &Answer<'_>) -> Result<(), CellError> {
    for row in 0..answer.rows.len() {
        let mut cursor = Cursor::new(answer.rows, row);
        let of = [
            cursor.owned_text()?.unwrap_or_default(),
            cursor.owned_text()?.unwrap_or_default(),
            cursor.owned_text()?.unwrap_or_default(),
        ];
        let entries = QueueEntries {
            kind: cursor.owned_text()?.unwrap_or_default(),
            entries: cursor.i64()?.unwrap_or_default(),
            executing: cursor.i64()?,
            oldest_at: moment(&mut cursor)?,
            most_tries: cursor.i64()?,
            most_postponed: cursor.i64()?,
            last_exception: message(&mut cursor)?,
            postpone_reason: message(&mut cursor)?,
        };
        let same = |replica: &&mut Replica| {
            [&replica.host_name, &replica.database, &replica.table] == [&of[0], &of[1], &of[2]]
        };
        if let Some(replica) = replicas.iter_mut().find(same) {
            replica.queue.push(entries);
        }
    }
    for replica in replicas {
        replica.queue.sort_by(|a, b| b.entries.cmp(&a.entries).then_with(|| a.kind.cmp(&b.kind)));
    }
    Ok(())
}

/// 1970 stands for never.
fn moment(cursor: &mut Cursor<'_>) -> Result<Option<Timestamp>, CellError> {
    Ok(cursor.timestamp()?.filter(|at| at.as_millis() > 0))
}

fn message(cursor: &mut Cursor<'_>) -> Result<Option<String>, CellError> {
    Ok(cursor.text()?.filter(|text| !text.is_empty()).map(|reason| text::failure(reason, "")))
}
