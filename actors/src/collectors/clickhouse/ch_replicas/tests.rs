//! Replicas played by hand; real ones, with a Keeper, are in `tests/it/health/ch_replicas.rs`.

use super::*;
use crate::collect::fixture::{self, Cell, Table};
use crate::model::Timestamp;

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

fn row(host: &str, table: &str, delay: i64, is_readonly: bool, exception: &str) -> Vec<Cell> {
    let named =
        [text(host), text("shop"), text(table), text("r1"), Cell::Bool(true), Cell::Bool(is_readonly)];
    let counts =
        [Cell::Bool(false), Cell::Int(delay), Cell::Int(3), Cell::Int(2), Cell::Int(1), Cell::Int(0)];
    let oldest = Cell::At(if delay > 0 { 90_000 } else { 0 });
    let rest = [oldest, Cell::Int(0), Cell::Int(0), Cell::Int(5), text(exception), text(""), Cell::Null];
    [named.to_vec(), counts.to_vec(), rest.to_vec()].concat()
}

fn entry(table: &str, kind: &str, entries: i64, exception: &str) -> Vec<Cell> {
    let of = [text("a"), text("shop"), text(table), text(kind), Cell::Int(entries), Cell::Int(1)];
    [of.to_vec(), vec![Cell::At(80_000), Cell::Int(7), Cell::Int(0), text(exception), text("")]].concat()
}

fn run(tables: &mut Tables, answers: Vec<Vec<Vec<Cell>>>) -> Box<Collected> {
    let server = Server { major: 2607, ..fixture::server() };
    tables.begin(&server).expect("a question");
    let clock = vec![vec![text("a"), Cell::At(100_000), text("26.7"), Cell::Int(9)]];
    for rows in std::iter::once(clock).chain(answers) {
        let answer = Answer { rows: &Table(rows), took: Duration::ZERO };
        if let Step::Done(collected) = tables.answer(&server, answer).expect("a good answer") {
            return collected;
        }
    }
    let refusal = CollectError::Missing { reason: "no such table".to_owned(), fix: "have it".to_owned() };
    match tables.refused(&server, refusal).expect("enough is known") {
        Step::Done(collected) => collected,
        other => panic!("not done: {other:?}"),
    }
}

fn fresh() -> Tables {
    Tables { stage: Stage::Clock, times: SampleTimes::default(), interner: Interner::default() }
}

fn seen(collected: &Collected) -> std::sync::Arc<Replicas> {
    collected.snapshots[0].get::<Replicas>().expect("replicas")
}

#[test]
fn the_worst_table_counts_and_no_literal_is_stored() {
    let failure =
        "Code: 6. DB::Exception: Cannot parse string 'hunter2' as UInt8: while executing toUInt8('hunter2')";
    let replicas = vec![row("a", "sales", 40, true, failure), row("b", "sales", 0, false, "")];
    let queue = vec![
        entry("sales", "GET_PART", 2, ""),
        entry("sales", "MUTATE_PART", 9, failure),
        entry("gone", "GET_PART", 1, ""),
    ];
    let collected = run(&mut fresh(), vec![replicas, queue]);
    let seen = seen(&collected);
    assert_eq!(seen.worst_delay_seconds(), Some(40));
    let [first, second] = &seen.replicas[..] else { panic!("{:?}", seen.replicas) };
    let shown = (first.is_readonly, first.queue_oldest_time, first.lost_part_count, &*first.host_name);
    assert_eq!(shown, (Some(true), Some(Timestamp(90_000)), Some(5), "a"));
    assert_eq!(
        first.queue.iter().map(|of| (&*of.kind, of.entries)).collect::<Vec<_>>(),
        [("MUTATE_PART", 9), ("GET_PART", 2)]
    );
    assert!(second.queue.is_empty() && second.queue_oldest_time.is_none());
    assert_eq!(first.last_queue_update_exception.as_deref(), first.queue[0].last_exception.as_deref());
    assert_eq!(
        first.last_queue_update_exception.as_deref(),
        Some("Code: 6. Cannot parse string *** as UInt8")
    );
    assert!(!format!("{collected:?}").contains("hunter2"));

    let record = &collected.records[0];
    let of = |name: &str| &record.columns[streams::REPLICATION.column(name).expect("a column")];
    let own = of("is_replica").iter().position(|cell| *cell == 1).expect("the server's own row");
    assert_eq!((of("lag_us")[own], of("lag_bytes")[own], record.series.len()), (40_000_000, NULL, 3));
}

#[test]
fn without_replicated_tables_the_queue_is_not_queried() {
    let collected = run(&mut fresh(), vec![vec![]]);
    assert_eq!((seen(&collected).worst_delay_seconds(), collected.rows), (None, 0));
    let place = streams::REPLICATION.column("is_replica").expect("a column");
    assert_eq!(collected.records[0].columns[place], [0]);
}

#[test]
fn an_unreadable_queue_is_reported() {
    let collected = run(&mut fresh(), vec![vec![row("a", "sales", 1, false, "")]]);
    let notice = collected.notice.as_ref().expect("a notice");
    assert!(notice.reason.contains("no such table") && notice.fix == "have it");
    assert_eq!(seen(&collected).replicas.len(), 1);
}
