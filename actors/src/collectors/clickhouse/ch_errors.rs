//! `errors`: errors of the server by code. ClickHouse 20.11 and later; needs SELECT on it.

use std::collections::BTreeMap;
use std::time::Duration;

use xxhash_rust::xxh3::xxh3_64;

use crate::collect::{
    Answer, CellError, CollectError, Collected, Collector, Cursor, Every, HostCounters, Interner, NodeClock,
    Reading, Server, Spec, Step, seconds,
};
use crate::model::{Engine, NULL, Record, streams};

pub(crate) static SPEC: Spec = Spec {
    stream: Some(&streams::ERRORS),
    every: Every::Fixed(Duration::from_secs(60)),
    ..Spec::new("ch_errors", Engine::Clickhouse, || {
        let counters = HostCounters::new(MAX_INTERVAL);
        Box::new(Errors { clock: None, counters, interner: Interner::default() })
    })
};

const VARIANTS: [(u32, &str); 1] = [(2011, include_str!("sql/ch_errors/20.11.sql"))];
const COLUMNS: &[&str] = &[
    "host_name",
    "uptime_seconds",
    "error_code",
    "error_name",
    "is_remote",
    "amount",
    "last_error_at",
    "message",
];
const WIDTH: usize = streams::ERRORS.columns.len();
/// The place of the count.
const COUNT: usize = 4;
/// A sample this much later than the previous one leaves a gap.
const MAX_INTERVAL: Duration = Duration::from_secs(180);

struct Errors {
    clock: Option<NodeClock>,
    counters: HostCounters<1>,
    interner: Interner,
}

/// All rows of one node.
struct Host {
    uptime: Duration,
    rows: Vec<(u64, [i64; WIDTH])>,
}

impl Collector for Errors {
    fn begin(&mut self, server: &Server) -> Result<Step, CollectError> {
        self.clock = None;
        NodeClock::ask(server)
    }

    fn answer(&mut self, server: &Server, answer: Answer<'_>) -> Result<Step, CollectError> {
        match self.clock.take() {
            None => {
                self.clock = Some(NodeClock::read(&answer)?);
                server.ask(&VARIANTS, COLUMNS)
            }
            Some(clock) => {
                let hosts = self.read(&clock, &answer)?;
                let mut collected = self.collected(&clock, hosts);
                collected.rows = answer.rows.len() as u64;
                Ok(Step::done(collected))
            }
        }
    }
}

impl Errors {
    /// Returns each node with its rows; the one connected to also without any error.
    fn read(&mut self, clock: &NodeClock, answer: &Answer<'_>) -> Result<BTreeMap<String, Host>, CellError> {
        let own = Host { uptime: clock.uptime, rows: Vec::new() };
        let mut hosts = BTreeMap::from([(clock.host_name.clone(), own)]);
        for row in 0..answer.rows.len() {
            let mut cursor = Cursor::new(answer.rows, row);
            let host_name = cursor.text()?.unwrap_or_default();
            let uptime = seconds(cursor.required_i64()?);
            let (code, name) = (cursor.required_i64()?, cursor.text()?.unwrap_or_default());
            let is_remote = i64::from(cursor.bool()?.unwrap_or_default());
            let values = [
                self.interner.intern(Some(host_name)),
                code,
                self.interner.intern(Some(name)),
                is_remote,
                cursor.counter()?,
                cursor.instant()?,
                self.interner.intern(cursor.text()?.filter(|message| !message.is_empty())),
            ];
            let series = xxh3_64(format!("{host_name}\0{code}\0{name}\0{is_remote}").as_bytes());
            let host = hosts.entry(host_name.to_owned()).or_insert(Host { uptime, rows: Vec::new() });
            host.rows.push((series, values));
        }
        Ok(hosts)
    }

    fn collected(&mut self, clock: &NodeClock, hosts: BTreeMap<String, Host>) -> Collected {
        let (mut from, mut gaps, mut rows) = (None, Vec::new(), Vec::new());
        for (host_name, host) in hosts {
            let reading = |(series, values): &(u64, [i64; WIDTH])| Reading {
                series: *series,
                since: None,
                values: [values[COUNT]],
            };
            let readings: Vec<_> = host.rows.iter().map(reading).collect();
            let deltas = self.counters.take(&host_name, clock.at, host.uptime, &readings);
            from = from.into_iter().chain(deltas.from).min();
            gaps.extend(deltas.gap);
            let grown: BTreeMap<u64, i64> =
                deltas.rows.iter().map(|(series, [delta])| (*series, *delta)).collect();
            rows.extend(host.rows.into_iter().filter_map(|(series, mut values)| {
                values[COUNT] = grown.get(&series).copied().filter(|delta| *delta > 0 && *delta != NULL)?;
                Some((series, values))
            }));
        }
        gaps.dedup();
        let record = from.map(|from| Record::new(&streams::ERRORS, from, clock.at, rows));
        Collected {
            records: record.into_iter().collect(),
            gaps,
            dictionary: self.interner.drain_new(),
            ..Collected::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::fixture::{self, Cell, Table};
    use crate::model::Timestamp;

    fn text(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }

    /// A run at `at` seconds of a server that is up for `uptime`; errors with code, name, remote and count.
    fn run(errors: &mut Errors, at: i64, uptime: i64, rows: &[(i64, &str, bool, i64)]) -> Box<Collected> {
        let server = Server { major: 2607, ..fixture::server() };
        let clock = vec![text("a"), Cell::At(at * 1000), text("26.7"), Cell::Int(uptime)];
        errors.begin(&server).expect("a question");
        errors.answer(&server, Answer { rows: &Table(vec![clock]), took: Duration::ZERO }).expect("a clock");
        let row = |&(code, name, is_remote, count): &(i64, &str, bool, i64)| {
            let (name, is_remote) = (text(name), Cell::Bool(is_remote));
            let of = [text("a"), Cell::Int(uptime), Cell::Int(code), name, is_remote];
            [of.to_vec(), vec![Cell::Int(count), Cell::At(at * 1000 - 5), text("Unknown {}")]].concat()
        };
        let rows = Table(rows.iter().map(row).collect());
        match errors.answer(&server, Answer { rows: &rows, took: Duration::ZERO }).expect("a good answer") {
            Step::Done(collected) => collected,
            other => panic!("not done: {other:?}"),
        }
    }

    fn counted(collected: &Collected) -> Vec<(i64, i64, i64)> {
        let record = &collected.records[0];
        let cell =
            |name: &str, row: usize| record.columns[streams::ERRORS.column(name).expect("a column")][row];
        let rows = 0..record.series.len();
        let mut counted: Vec<_> =
            rows.map(|row| (cell("code", row), cell("is_remote", row), cell("count", row))).collect();
        counted.sort_unstable();
        counted
    }

    #[test]
    fn errors_are_counted_between_samples_and_since_a_restart() {
        let mut errors =
            Errors { clock: None, counters: HostCounters::new(MAX_INTERVAL), interner: Interner::default() };
        assert!(run(&mut errors, 100, 50, &[]).records.is_empty(), "nothing to compare with");
        let rows = [(60, "UNKNOWN_TABLE", false, 3), (60, "UNKNOWN_TABLE", true, 2)];
        assert_eq!(counted(&run(&mut errors, 160, 110, &rows)), [(60, 0, 3), (60, 1, 2)]);
        let rows = [(60, "UNKNOWN_TABLE", false, 4), (60, "UNKNOWN_TABLE", true, 2)];
        assert_eq!(counted(&run(&mut errors, 220, 170, &rows)), [(60, 0, 1)]);
        let again = run(&mut errors, 280, 10, &[(60, "UNKNOWN_TABLE", false, 9)]);
        assert_eq!(counted(&again), [(60, 0, 9)]);
        assert_eq!(again.records[0].from, Timestamp(270_000));
        assert_eq!(again.gaps.len(), 1);
    }
}
