//! `pg_stat_io`: what was read and written, by kind of backend, object and context. PostgreSQL 16 and later; needs
//! nothing.

use std::time::Duration;

use xxhash_rust::xxh3::xxh3_64;

use crate::collect::{
    Answer, CellError, CollectError, Collected, Collector, CumulativeView, Cursor, Every, Interner, Mark,
    Notice, Reading, Server, Spec, Step, variant,
};
use crate::model::{AnySnapshot, Engine, IoCounterRow, IoCounters, NULL, Record, streams};

pub(crate) static SPEC: Spec = Spec {
    stream: Some(&streams::IO),
    every: Every::Fixed(Duration::from_secs(30)),
    ..Spec::new("pg_stat_io", Engine::Postgres, || {
        Box::new(Io { view: CumulativeView::new(MAX_INTERVAL), interner: Interner::default() })
    })
};

const VARIANTS: [(u32, &str); 2] =
    [(16, include_str!("sql/pg_stat_io/16.sql")), (18, include_str!("sql/pg_stat_io/18.sql"))];
const COLUMNS: &[&str] = &[
    "at",
    "in_recovery",
    "reset_at",
    "is_timed",
    "backend_type",
    "object",
    "context",
    "reads",
    "read_bytes",
    "read_time",
    "writes",
    "write_bytes",
    "write_time",
    "writebacks",
    "writeback_time",
    "extends",
    "extend_bytes",
    "extend_time",
    "hits",
    "evictions",
    "reuses",
    "fsyncs",
    "fsync_time",
];
/// Columns of the stream: first the names of a series, then its counters.
const WIDTH: usize = streams::IO.columns.len();
const NAMES: usize = 3;
/// A sample this much later than the previous one leaves a gap.
const MAX_INTERVAL: Duration = Duration::from_secs(90);

struct Io {
    /// The names of a row stand still as NULL.
    view: CumulativeView<WIDTH>,
    interner: Interner,
}

/// What all rows have in common.
struct Head {
    mark: Mark,
    is_timed: bool,
}

impl Collector for Io {
    fn begin(&mut self, server: &Server) -> Result<Step, CollectError> {
        let sql = variant(&VARIANTS, server.major).ok_or_else(|| CollectError::Missing {
            reason: format!(
                "PostgreSQL counts I/O by backend from version 16 on; this is {}",
                server.version
            ),
            fix: "no action is needed; it works after an upgrade to PostgreSQL 16 or later".to_owned(),
        })?;
        Ok(Step::ask(sql, COLUMNS))
    }

    fn answer(&mut self, server: &Server, answer: Answer<'_>) -> Result<Step, CollectError> {
        let mut first = None;
        let mut rows = Vec::with_capacity(answer.rows.len());
        for row in 0..answer.rows.len() {
            let (head, row) = read(server, &mut Cursor::new(answer.rows, row))?;
            if row.object != "wal" {
                first.get_or_insert(head);
            }
            rows.push(row);
        }
        let Head { mark, is_timed } = first.ok_or(CellError { column: 0, expected: "in any row" })?;
        let readings: Vec<_> =
            rows.iter().map(|row| Reading { series: series(row), since: None, values: row.values }).collect();
        let deltas = self.view.take(mark, &readings);
        let mut moved = deltas.rows;
        moved.retain(|(_, deltas)| deltas.iter().any(|&delta| delta != NULL && delta != 0));
        for (id, deltas) in &mut moved {
            if let Some(row) = rows.iter().find(|row| series(row) == *id) {
                for (cell, name) in deltas.iter_mut().zip([&row.backend_type, &row.object, &row.context]) {
                    *cell = self.interner.intern(Some(name));
                }
            }
        }
        let record = deltas.from.map(|from| Record::new(&streams::IO, from, mark.at, moved));
        Ok(Step::done(Collected {
            records: record.into_iter().collect(),
            gaps: deltas.gap.into_iter().collect(),
            dictionary: self.interner.drain_new(),
            rows: rows.len() as u64,
            snapshots: vec![AnySnapshot::new(IoCounters { at: mark.at, rows })],
            notice: (!is_timed).then(untimed),
            ..Collected::default()
        }))
    }
}

fn series(row: &IoCounterRow) -> u64 {
    xxh3_64([&*row.backend_type, &*row.object, &*row.context].join("\0").as_bytes())
}

fn read(server: &Server, cursor: &mut Cursor<'_>) -> Result<(Head, IoCounterRow), CellError> {
    let mark = server.mark(cursor)?;
    let is_timed = cursor.bool()?.unwrap_or_default();
    let mut name = || -> Result<String, CellError> { Ok(cursor.owned_text()?.unwrap_or_default()) };
    let (backend_type, object, context) = (name()?, name()?, name()?);
    let mut values = [NULL; WIDTH];
    for (value, column) in values.iter_mut().zip(streams::IO.columns).skip(NAMES) {
        *value = if column.name.ends_with("_us") { cursor.millis_as_us()? } else { cursor.counter()? };
    }
    let head = Head { mark, is_timed };
    Ok((head, IoCounterRow { backend_type, object, context, values }))
}

fn untimed() -> Notice {
    Notice::new(
        "track_io_timing is off: how long I/O took is not measured",
        "ALTER SYSTEM SET track_io_timing = on; SELECT pg_reload_conf();",
    )
}
