//! `pg_stat_archiver`: whether finished WAL files get away. PostgreSQL 14 and later; needs nothing. Costs 0.1 ms of a
//! backend.

use std::sync::Arc;
use std::time::Duration;

use crate::collect::{
    Answer, Change, CollectError, Collected, Collector, Continuity, Counters, Cursor, Epoch, Every, Mark,
    Query, Reach, Server, Spec, Step,
};
use crate::model::{AnySnapshot, Archiver, Engine, NULL, Record, Timestamp, streams};

pub(crate) static SPEC: Spec = Spec {
    name: "pg_stat_archiver",
    engine: Engine::Postgres,
    stream: &streams::ARCHIVER,
    reach: Reach::Server,
    every: Every::Fixed(Duration::from_secs(60)),
    timeout: Duration::from_secs(5),
    start: || Box::<Archivers>::default(),
};

const VARIANTS: [(u32, &str); 1] = [(14, include_str!("sql/pg_stat_archiver/14.sql"))];
const COLUMNS: &[&str] = &[
    "at",
    "started_at",
    "in_recovery",
    "archive_mode",
    "archived",
    "failed",
    "last_archived_wal",
    "last_archived_at",
    "last_failed_wal",
    "last_failed_at",
    "reset_at",
];
/// A sample this much later than the one before leaves a gap.
const MAX_INTERVAL: Duration = Duration::from_secs(180);

/// The counters of the sample before.
#[derive(Default)]
struct Archivers {
    previous: Option<Mark>,
    counters: Counters<2>,
}

impl Collector for Archivers {
    fn begin(&mut self, server: &Server) -> Result<Step, CollectError> {
        let sql = server.variant(&VARIANTS)?;
        Ok(Step::Ask(Query { sql: Arc::from(sql), params: Vec::new(), columns: COLUMNS }))
    }

    fn answer(&mut self, _: &Server, answer: Answer<'_>) -> Result<Step, CollectError> {
        let mut cursor = Cursor::new(answer.rows, 0);
        let ts = cursor.required_timestamp()?;
        let started_at = cursor.required_timestamp()?;
        let in_recovery = cursor.bool()?.unwrap_or_default();
        let archive_mode = cursor.text()?.map(str::to_owned);
        let (archived_count, failed_count) = (cursor.i64()?, cursor.i64()?);
        let (last_archived_wal, last_archived) = (cursor.text()?.map(str::to_owned), cursor.timestamp()?);
        let (last_failed_wal, last_failed) = (cursor.text()?.map(str::to_owned), cursor.timestamp()?);
        let stats_reset = cursor.timestamp()?;
        let epoch = Epoch { started_at, in_recovery, reset_at: stats_reset, evictions: 0 };
        let now = Archiver {
            ts,
            archive_mode,
            archived_count,
            last_archived_wal,
            last_archived,
            failed_count,
            last_failed_wal,
            last_failed,
            failing: last_failed.or(last_archived).map(|_| last_failed > last_archived),
            stats_reset,
        };
        Ok(self.finish(now, epoch))
    }
}

impl Archivers {
    fn finish(&mut self, now: Archiver, epoch: Epoch) -> Step {
        let mark = Mark { at: now.ts, epoch };
        let previous = self.previous.replace(mark);
        let continuity = Continuity::between(previous, mark, MAX_INTERVAL);
        let values = [now.archived_count, now.failed_count].map(|count| count.unwrap_or(NULL));
        self.counters.begin_sample();
        let change = self.counters.observe(0, None, values);
        let (from, sums, gap) = match continuity {
            Continuity::Baseline { gap } => (Timestamp(now.ts.as_millis() - 1), [NULL; 2], gap),
            Continuity::SinceReset { from, gap } => (from, values, Some((previous.map(|mark| mark.at), gap))),
            Continuity::Delta { from, gap } => (from, grown(change), gap.map(|gap| (Some(from), gap))),
        };
        let time = |time: Option<Timestamp>| time.map_or(NULL, Timestamp::as_millis);
        let row = [
            sums[0],
            sums[1],
            // a name of each file is no word: it is shown of the newest only
            NULL,
            time(now.last_archived),
            NULL,
            time(now.last_failed),
        ];
        Step::Done(Box::new(Collected {
            records: vec![Record::new(&streams::ARCHIVER, from, now.ts, vec![(0, row)])],
            gaps: gap.into_iter().map(|(from, reason)| (from, now.ts, reason)).collect(),
            snapshots: vec![AnySnapshot::new(now)],
            rows: 1,
            ..Collected::default()
        }))
    }
}

const fn grown(change: Change<2>) -> [i64; 2] {
    match change {
        Change::Same => [0; 2],
        Change::Grown(delta) => delta,
        Change::New(values) | Change::Recreated(values) => values,
    }
}
