//! What ran at some moment, read back as it was shown then.

use std::cmp::Reverse;

use basira_actors::model::streams::ACTIVITY;
use basira_actors::model::{ActiveQuery, QueryWork, Timestamp};

use uuid::Uuid;

use super::json_cells::{Row, pids};
use super::replay::{self, Replay, StoredSnapshot};
use crate::samples::{DatabaseScope, SampleStore, StoreError};

/// What ran at `at`, longest first.
///
/// # Errors
/// [`StoreError`] when the store cannot be read.
pub async fn at(
    samples: &dyn SampleStore,
    scope: DatabaseScope,
    at: Timestamp,
) -> Result<Replay<Vec<ActiveQuery>>, StoreError> {
    Ok(replay::snapshot_at(samples, scope, &ACTIVITY, at).await?.map(|snapshot| queries(&snapshot)))
}

fn queries(snapshot: &StoredSnapshot) -> Vec<ActiveQuery> {
    let query = |(series, values): &(u64, Vec<i64>)| {
        let row = Row { stream: &ACTIVITY, values, texts: &snapshot.texts };
        let work = is_of_clickhouse(&row).then(|| work(&row));
        ActiveQuery {
            pid: work.is_none().then(|| series.cast_signed()),
            query_text: row.text("query_text"),
            query_hash: row.hash("query_text"),
            state: row.text("state"),
            wait_event_type: row.text("wait_event_type"),
            wait_event: row.text("wait_event"),
            duration_ms: row.cell("duration_ms"),
            transaction_ms: row.cell("transaction_ms"),
            blocking_pids: pids(row.text("blocking_pids").as_deref()),
            user_name: row.text("user_name"),
            database_name: row.text("database_name"),
            application_name: row.text("application_name"),
            client_addr: row.text("client_addr"),
            backend_type: row.text("backend_type"),
            ts: snapshot.at,
            work,
        }
    };
    let mut queries: Vec<ActiveQuery> = snapshot.rows.iter().map(query).collect();
    queries.sort_by_key(|query| Reverse(query.duration_ms));
    queries
}

/// Whether a server of ClickHouse ran it: each has a name.
fn is_of_clickhouse(row: &Row<'_>) -> bool {
    ["host_name", "query_id", "query_id_high", "read_rows"].iter().any(|name| row.cell(name).is_some())
}

/// As it is stored now, or was as a word.
fn query_id(row: &Row<'_>) -> Option<String> {
    let half = |name| row.cell(name).map(i64::cast_unsigned);
    let id = half("query_id_high").zip(half("query_id_low"));
    id.map(|(high, low)| Uuid::from_u64_pair(high, low).to_string()).or_else(|| row.text("query_id"))
}

fn work(row: &Row<'_>) -> QueryWork {
    QueryWork {
        query_id: query_id(row),
        host_name: row.text("host_name"),
        memory_usage: row.cell("memory_usage"),
        peak_memory_usage: row.cell("peak_memory_usage"),
        read_rows: row.cell("read_rows"),
        read_bytes: row.cell("read_bytes"),
        written_rows: row.cell("written_rows"),
        written_bytes: row.cell("written_bytes"),
        total_rows_approx: row.cell("total_rows_approx"),
    }
}

#[cfg(test)]
mod tests {
    use basira_actors::model::streams::ACTIVITY;
    use basira_actors::model::{NULL, Timestamp};

    use super::queries;
    use crate::views::replay::StoredSnapshot;

    fn row(cells: &[(&str, i64)]) -> Vec<i64> {
        let mut values = vec![NULL; ACTIVITY.columns.len()];
        cells.iter().for_each(|(name, value)| values[ACTIVITY.column(name).expect("a column")] = *value);
        values
    }

    #[test]
    fn stored_sessions_are_read_as_they_were_shown() {
        let texts = [(0xb5, "select $1".into()), (2, "active".into()), (3, "7,9".into())];
        let rows = vec![
            (41, row(&[("query_text", 0xb5), ("state", 2), ("blocking_pids", 3), ("duration_ms", 20)])),
            (42, row(&[("duration_ms", 900), ("query_text", 0x77)])),
        ];
        let shown = queries(&StoredSnapshot { at: Timestamp(5), rows, texts: texts.into() });
        assert_eq!((shown[0].pid, shown[0].duration_ms, &shown[0].query_text), (Some(42), Some(900), &None));
        let blocked = &shown[1];
        assert_eq!(blocked.query_text.as_deref(), Some("select $1"));
        assert_eq!(blocked.query_hash.as_deref(), Some("00000000000000b5"));
        assert_eq!((blocked.state.as_deref(), &blocked.blocking_pids[..]), (Some("active"), &[7, 9][..]));
        assert_eq!((blocked.transaction_ms, blocked.ts), (None, Timestamp(5)));
    }
}
