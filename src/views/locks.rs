//! Who waited for what lock at some moment, read back as it was shown then.

use basira_actors::model::streams::LOCKS;
use basira_actors::model::{Lock, Timestamp, in_order};

use super::json_cells::{Row, pids};
use super::replay::{self, Replay, StoredSnapshot};
use crate::samples::{DatabaseScope, SampleStore, StoreError};

/// Locks of one pid in one snapshot: see [`LOCKS`].
const EACH: u64 = 16;

/// What was waited for at `at`, and what was held of the same. Other locks are not stored.
///
/// # Errors
/// [`StoreError`] when the store cannot be read.
pub async fn at(
    samples: &dyn SampleStore,
    scope: DatabaseScope,
    at: Timestamp,
) -> Result<Replay<Vec<Lock>>, StoreError> {
    Ok(replay::snapshot_at(samples, scope, &LOCKS, at).await?.map(|snapshot| locks(&snapshot)))
}

fn locks(snapshot: &StoredSnapshot) -> Vec<Lock> {
    let mut locks: Vec<Lock> =
        snapshot.rows.iter().map(|(series, values)| lock(snapshot, *series, values)).collect();
    in_order(&mut locks);
    locks
}

fn lock(snapshot: &StoredSnapshot, series: u64, values: &[i64]) -> Lock {
    let row = Row { stream: &LOCKS, values, texts: &snapshot.texts };
    let granted = row.cell("granted") == Some(1);
    Lock {
        pid: (series / EACH).saturating_sub(1).cast_signed(),
        lock_type: row.text("lock_type"),
        mode: row.text("mode"),
        schema_name: row.text("schema_name"),
        relation_name: row.text("relation_name"),
        granted,
        blocked_by_pid: row.cell("blocked_by_pid"),
        blocking_pids: pids(row.text("blocking_pids").as_deref()),
        blocks_others: granted,
        duration_ms: row.cell("duration_ms"),
        transaction_ms: row.cell("transaction_ms"),
        query_text: row.text("query_text"),
        query_hash: row.hash("query_text"),
        state: row.text("state"),
        user_name: row.text("user_name"),
        database_name: row.text("database_name"),
        application_name: row.text("application_name"),
        leader_pid: row.cell("leader_pid"),
        prepared_transaction: row.text("prepared_transaction"),
        ts: snapshot.at,
    }
}

#[cfg(test)]
mod tests {
    use basira_actors::analysis::lock_tree;
    use basira_actors::model::streams::LOCKS;
    use basira_actors::model::{NULL, Timestamp};

    use super::locks;
    use crate::views::replay::StoredSnapshot;

    fn row(cells: &[(&str, i64)]) -> Vec<i64> {
        let mut values = vec![NULL; LOCKS.columns.len()];
        cells.iter().for_each(|(name, value)| values[LOCKS.column(name).expect("a column")] = *value);
        values
    }

    #[test]
    fn a_stored_sample_gives_the_same_tree() {
        let texts = [(1, "ShareLock".into()), (2, "7".into()), (3, "lock table $1".into())];
        let waits = [("granted", 0), ("blocking_pids", 2), ("blocked_by_pid", 7), ("duration_ms", 300)];
        let rows = vec![
            (8 * 16, row(&[("granted", 1), ("mode", 1), ("transaction_ms", 900)])),
            (10 * 16, row(&waits)),
            (16, row(&[("granted", 1)])),
        ];
        let found = locks(&StoredSnapshot { at: Timestamp(5), rows, texts: texts.into() });
        assert_eq!(found.iter().map(|lock| lock.pid).collect::<Vec<_>>(), [9, 0, 7]);
        let tree = lock_tree(&found);
        assert_eq!((tree[0].pid, tree[0].blocked[0].pid, tree.len()), (7, 9, 1));
        assert_eq!((tree[0].mode.as_deref(), tree[0].longest_wait_ms), (Some("ShareLock"), Some(300)));
        assert_eq!(tree[0].blocked[0].blocking_pids, [7]);
    }
}
