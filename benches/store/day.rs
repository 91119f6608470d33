//! A day in the life of one database, made up: 5,000 statements, 500 of which change between two polls.
//!
//! Few statements run all the time and most now and then (1/rank); each has its own pace, cost and way to touch blocks,
//! and every counter has the noise that such a counter has: calls and block reads come by Poisson's law, times scatter
//! by a third per call and by a tenth per poll, to the microsecond. Nothing is rounded, nothing repeats.

use std::collections::BTreeSet;

use basira_actors::model::streams::STATEMENTS as STREAM;
use basira_actors::model::{NULL, Record, Timestamp};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

pub(crate) const STATEMENTS: usize = 5_000;
/// Statements that change between two polls.
pub(crate) const CHANGED: usize = 500;
/// What is counted of each; the other columns of the stream are not known.
pub(crate) const COUNTERS: [&str; 10] = [
    "calls",
    "total_time_us",
    "rows",
    "shared_blks_hit",
    "shared_blks_read",
    "shared_blks_dirtied",
    "shared_blks_written",
    "blk_read_time_us",
    "wal_records",
    "wal_bytes",
];
pub(crate) const POLL_MS: i64 = 10_000;
pub(crate) const HOUR_MS: i64 = 3_600_000;
pub(crate) const POLLS_PER_HOUR: usize = 360;
pub(crate) const HOURS: usize = 24;
pub(crate) const DAY_MS: i64 = HOURS as i64 * HOUR_MS;
const SEED: u64 = 7;

pub(crate) type Counters = [i64; COUNTERS.len()];

/// What one statement did since the poll before.
#[derive(Clone)]
pub(crate) struct Row {
    pub(crate) series: u64,
    pub(crate) counters: Counters,
}

/// Everything that changed between two polls.
#[derive(Clone)]
pub(crate) struct Poll {
    pub(crate) from: i64,
    pub(crate) at: i64,
    /// Ascending by series, each once.
    pub(crate) rows: Vec<Row>,
}

/// Makes one poll after the other; the same ones each time.
pub(crate) struct Day {
    random: StdRng,
    statements: Vec<Statement>,
    /// Sums of 1/rank, up to and with each statement.
    weights: Vec<f64>,
    /// How often each was among the changed ones.
    changed: Vec<u32>,
    polls: u32,
}

/// One statement, by its rank: the most frequent first.
struct Statement {
    series: u64,
    calls_per_poll: f64,
    mean_us: f64,
    rows_per_call: i64,
    hits_per_call: i64,
    reads_per_call: f64,
    writes: bool,
}

impl Day {
    pub(crate) fn new() -> Self {
        let mut random = StdRng::seed_from_u64(SEED);
        let statements: Vec<_> =
            (1..=STATEMENTS).map(|rank| Statement::new(&mut random, rank as f64)).collect();
        let mut sum = 0.0;
        let weights = (1..=STATEMENTS).map(|rank| {
            sum += 1.0 / rank as f64;
            sum
        });
        let weights = weights.collect();
        Self { random, statements, weights, changed: vec![0; STATEMENTS], polls: 0 }
    }

    /// The statement of this rank; 0 is the one that runs most often.
    pub(crate) fn series(&self, rank: usize) -> u64 {
        self.statements[rank].series
    }

    /// Every statement.
    pub(crate) fn all_series(&self) -> impl Iterator<Item = u64> {
        self.statements.iter().map(|statement| statement.series)
    }

    /// The next poll, which ends at `at`.
    pub(crate) fn poll(&mut self, at: i64) -> Poll {
        let total = self.weights.last().copied().unwrap_or_default();
        let mut ranks = BTreeSet::new();
        while ranks.len() < CHANGED {
            let mark = self.random.random::<f64>() * total;
            ranks.insert(self.weights.partition_point(|sum| *sum < mark).min(STATEMENTS - 1));
        }
        self.polls += 1;
        let row = |rank: usize| {
            self.changed[rank] += 1;
            self.statements[rank].row(&mut self.random, 1.0)
        };
        Poll::new(at - POLL_MS, at, ranks.into_iter().map(row).collect())
    }

    /// The next hour of polls, which begins at `start`.
    pub(crate) fn hour(&mut self, start: i64) -> Vec<Poll> {
        (1..=POLLS_PER_HOUR as i64).map(|poll| self.poll(start + poll * POLL_MS)).collect()
    }

    /// An hour as if there were one poll at its end, of every statement: each did as much as in an average hour so far.
    pub(crate) fn hour_at_once(&mut self, start: i64) -> Poll {
        let per_poll = POLLS_PER_HOUR as f64 / f64::from(self.polls.max(1));
        let changed = self.changed.iter().map(|changed| (f64::from(*changed) * per_poll).max(1.0));
        let each = self.statements.iter().zip(changed);
        let rows = each.map(|(statement, polls)| statement.row(&mut self.random, polls)).collect();
        Poll::new(start, start + HOUR_MS, rows)
    }
}

impl Poll {
    fn new(from: i64, at: i64, mut rows: Vec<Row>) -> Self {
        rows.sort_by_key(|row| row.series);
        Self { from, at, rows }
    }

    /// As a collector hands it on.
    pub(crate) fn record(&self) -> Record {
        let column = |name: &str| match COUNTERS.iter().position(|counter| *counter == name) {
            Some(counter) => self.rows.iter().map(|row| row.counters[counter]).collect(),
            None => vec![NULL; self.rows.len()],
        };
        Record {
            stream: &STREAM,
            from: Timestamp(self.from),
            at: Timestamp(self.at),
            series: self.rows.iter().map(|row| row.series).collect(),
            columns: STREAM.columns.iter().map(|each| column(each.name)).collect(),
        }
    }
}

impl Statement {
    fn new(random: &mut StdRng, rank: f64) -> Self {
        let series = random.random();
        let mean_us = (6.0 + 1.6 * normal(random)).exp();
        let kind: f64 = random.random();
        // two in five write a row, two in five read many, and the rest write what is in memory
        let (rows, hits, reads_per_call) = if kind < 0.4 {
            (1.0, 3.0 + random.random::<f64>() * 60.0, 0.05)
        } else if kind < 0.8 {
            let (rows, hits) = ((1.5 + normal(random)).exp(), (4.5 + normal(random)).exp());
            (rows, hits, if random.random::<f64>() < 0.5 { 0.3 } else { 0.1 })
        } else {
            (1.0, 5.0 + random.random::<f64>() * 80.0, 0.1)
        };
        Self {
            series,
            calls_per_poll: 600.0 / rank.powf(0.75) + 1.0,
            mean_us,
            rows_per_call: (rows.round() as i64).max(1),
            hits_per_call: hits.round() as i64,
            reads_per_call,
            writes: !(0.4..0.8).contains(&kind),
        }
    }

    /// What it did in as much time as `polls` polls.
    fn row(&self, random: &mut StdRng, polls: f64) -> Row {
        let calls = 1 + count(random, self.calls_per_poll * polls - 1.0);
        let n = calls as f64;
        let scatter = (1.0 + 0.3 * normal(random) / n.sqrt()).max(0.2) * (0.1 * normal(random)).exp();
        let time_us = (n * self.mean_us * scatter).round().max(1.0) as i64;
        let hit = calls * self.hits_per_call + count(random, n * 0.01);
        let read = count(random, n * self.reads_per_call);
        let read_us = if read > 0 { read * 95 + random.random_range(0..16) } else { 0 };
        let mut counters = [calls, time_us, calls * self.rows_per_call, hit, read, 0, 0, read_us, 0, 0];
        if self.writes {
            counters[5] = calls * 3;
            counters[6] = count(random, n * 0.01);
            counters[8] = calls * 2;
            counters[9] = calls * 160 + count(random, n * 0.2);
        }
        Row { series: self.series, counters }
    }
}

/// A number of the standard normal distribution.
fn normal(random: &mut StdRng) -> f64 {
    let (radius, angle): (f64, f64) = (random.random::<f64>().max(1e-12), random.random());
    (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
}

/// How often something happens that happens `mean` times on average (Poisson; for large means its normal limit).
fn count(random: &mut StdRng, mean: f64) -> i64 {
    if mean <= 0.0 {
        return 0;
    }
    if mean >= 30.0 {
        return (mean + mean.sqrt() * normal(random)).round().max(0.0) as i64;
    }
    let (limit, mut product, mut happened) = ((-mean).exp(), random.random::<f64>(), 0);
    while product > limit {
        product *= random.random::<f64>();
        happened += 1;
    }
    happened
}
