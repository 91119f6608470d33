//! `pg_stat_bgwriter`, and `pg_stat_checkpointer` from PostgreSQL 17 on: checkpoints and buffer writes.
//! PostgreSQL 14 and later; needs nothing.

use std::time::Duration;

use xxhash_rust::xxh3::xxh3_64;

use crate::collect::{
    Answer, CellError, CollectError, Collected, Collector, CumulativeView, Cursor, Every, Mark, Reading,
    Server, Spec, Step,
};
use crate::model::{Engine, Record, streams};

pub(crate) static SPEC: Spec = Spec {
    stream: Some(&streams::BGWRITER),
    every: Every::Fixed(Duration::from_secs(60)),
    ..Spec::new("pg_stat_bgwriter", Engine::Postgres, || {
        Box::new(Bgwriter {
            bgwriter: CumulativeView::new(MAX_INTERVAL),
            checkpointer: CumulativeView::new(MAX_INTERVAL),
        })
    })
};

const VARIANTS: [(u32, &str); 3] = [
    (14, include_str!("sql/pg_stat_bgwriter/14.sql")),
    (17, include_str!("sql/pg_stat_bgwriter/17.sql")),
    (18, include_str!("sql/pg_stat_bgwriter/18.sql")),
];
const COLUMNS: &[&str] = &[
    "view_name",
    "at",
    "in_recovery",
    "reset_at",
    "checkpoints_timed",
    "checkpoints_req",
    "checkpoint_write_time",
    "checkpoint_sync_time",
    "buffers_checkpoint",
    "buffers_clean",
    "maxwritten_clean",
    "buffers_backend",
    "buffers_backend_fsync",
    "buffers_alloc",
    "restartpoints_timed",
    "restartpoints_req",
    "restartpoints_done",
    "checkpoints_done",
    "slru_written",
];
const CHECKPOINTER: &str = "pg_stat_checkpointer";
const COUNTERS: usize = streams::BGWRITER.columns.len();
/// A sample this much later than the previous one leaves a gap.
const MAX_INTERVAL: Duration = Duration::from_secs(180);

/// The views are reset each on its own.
struct Bgwriter {
    bgwriter: CumulativeView<COUNTERS>,
    checkpointer: CumulativeView<COUNTERS>,
}

impl Collector for Bgwriter {
    fn begin(&mut self, server: &Server) -> Result<Step, CollectError> {
        server.ask(&VARIANTS, COLUMNS)
    }

    fn answer(&mut self, server: &Server, answer: Answer<'_>) -> Result<Step, CollectError> {
        let mut collected = Collected { rows: answer.rows.len() as u64, ..Collected::default() };
        for row in 0..answer.rows.len() {
            let (name, mark, values) = read(server, &mut Cursor::new(answer.rows, row))?;
            let view = if name == CHECKPOINTER { &mut self.checkpointer } else { &mut self.bgwriter };
            let reading = Reading { series: xxh3_64(name.as_bytes()), since: None, values };
            let deltas = view.take(mark, &[reading]);
            let record = deltas.from.map(|from| Record::new(&streams::BGWRITER, from, mark.at, deltas.rows));
            collected.records.extend(record);
            collected.gaps.extend(deltas.gap);
        }
        collected.gaps.dedup_by_key(|gap| (gap.from, gap.reason));
        Ok(Step::done(collected))
    }
}

/// One view: its name, its mark and its counters in the order of the stream.
fn read<'a>(server: &Server, cursor: &mut Cursor<'a>) -> Result<(&'a str, Mark, [i64; COUNTERS]), CellError> {
    let name = cursor.text()?.unwrap_or_default();
    let mark = server.mark(cursor)?;
    let mut values = [0; COUNTERS];
    for (value, column) in values.iter_mut().zip(streams::BGWRITER.columns) {
        *value = if column.name.ends_with("_us") { cursor.millis_as_us()? } else { cursor.counter()? };
    }
    Ok((name, mark, values))
}
