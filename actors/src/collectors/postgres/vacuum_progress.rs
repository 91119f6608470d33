//! What VACUUM, ANALYZE, CREATE INDEX and CLUSTER report while they run. PostgreSQL 14 and later; needs `pg_read_all_stats`
//! for those of other roles. Costs 0.3 ms of a backend.

use std::time::Duration;

use crate::collect::{
    Answer, CellError, CollectError, Collected, Collector, Cursor, Every, Notice, Server, Spec, Step, advice,
};
use crate::model::{AnySnapshot, Engine, NULL, Progress, ProgressSnapshot};

pub(crate) static SPEC: Spec = Spec {
    every: Every::Fixed(Duration::from_secs(10)),
    ..Spec::new("vacuum_progress", Engine::Postgres, || Box::new(Running))
};

const VARIANTS: [(u32, &str); 3] = [
    (14, include_str!("sql/vacuum_progress/14.sql")),
    (17, include_str!("sql/vacuum_progress/17.sql")),
    (18, include_str!("sql/vacuum_progress/18.sql")),
];
const COLUMNS: &[&str] = &[
    "at",
    "command",
    "pid",
    "database_name",
    "schema_name",
    "table_name",
    "phase",
    "blocks_total",
    "blocks_done",
    "index_vacuum_count",
    "dead_items",
    "max_dead_tuples",
    "max_dead_tuple_bytes",
    "dead_tuple_bytes",
    "indexes_total",
    "indexes_processed",
    "delay_time",
    "is_autovacuum",
    "is_wraparound",
    "started_at",
];

/// Has no state: each run shows the present.
struct Running;

impl Collector for Running {
    fn begin(&mut self, server: &Server) -> Result<Step, CollectError> {
        server.ask(&VARIANTS, COLUMNS)
    }

    fn answer(&mut self, server: &Server, answer: Answer<'_>) -> Result<Step, CollectError> {
        let at = Cursor::new(answer.rows, 0).required_timestamp()?;
        let rows = (0..answer.rows.len()).map(|row| progress(&mut Cursor::new(answer.rows, row)));
        let running: Vec<Progress> = rows.filter_map(Result::transpose).collect::<Result<_, _>>()?;
        let hidden = running.iter().filter(|progress| progress.phase.is_none()).count();
        Ok(Step::done(Collected {
            rows: running.len() as u64,
            snapshots: vec![AnySnapshot::new(ProgressSnapshot { at, running })],
            notice: (hidden > 0).then(|| {
                Notice::hiding(
                    format!("{hidden} running commands of other roles are hidden from role {}", server.role),
                    advice::grant("pg_read_all_stats", &server.role),
                )
            }),
            ..Collected::default()
        }))
    }
}

/// One row; when nothing runs there is one that has only the time.
fn progress(cursor: &mut Cursor<'_>) -> Result<Option<Progress>, CellError> {
    cursor.required_timestamp()?;
    // the command of CREATE INDEX is hidden with the rest
    let command = cursor.text()?.unwrap_or("unknown").to_owned();
    let Some(pid) = cursor.i64()? else { return Ok(None) };
    let mut owned = || cursor.owned_text();
    let (database_name, schema_name, table_name, phase) = (owned()?, owned()?, owned()?, owned()?);
    let (blocks_total, blocks_done) = (cursor.i64()?, cursor.i64()?);
    Ok(Some(Progress {
        command,
        pid,
        database_name,
        schema_name,
        table_name,
        phase,
        blocks_total,
        blocks_done,
        progress_pct: percentage(blocks_done, blocks_total),
        index_vacuum_count: cursor.i64()?,
        dead_items: cursor.i64()?,
        max_dead_tuples: cursor.i64()?,
        max_dead_tuple_bytes: cursor.i64()?,
        dead_tuple_bytes: cursor.i64()?,
        indexes_total: cursor.i64()?,
        indexes_processed: cursor.i64()?,
        delay_time_ms: milliseconds(cursor.millis_as_us()?),
        is_autovacuum: cursor.bool()?,
        is_wraparound: cursor.bool()?,
        started_at: cursor.timestamp()?,
    }))
}

#[expect(clippy::cast_precision_loss, reason = "a percentage")]
fn percentage(done: Option<i64>, total: Option<i64>) -> Option<f64> {
    let total = total.filter(|total| *total > 0)?;
    Some((done? as f64 / total as f64 * 100.0).min(100.0))
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 285 years")]
fn milliseconds(us: i64) -> Option<f64> {
    (us != NULL).then_some(us as f64 / 1000.0)
}
