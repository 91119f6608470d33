//! What running queries spend their time on, sampled from `processes`. ClickHouse 18.16 and later, from 21.12 on with more
//! than that they run; needs `SELECT ON system.processes`.

use std::collections::{BTreeMap, HashMap};

use xxhash_rust::xxh3::xxh3_64;

use crate::collect::{
    Answer, CellError, CollectError, Collector, Cursor, Every, Server, Spec, Step, WAIT_INTERVAL, WaitSampler,
};
use crate::model::{Engine, streams};

pub(crate) static SPEC: Spec = Spec {
    stream: Some(&streams::WAITS),
    every: Every::Fixed(WAIT_INTERVAL),
    ..Spec::new("ch_query_states", Engine::Clickhouse, || Box::<States>::default())
};

const VARIANTS: [(u32, &str); 2] = [
    (1816, include_str!("sql/ch_query_states/18.16.sql")),
    (2112, include_str!("sql/ch_query_states/21.12.sql")),
];
const COLUMNS: &[&str] = &[
    "host_name",
    "query_id",
    "is_own",
    "at",
    "elapsed_us",
    "cpu_us",
    "cpu_wait_us",
    "disk_us",
    "network_us",
    "lock_us",
];

/// What the counters stand for: class and state.
const STATES: [(&str, &str); 5] =
    [("CPU", "cpu"), ("CPU", "cpu_wait"), ("IO", "disk"), ("Network", "network"), ("Lock", "lock")];
/// Time that no counter explains: waiting for other threads, for other servers, sleeping.
const OTHER: (&str, &str) = ("Other", "other");
/// All that is known where nothing is counted.
const RUNNING: (&str, &str) = ("Running", "running");

#[derive(Default)]
struct States {
    /// The counters of each query at the previous sample.
    before: HashMap<u64, Times>,
    sampler: WaitSampler,
}

/// Cumulative times of one query, in microseconds; none where they are not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Times {
    elapsed: i64,
    counted: Option<[i64; STATES.len()]>,
}

impl Collector for States {
    fn begin(&mut self, server: &Server) -> Result<Step, CollectError> {
        server.ask(&VARIANTS, COLUMNS)
    }

    fn answer(&mut self, _: &Server, answer: Answer<'_>) -> Result<Step, CollectError> {
        let mut at = None;
        let mut now = HashMap::with_capacity(answer.rows.len());
        let mut met: BTreeMap<(&str, &str), i64> = BTreeMap::new();
        for row in 0..answer.rows.len() {
            let mut cursor = Cursor::new(answer.rows, row);
            let (host_name, query_id) = (cursor.text()?, cursor.text()?);
            let is_own = cursor.bool()?.unwrap_or_default();
            at = at.max(Some(cursor.required_timestamp()?));
            if is_own {
                continue;
            }
            let times = times(&mut cursor)?;
            let id = format!("{}\0{}", host_name.unwrap_or_default(), query_id.unwrap_or_default());
            let id = xxh3_64(id.as_bytes());
            *met.entry(state(self.before.get(&id), times)).or_default() += 1;
            now.insert(id, times);
        }
        let at = at.ok_or(CellError { column: 3, expected: "in any row" })?;
        self.before = now;
        let waits: Vec<_> = met.into_iter().map(|((kind, event), count)| (kind, event, count)).collect();
        Ok(Step::done(self.sampler.take(at, &waits)))
    }
}

/// The rest of a row, from the elapsed time on.
fn times(cursor: &mut Cursor<'_>) -> Result<Times, CellError> {
    let elapsed = cursor.i64()?.unwrap_or_default();
    let mut counted = Some([0; STATES.len()]);
    for place in 0..STATES.len() {
        match (cursor.i64()?, &mut counted) {
            (Some(value), Some(counted)) => counted[place] = value,
            _ => counted = None,
        }
    }
    Ok(Times { elapsed, counted })
}

/// Returns what a query spent most of its time on since the sample `before`, or since it started. Threads add up.
fn state(before: Option<&Times>, now: Times) -> (&'static str, &'static str) {
    let Some(counted) = now.counted else { return RUNNING };
    // an id that is used again counts from zero
    let before = before.filter(|before| before.elapsed <= now.elapsed);
    let elapsed = now.elapsed - before.map_or(0, |before| before.elapsed);
    let earlier = before.and_then(|before| before.counted).unwrap_or_default();
    let spent =
        STATES.iter().zip(counted.iter().zip(earlier)).map(|(state, (now, before))| (*state, now - before));
    let known: i64 = spent.clone().map(|(_, us)| us).sum();
    // of equal times the first counts, and what nothing explains last
    let unexplained = std::iter::once((OTHER, elapsed - known));
    spent.chain(unexplained).rev().max_by_key(|(_, us)| *us).map_or(OTHER, |(state, _)| state)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_where_it_spent_most_of_its_time() {
        let times = |elapsed: i64, counted: [i64; 5]| Times { elapsed, counted: Some(counted) };
        let before = times(100, [90, 0, 0, 0, 0]);
        let cases = [
            ("computes", None, times(100, [80, 10, 0, 0, 0]), "cpu"),
            ("computes with four threads", None, times(100, [390, 10, 0, 0, 0]), "cpu"),
            ("has no turn", None, times(100, [30, 60, 0, 0, 0]), "cpu_wait"),
            ("reads", None, times(100, [10, 0, 70, 0, 0]), "disk"),
            ("answers a slow client", None, times(100, [10, 0, 0, 80, 0]), "network"),
            ("is locked out", None, times(100, [0, 0, 0, 0, 95]), "lock"),
            ("sleeps", None, times(100, [3, 0, 0, 0, 0]), "other"),
            ("computed, now reads", Some(&before), times(200, [95, 0, 80, 0, 0]), "disk"),
            ("another of the same id", Some(&before), times(50, [45, 0, 0, 0, 0]), "cpu"),
        ];
        for (name, before, now, expected) in cases {
            assert_eq!(state(before, now).1, expected, "{name}");
        }
        assert_eq!(state(None, Times { elapsed: 9, counted: None }), ("Running", "running"));
    }
}
