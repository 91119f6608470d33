//! Server metrics played by hand: refused questions, and a restart.

use super::*;
use crate::collect::fixture::{self, Cell, Table};

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

fn fresh() -> Box<dyn Collector> {
    (SPEC.start)()
}

/// A run at `at` seconds in which `queries` were counted; the table of asynchronous metrics is missing.
fn run(metrics: &mut dyn Collector, at: i64, uptime: i64, queries: i64) -> Box<Collected> {
    let server = Server { major: 2607, ..fixture::server() };
    let counter = |kind: &str, name: &str, amount: i64| {
        vec![text("a"), text("26.7"), Cell::Int(uptime), text(kind), text(name), Cell::Int(amount)]
    };
    let mut step = metrics.begin(&server).expect("a question");
    loop {
        let rows = match step {
            Step::Done(collected) => return collected,
            Step::Ask(query) if query.columns == decode::RESIDENT_COLUMNS => {
                let reason = "no asynchronous_metrics".to_owned();
                let refusal = CollectError::Missing { reason, fix: String::new() };
                step = metrics.refused(&server, refusal).expect("it can do without");
                continue;
            }
            Step::Ask(query) if query.columns == decode::COUNTER_COLUMNS => {
                vec![counter("metric", "Query", 2), counter("event", "Query", queries)]
            }
            Step::Ask(query) if query.columns == decode::LIMIT_COLUMNS => vec![vec![text("a"), Cell::Int(0)]],
            Step::Ask(query) if query.columns == decode::DISK_COLUMNS => {
                vec![vec![text("a"), text("d"), text("/d/"), Cell::Null, Cell::Int(1), Cell::Int(4)]]
            }
            _ => vec![vec![text("a"), Cell::At(at * 1000), text("26.7"), Cell::Int(uptime)]],
        };
        let answer = Answer { rows: &Table(rows), took: Duration::ZERO };
        step = metrics.answer(&server, answer).expect("a good answer");
    }
}

/// The rate shown, and what is stored: queries, and the microseconds that they are about.
fn counted(collected: &Collected) -> (Option<f64>, i64, i64) {
    let seen = collected.snapshots[0].get::<ServerMetrics>().expect("metrics");
    let record = &collected.records[0];
    let cell = |name: &str| record.columns[streams::SERVER_METRICS.column(name).expect("a column")][0];
    (seen.own.queries.per_second, cell("queries"), cell("counted_us"))
}

#[test]
fn rates_are_null_at_first_and_after_a_restart() {
    let mut metrics = fresh();
    let first = run(&mut *metrics, 100, 50, 1000);
    assert_eq!(counted(&first), (None, NULL, NULL));
    assert_eq!(counted(&run(&mut *metrics, 110, 60, 1025)), (Some(2.5), 25, 10_000_000));
    let again = run(&mut *metrics, 120, 4, 30);
    assert_eq!(
        counted(&again),
        (None, 30, 4_000_000),
        "what was counted since the start is known all the same"
    );
    assert_eq!(again.gaps.iter().map(|gap| gap.reason).collect::<Vec<_>>(), [GapReason::Restarted]);
    assert_eq!(counted(&run(&mut *metrics, 130, 14, 40)).0, Some(1.0));
}

#[test]
fn unreadable_metrics_are_null_and_reported() {
    let collected = run(&mut *fresh(), 100, 50, 1000);
    let seen = collected.snapshots[0].get::<ServerMetrics>().expect("metrics");
    assert_eq!((seen.own.memory.resident_bytes, seen.own.memory.limit_bytes), (None, None));
    assert_eq!(seen.own.disks[0].used_pct, Some(75.0));
    assert_eq!((seen.own.queries.running, seen.hosts.len()), (Some(2), 1));
    let notice = collected.notice.expect("a notice");
    assert_eq!(notice.reason, "resident memory is not known: no asynchronous_metrics");
}
