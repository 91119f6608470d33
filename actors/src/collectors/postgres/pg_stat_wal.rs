//! `pg_stat_wal`: how much WAL the server wrote. PostgreSQL 14 and later; needs nothing.

use std::time::Duration;

use xxhash_rust::xxh3::xxh3_64;

use crate::collect::{
    Answer, CollectError, Collected, Collector, CumulativeView, Cursor, Every, Notice, Reading, Server, Spec,
    Step,
};
use crate::model::{AnySnapshot, Engine, Record, WalCounters, streams};

pub(crate) static SPEC: Spec = Spec {
    stream: Some(&streams::WAL),
    every: Every::Fixed(Duration::from_secs(30)),
    ..Spec::new("pg_stat_wal", Engine::Postgres, || Box::new(Wal(CumulativeView::new(MAX_INTERVAL))))
};

const VARIANTS: [(u32, &str); 2] =
    [(14, include_str!("sql/pg_stat_wal/14.sql")), (18, include_str!("sql/pg_stat_wal/18.sql"))];
const COLUMNS: &[&str] = &[
    "at",
    "in_recovery",
    "reset_at",
    "is_timed",
    "wal_records",
    "wal_fpi",
    "wal_bytes",
    "wal_buffers_full",
    "wal_write",
    "wal_sync",
    "wal_write_time",
    "wal_sync_time",
];
const COUNTERS: usize = streams::WAL.columns.len();
/// A sample this much later than the previous one leaves a gap.
const MAX_INTERVAL: Duration = Duration::from_secs(90);

struct Wal(CumulativeView<COUNTERS>);

impl Collector for Wal {
    fn begin(&mut self, server: &Server) -> Result<Step, CollectError> {
        server.ask(&VARIANTS, COLUMNS)
    }

    fn answer(&mut self, server: &Server, answer: Answer<'_>) -> Result<Step, CollectError> {
        let mut cursor = Cursor::new(answer.rows, 0);
        let mark = server.mark(&mut cursor)?;
        let (at, reset_at) = (mark.at, mark.epoch.reset_at);
        let is_timed = cursor.bool()?;
        let values = [
            cursor.counter()?,
            cursor.counter()?,
            cursor.counter()?,
            cursor.counter()?,
            cursor.counter()?,
            cursor.counter()?,
            cursor.millis_as_us()?,
            cursor.millis_as_us()?,
        ];
        let reading = Reading { series: xxh3_64(b"wal"), since: None, values };
        let deltas = self.0.take(mark, &[reading]);
        let record = deltas.from.map(|from| Record::new(&streams::WAL, from, at, deltas.rows));
        Ok(Step::done(Collected {
            records: record.into_iter().collect(),
            gaps: deltas.gap.into_iter().collect(),
            snapshots: vec![AnySnapshot::new(WalCounters { at, reset_at, values })],
            rows: 1,
            notice: (is_timed == Some(false)).then(untimed),
            ..Collected::default()
        }))
    }
}

fn untimed() -> Notice {
    Notice::new(
        "track_wal_io_timing is off: how long writing and syncing took is not measured",
        "ALTER SYSTEM SET track_wal_io_timing = on; SELECT pg_reload_conf();",
    )
}
