//! `pg_stat_database`: activity, size and age of each database of the server. PostgreSQL 14 and later; needs
//! nothing but CONNECT for sizes. Costs 1 ms of a backend; sizes, every ten minutes, a look at every file of the server.

mod decode;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::time::Duration;

use xxhash_rust::xxh3::xxh3_64;

use self::decode::{CHECKSUM_FAILURES, COLUMNS, COUNTERS, Row, SIZES_COLUMNS, Sample, read, sizes};
use crate::collect::{
    Answer, Change, CollectError, Collected, Collector, Continuity, Counters, Every, FoundGap, Interner,
    Notice, Server, Spec, Step, advice,
};
use crate::model::{
    AnySnapshot, DatabaseState, DatabaseStates, Engine, Event, EventKind, GapReason, NULL, Record, Timestamp,
    streams,
};

pub(crate) static SPEC: Spec = Spec {
    stream: Some(&streams::DATABASES),
    every: Every::Fixed(Duration::from_secs(30)),
    ..Spec::new("pg_stat_database", Engine::Postgres, || Box::<Databases>::default())
};

const VARIANTS: [(u32, &str); 1] = [(14, include_str!("../sql/pg_stat_database/14.sql"))];
const SIZES: &str = include_str!("../sql/pg_stat_database/sizes.sql");
/// Sizes are read in every twentieth run, every ten minutes: the server reads the metadata of all its files for them.
const SIZES_EVERY: u32 = 20;
/// A sample this much later than the previous one leaves a gap.
const MAX_INTERVAL: Duration = Duration::from_secs(90);

/// Baselines by database, and the sizes when they were last read.
#[derive(Default)]
struct Databases {
    previous: Option<Sample>,
    counters: Counters<COUNTERS>,
    before: HashMap<u64, Before>,
    sizes: HashMap<String, Option<i64>>,
    /// Runs until sizes are read again. Reset before reading them, so that a slow query does not delay every run.
    runs_to_sizes: u32,
    sizing: bool,
    interner: Interner,
}

/// What distinguishes a reset of a database's counters from their start.
struct Before {
    reset_at: Option<Timestamp>,
    /// Nothing was counted yet.
    idle: bool,
}

impl Collector for Databases {
    fn begin(&mut self, server: &Server) -> Result<Step, CollectError> {
        self.sizing = self.runs_to_sizes == 0;
        if self.sizing {
            self.runs_to_sizes = SIZES_EVERY;
        }
        self.runs_to_sizes -= 1;
        if self.sizing {
            return Ok(Step::ask(SIZES, SIZES_COLUMNS));
        }
        ask(server)
    }

    fn answer(&mut self, server: &Server, answer: Answer<'_>) -> Result<Step, CollectError> {
        if std::mem::take(&mut self.sizing) {
            self.sizes = sizes(&answer)?;
            return ask(server);
        }
        let (sample, rows) = read(&answer)?;
        Ok(self.finish(server, sample, &rows))
    }
}

fn ask(server: &Server) -> Result<Step, CollectError> {
    server.ask(&VARIANTS, COLUMNS)
}

impl Databases {
    fn finish(&mut self, server: &Server, sample: Sample, rows: &[Row]) -> Step {
        let previous = self.previous.replace(sample);
        let at = sample.mark.at;
        let continuity = Continuity::between(previous.map(|sample| sample.mark), sample.mark, MAX_INTERVAL);
        let changes = self.observe(rows);
        let shared_moved = previous.is_some_and(|previous| {
            previous.shared_resets.iter().zip(&sample.shared_resets).all(|(before, now)| before != now)
        });
        let recreated = changes.iter().any(|change| matches!(change, Change::Recreated(_)));
        // a reset by hand moves the time of the database's own reset, a crash does not: it sets it to null
        let is_lost = |(row, change): (&Row, &Change<COUNTERS>)| {
            let before = self.before.get(&row.key());
            matches!(change, Change::Recreated(_))
                && before.is_some_and(|before| row.reset_at.is_none() || row.reset_at == before.reset_at)
        };
        let crashed = shared_moved && rows.iter().zip(&changes).any(is_lost);
        let restarted =
            previous.is_some_and(|previous| previous.mark.epoch.started_at != sample.mark.epoch.started_at);

        let (from, gap) = continuity.span(previous.map(|sample| sample.mark.at), at);
        let from = from.unwrap_or(Timestamp(at.as_millis() - 1));
        let mut gaps = Vec::from_iter(gap);
        let grows = matches!(continuity, Continuity::Delta { .. });
        let mut events = Vec::new();
        if grows && recreated {
            events = self.resets(rows, &changes, crashed, at);
            if !events.is_empty() && !restarted {
                gaps.push(FoundGap { from: Some(from), to: at, reason: GapReason::CountersReset });
            }
        }
        let records = rows.iter().zip(&changes).map(|(row, change)| {
            let sums = if !grows { [NULL; COUNTERS] } else { sums(row, *change, crashed) };
            (row.key(), self.row(row, &sums))
        });
        let record = Record::new(&streams::DATABASES, from, at, records.collect());
        self.keep(rows);
        Step::done(Collected {
            records: vec![record],
            gaps,
            dictionary: self.interner.drain_new(),
            events,
            snapshots: vec![AnySnapshot::new(self.now(at, rows))],
            rows: rows.len() as u64,
            notice: self.notice(server),
            ..Collected::default()
        })
    }

    fn observe(&mut self, rows: &[Row]) -> Vec<Change<COUNTERS>> {
        self.counters.begin_sample();
        let changes = rows.iter().map(|row| self.counters.observe(row.key(), row.reset_at, row.counters));
        let changes = changes.collect();
        self.counters.end_sample();
        changes
    }

    /// The resets among `changes` as events; after a crash, one for all databases.
    fn resets(&self, rows: &[Row], changes: &[Change<COUNTERS>], crashed: bool, at: Timestamp) -> Vec<Event> {
        let event = |at, subject, before: Option<Timestamp>, after: Option<Timestamp>| Event {
            at,
            kind: EventKind::CountersReset,
            subject,
            before: before.map(|at| at.to_string()),
            after: after.map(|at| at.to_string()),
        };
        if crashed {
            return vec![event(at, "pg_stat_database".to_owned(), None, None)];
        }
        let recreated = rows.iter().zip(changes).filter(|(_, change)| matches!(change, Change::Recreated(_)));
        let events = recreated.filter_map(|(row, _)| {
            let before = self.before.get(&row.key()).filter(|before| !before.idle)?;
            let subject = match &row.name {
                Some(name) => format!("pg_stat_database of {name}"),
                None => "pg_stat_database of shared objects".to_owned(),
            };
            Some(event(row.reset_at.unwrap_or(at), subject, before.reset_at, row.reset_at))
        });
        events.collect()
    }

    fn keep(&mut self, rows: &[Row]) {
        let before = rows.iter().map(|row| {
            let idle = row.counters.iter().all(|&counter| counter == 0 || counter == NULL);
            (row.key(), Before { reset_at: row.reset_at, idle })
        });
        self.before = before.collect();
    }

    fn size_of(&self, row: &Row) -> Option<i64> {
        *self.sizes.get(row.name.as_deref()?)?
    }

    /// Returns the columns of the stream, in its order.
    fn row(&mut self, row: &Row, sums: &[i64; COUNTERS]) -> [i64; streams::DATABASES.columns.len()] {
        let size_bytes = self.size_of(row);
        let lasts = [row.numbackends, row.connection_limit, size_bytes, row.xid_age, row.mxid_age];
        let mut cells = [NULL; streams::DATABASES.columns.len()];
        let lasts = lasts.map(|last| last.unwrap_or(NULL));
        let values = [self.interner.intern(row.name.as_deref())].into_iter().chain(*sums).chain(lasts);
        cells.iter_mut().zip(values).for_each(|(cell, value)| *cell = value);
        cells
    }

    fn now(&self, at: Timestamp, rows: &[Row]) -> DatabaseStates {
        let databases = rows.iter().map(|row| DatabaseState {
            database_name: row.name.clone(),
            numbackends: row.numbackends,
            connection_limit: row.connection_limit,
            size_bytes: self.size_of(row),
            xid_age: row.xid_age,
            mxid_age: row.mxid_age,
            stats_reset: row.reset_at,
            checksum_failures: Some(row.counters[CHECKSUM_FAILURES]).filter(|failures| *failures != NULL),
            checksum_last_failure: row.checksum_last_failure,
        });
        DatabaseStates { at, databases: databases.collect() }
    }

    fn notice(&self, server: &Server) -> Option<Notice> {
        let hidden = self.sizes.values().filter(|size| size.is_none()).count();
        (hidden > 0).then(|| {
            Notice::new(
                format!("role {} may not ask for the sizes of {hidden} databases", server.role),
                advice::grant("pg_read_all_stats", &server.role),
            )
        })
    }
}

/// What a database did since the sample before.
const fn sums(row: &Row, change: Change<COUNTERS>, crashed: bool) -> [i64; COUNTERS] {
    match change {
        Change::Same => [0; COUNTERS],
        // all counters began at zero, also those that have grown beyond what they were
        Change::Grown(_) if crashed => row.counters,
        Change::Grown(delta) => delta,
        Change::New(values) | Change::Recreated(values) => values,
    }
}

impl Row {
    fn key(&self) -> u64 {
        self.name.as_ref().map_or(0, |name| xxh3_64(name.as_bytes()))
    }
}
