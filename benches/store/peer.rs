//! What every store is asked, and how long it takes to answer.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use basira_benches::{Failure, median};

use super::day::{Counters, Poll};

/// Statements of a ranking.
pub(crate) const TOP: usize = 25;
pub(crate) const BUCKET_MS: i64 = 60_000;
const ROUNDS: usize = 7;
/// No further round after so much time.
const PATIENCE: Duration = Duration::from_secs(6);

/// After `since`, and not after `until`; milliseconds.
#[derive(Clone, Copy)]
pub(crate) struct Span {
    pub(crate) since: i64,
    pub(crate) until: i64,
}

/// Series with its counters summed.
pub(crate) type Ranked = (u64, Counters);
/// Start of a bucket with the counters summed.
pub(crate) type Bucket = (i64, Counters);

/// A store of one database's polls.
#[async_trait]
pub(crate) trait Peer: Send {
    /// In front of its figures.
    fn name(&self) -> &'static str;

    /// Whether it is this process that writes to disk.
    fn writes_here(&self) -> bool {
        true
    }

    /// Takes polls in order of time; they are durable afterwards.
    async fn load(&mut self, polls: &[Poll]) -> Result<(), Failure>;

    /// All of the day is loaded.
    async fn finish(&mut self) -> Result<(), Failure>;

    /// What the rows take on disk, with all that is needed to find them; none when it does not say.
    async fn bytes(&self) -> Result<Option<u64>, Failure>;

    /// The [`TOP`] with most time, the largest first.
    async fn top(&self, span: Span) -> Result<Vec<Ranked>, Failure>;

    /// One series in buckets of [`BUCKET_MS`], oldest first.
    async fn series(&self, series: u64, span: Span) -> Result<Vec<Bucket>, Failure>;
}

/// The bucket of a record that ends at `at`: a bucket excludes its start and includes its end.
pub(crate) fn bucket(at: i64) -> i64 {
    (at - 1).div_euclid(BUCKET_MS) * BUCKET_MS
}

pub(crate) fn add(sums: &mut Counters, counters: &Counters) {
    sums.iter_mut().zip(counters).for_each(|(sum, value)| *sum += value);
}

/// The largest first by time, and no more than [`TOP`].
pub(crate) fn ranked(sums: impl IntoIterator<Item = Ranked>) -> Vec<Ranked> {
    let mut ranked: Vec<_> = sums.into_iter().collect();
    ranked.sort_unstable_by_key(|(series, counters)| (-counters[1], *series));
    ranked.truncate(TOP);
    ranked
}

/// The answer, and the middle of several times in ms.
pub(crate) async fn timed<T>(ask: impl AsyncFn() -> Result<T, Failure>) -> Result<(T, f64), Failure> {
    let begun = Instant::now();
    let mut times = Vec::new();
    loop {
        let started = Instant::now();
        let answer = ask().await?;
        times.push(ms(started.elapsed()));
        if times.len() == ROUNDS || begun.elapsed() > PATIENCE {
            return Ok((answer, median(times)));
        }
    }
}

pub(crate) fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
