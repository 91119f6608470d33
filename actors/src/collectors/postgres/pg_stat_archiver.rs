//! `pg_stat_archiver`: whether WAL files are archived. PostgreSQL 14 and later; needs nothing. Costs 0.1 ms of a
//! backend.

use std::time::Duration;

use crate::collect::{
    Answer, CollectError, Collected, Collector, Continuity, Counters, Cursor, Epoch, Every, FoundGap, Mark,
    Server, Spec, Step,
};
use crate::model::{AnySnapshot, Archiver, Engine, NULL, Record, Timestamp, streams};

pub(crate) static SPEC: Spec = Spec {
    stream: Some(&streams::ARCHIVER),
    every: Every::Fixed(Duration::from_secs(60)),
    ..Spec::new("pg_stat_archiver", Engine::Postgres, || Box::<Archivers>::default())
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
/// A sample this much later than the previous one leaves a gap.
const MAX_INTERVAL: Duration = Duration::from_secs(180);

/// The counters of the sample before.
#[derive(Default)]
struct Archivers {
    previous: Option<Mark>,
    counters: Counters<2>,
}

impl Collector for Archivers {
    fn begin(&mut self, server: &Server) -> Result<Step, CollectError> {
        server.ask(&VARIANTS, COLUMNS)
    }

    fn answer(&mut self, _: &Server, answer: Answer<'_>) -> Result<Step, CollectError> {
        let mut cursor = Cursor::new(answer.rows, 0);
        let ts = cursor.required_timestamp()?;
        let started_at = cursor.required_timestamp()?;
        let in_recovery = cursor.bool()?.unwrap_or_default();
        let archive_mode = cursor.owned_text()?;
        let (archived_count, failed_count) = (cursor.i64()?, cursor.i64()?);
        let (last_archived_wal, last_archived) = (cursor.owned_text()?, cursor.timestamp()?);
        let (last_failed_wal, last_failed) = (cursor.owned_text()?, cursor.timestamp()?);
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
        let (from, gap) = continuity.span(previous.map(|mark| mark.at), now.ts);
        let from = from.unwrap_or(Timestamp(now.ts.as_millis() - 1));
        let sums = continuity.delta(change, values).unwrap_or([NULL; 2]);
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
        Step::done(Collected {
            records: vec![Record::new(&streams::ARCHIVER, from, now.ts, vec![(0, row)])],
            gaps: gap.map(|gap| FoundGap { to: now.ts, ..gap }).into_iter().collect(),
            snapshots: vec![AnySnapshot::new(now)],
            rows: 1,
            ..Collected::default()
        })
    }
}
