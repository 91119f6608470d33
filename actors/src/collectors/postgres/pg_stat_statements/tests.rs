//! A server played by hand: what the collector makes of resets, evictions, restarts and broken-off samples.

use super::*;
use crate::collect::fixture::{self, Cell, Table};
use crate::collect::{Extension, FoundGap};
use crate::model::{GapReason, SeriesEntry};

const ROLE: i64 = 10;
const OTHER: i64 = 20;

/// One statement as the server shows it.
#[derive(Clone, Copy)]
struct Shown {
    queryid: i64,
    user: i64,
    calls: i64,
    text: &'static str,
    elsewhere: Option<i64>,
}

fn dbid(shown: &Shown) -> Cell {
    shown.elsewhere.map_or(Cell::Null, Cell::Int)
}

/// Its database, when that is another than the one connected to.
const HERE: Option<i64> = None;

const fn shown(queryid: i64, calls: i64) -> Shown {
    Shown { queryid, user: OTHER, calls, text: "select a from b where c = $1", elsewhere: HERE }
}

struct Play {
    collector: Statements,
    server: Server,
    /// Milliseconds, by the server's clock.
    now: i64,
    reset_at: i64,
    evictions: i64,
}

impl Play {
    fn new() -> Self {
        let server = Server {
            role_oid: ROLE,
            statements: Some(Extension { schema: "public".to_owned(), version: (1, 10) }),
            ..fixture::server()
        };
        Self { collector: Statements::default(), server, now: 100_000, reset_at: 2_000, evictions: 0 }
    }

    fn info(&self) -> Table {
        let reset_at = Cell::At(self.reset_at);
        Table(vec![vec![Cell::At(self.now), reset_at, Cell::Int(self.evictions), Cell::Bool(false)]])
    }

    fn say(&mut self, table: &Table) -> Step {
        let answer = Answer { rows: table, took: Duration::ZERO };
        self.collector.answer(&self.server, answer).expect("the answer is understood")
    }

    /// One whole run, ten seconds after the one before.
    fn poll(&mut self, statements: &[Shown]) -> Collected {
        self.begin();
        self.say(&self.info());
        self.say(&counters(statements));
        self.finish(statements)
    }

    fn begin(&mut self) {
        self.now += 10_000;
        self.collector.begin(&self.server).expect("the extension is there");
    }

    fn finish(&mut self, statements: &[Shown]) -> Collected {
        match self.say(&self.info()) {
            Step::Done(collected) => *collected,
            Step::Ask(query) => {
                assert_eq!(query.columns[6], "query", "only texts are asked for now");
                let Step::Done(collected) = self.say(&texts(statements)) else { panic!("not done") };
                *collected
            }
            Step::Explain(_) => panic!("nothing is explained here"),
        }
    }
}

fn counters(statements: &[Shown]) -> Table {
    let row = |shown: &Shown| {
        let mut row =
            vec![Cell::Int(shown.queryid), Cell::Int(shown.user), Cell::Bool(true), dbid(shown), Cell::Null];
        row.extend([Cell::Int(shown.calls), Cell::Int(0), Cell::Float(1.5)]);
        row.extend((0..7).map(|_| Cell::Int(0)));
        row.extend([Cell::Float(0.0), Cell::Float(0.0), Cell::Int(0), Cell::Int(0), Cell::Null]);
        row.extend([
            Cell::Float(0.0),
            Cell::Null,
            Cell::Null,
            Cell::Float(0.1),
            Cell::Float(0.2),
            Cell::Float(0.3),
        ]);
        assert_eq!(row.len(), decode::COLUMNS.len());
        row
    };
    Table(statements.iter().map(row).collect())
}

fn texts(statements: &[Shown]) -> Table {
    let row = |shown: &Shown| {
        let (user, text) = (Cell::Text("app".to_owned()), Cell::Text(shown.text.to_owned()));
        let name = Cell::Text(shown.elsewhere.map_or("shop", |_| "bank").to_owned());
        vec![Cell::Int(shown.queryid), Cell::Int(shown.user), Cell::Bool(true), dbid(shown), name, user, text]
    };
    Table(statements.iter().map(row).collect())
}

/// The calls in the record, in any order.
fn calls(collected: &Collected) -> Vec<i64> {
    let mut calls = collected.records.first().map(|record| record.columns[0].clone()).unwrap_or_default();
    calls.sort_unstable();
    calls
}

fn reasons(collected: &Collected) -> Vec<GapReason> {
    collected.gaps.iter().map(|gap| gap.reason).collect()
}

#[test]
fn the_first_sample_is_a_baseline_and_the_next_a_delta() {
    let mut play = Play::new();
    let first = play.poll(&[shown(1, 5)]);
    assert!(first.records.is_empty());
    assert_eq!(first.gaps, [FoundGap { from: None, to: Timestamp(110_000), reason: GapReason::NotWatched }]);
    assert_eq!(first.entries.len(), 1);
    let second = play.poll(&[shown(1, 8), shown(2, 1)]);
    assert_eq!(calls(&second), [1, 3]);
    assert_eq!(second.gaps, []);
    let record = second.records.into_iter().next().expect("a delta");
    assert_eq!((record.from, record.at), (Timestamp(110_000), Timestamp(120_000)));
    assert!(record.series.is_sorted());
    assert!(calls(&play.poll(&[shown(1, 8), shown(2, 1)])).is_empty(), "nothing moved");
}

#[test]
fn after_a_reset_the_counters_are_the_delta() {
    let mut play = Play::new();
    play.poll(&[shown(1, 50), shown(2, 7)]);
    play.reset_at = 115_000;
    let after = play.poll(&[shown(1, 60)]);
    assert_eq!(calls(&after), [60]);
    assert_eq!(
        after.gaps,
        [FoundGap {
            from: Some(Timestamp(110_000)),
            to: Timestamp(115_000),
            reason: GapReason::CountersReset
        }]
    );
    assert_eq!(after.records.first().expect("a delta").from, Timestamp(115_000));
}

#[test]
fn a_reset_while_the_counters_are_read_counts_nothing_twice() {
    let mut play = Play::new();
    play.poll(&[shown(1, 50)]);
    play.begin();
    play.say(&play.info());
    play.say(&counters(&[shown(1, 55)]));
    play.reset_at = play.now + 1;
    play.now += 2;
    let again = play.say(&play.info());
    assert!(matches!(again, Step::Ask(query) if query.columns == INFO_COLUMNS));
    play.say(&play.info());
    play.say(&counters(&[shown(1, 2)]));
    let collected = play.finish(&[shown(1, 2)]);
    assert_eq!(calls(&collected), [2]);
    assert_eq!(reasons(&collected), [GapReason::CountersReset]);
}

#[test]
fn an_evicted_statement_that_comes_back_counts_from_zero() {
    let mut play = Play::new();
    play.poll(&[shown(1, 50), shown(2, 7)]);
    play.evictions = 1;
    let collected = play.poll(&[shown(1, 3), shown(3, 4)]);
    assert_eq!(calls(&collected), [3, 4]);
    assert_eq!(reasons(&collected), [GapReason::Evicted]);
    let rounds = |collected: &Collected| {
        let record = collected.records.iter().find(|record| record.stream == &streams::EVICTIONS);
        record.map(|record| record.columns[0].clone())
    };
    assert_eq!(rounds(&collected), Some(vec![1]));
    let next = play.poll(&[shown(1, 3), shown(2, 7), shown(3, 4)]);
    assert_eq!(calls(&next), [7], "2 was gone, so it is new");
    assert_eq!(rounds(&next), None);
}

#[test]
fn counters_older_than_a_restart_are_rejected() {
    let mut play = Play::new();
    play.poll(&[shown(1, 50), shown(2, 7)]);
    play.server.started_at = Timestamp(112_000);
    let collected = play.poll(&[shown(1, 30), shown(2, 9)]);
    assert_eq!(calls(&collected), [2]);
    assert_eq!(reasons(&collected), [GapReason::Restarted]);
}

#[test]
fn an_interrupted_sample_is_merged_into_the_next() {
    let mut play = Play::new();
    play.poll(&[shown(1, 50)]);
    play.begin();
    play.say(&play.info());
    play.say(&counters(&[shown(1, 53), shown(2, 1)]));
    // the connection breaks here
    let collected = play.poll(&[shown(1, 54), shown(2, 1)]);
    assert_eq!(calls(&collected), [1, 4]);
    assert_eq!(collected.records.first().expect("a delta").from, Timestamp(110_000));
}

#[test]
fn own_statements_and_those_without_an_id_are_left_out() {
    let mut play = Play::new();
    let own =
        |queryid, calls| Shown { queryid, user: ROLE, calls, text: "SELECT /* basira */ 1", elsewhere: HERE };
    play.poll(&[own(1, 5)]);
    let collected = play.poll(&[own(1, 6), own(2, 1), shown(3, 2)]);
    assert_eq!(calls(&collected), [2]);
    let known: Vec<&SeriesEntry> = collected.entries.iter().collect();
    assert_eq!(known.len(), 1);
    let mut hidden = counters(&[shown(4, 1)]);
    hidden.0[0][0] = Cell::Null;
    play.begin();
    play.say(&play.info());
    play.say(&hidden);
    let collected = play.finish(&[]);
    assert!(collected.notice.is_some_and(|notice| notice.fix.contains("pg_monitor")));
}

#[test]
fn a_counter_that_is_null_is_zero_unless_the_version_lacks_it() {
    for (version, jit) in [((1, 9), crate::model::NULL), ((1, 10), 0)] {
        let mut play = Play::new();
        play.server.statements = Some(Extension { schema: "public".to_owned(), version });
        play.poll(&[shown(1, 5)]);
        let record = play.poll(&[shown(1, 6)]).records.swap_remove(0);
        let cell = |name: &str| record.columns[streams::STATEMENTS.column(name).expect("a column")][0];
        assert_eq!((cell("calls"), cell("wal_bytes"), cell("jit_time_us")), (1, 0, jit), "{version:?}");
    }
}

#[test]
fn without_the_extension_a_fix_is_given() {
    let mut play = Play::new();
    play.server.statements = None;
    let Err(CollectError::Missing { fix, .. }) = play.collector.begin(&play.server) else { panic!("began") };
    assert!(fix.contains("CREATE EXTENSION pg_stat_statements"));
}

#[test]
fn the_same_statement_in_two_databases_is_two_series_of_one_group() {
    let mut play = Play::new();
    play.poll(&[shown(1, 5)]);
    play.server.databases.all = true;
    let elsewhere = |calls| Shown { elsewhere: Some(7), ..shown(1, calls) };
    let wider = play.poll(&[shown(1, 6), elsewhere(40)]);
    assert!(wider.records.is_empty(), "what ran before there was a baseline is not counted");
    assert_eq!(
        wider.gaps,
        [FoundGap { from: Some(Timestamp(110_000)), to: Timestamp(120_000), reason: GapReason::NotWatched }]
    );
    let entry = wider.entries.first().expect("one is new");
    assert_eq!(entry.labels["database_name"], "bank");
    assert_eq!(calls(&play.poll(&[shown(1, 8), elsewhere(43)])), [2, 3]);
    play.server.databases.all = false;
    assert_eq!(reasons(&play.poll(&[shown(1, 9)])), [GapReason::NotWatched]);
    assert_eq!(calls(&play.poll(&[shown(1, 10)])), [1]);
}
