//! A server played by hand.

use std::time::Duration;

use super::{DETACHED, OVERRIDES, PARTS, Parts, TABLES};
use crate::collect::fixture::{Cell, Table, server};
use crate::collect::{Answer, CollectError, Collected, Collector as _, Server, Step};
use crate::model::{NULL, PartsSnapshot, StoredTable};

const MINUTE_MS: i64 = 60_000;

fn clickhouse() -> Server {
    Server { major: 2607, ..server() }
}

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

fn limits(at: i64) -> Vec<Vec<Cell>> {
    let row = |replicated, name, value| {
        vec![text("one"), Cell::Bool(replicated), text(name), text(value), Cell::At(at)]
    };
    vec![
        row(false, "parts_to_delay_insert", "1000"),
        row(false, "parts_to_throw_insert", "3000"),
        row(true, "parts_to_delay_insert", "150"),
    ]
}

fn listed(table: &str, engine: &str, changed_at: i64) -> Vec<Cell> {
    let (rows, bytes) =
        if engine == "Log" { (Cell::Int(7), Cell::Int(70)) } else { (Cell::Null, Cell::Null) };
    vec![text("one"), text("shop"), text(table), text(engine), rows, bytes, Cell::At(changed_at)]
}

fn counted(table: &str, parts: i64) -> Vec<Cell> {
    let number = |times: i64| Cell::Int(parts * times);
    let mut row = vec![text("one"), text("shop"), text(table), text("MergeTree"), Cell::Int(1), number(1)];
    row.extend([number(10), number(100), number(40), number(80), number(1), text("202611"), Cell::At(5)]);
    row
}

fn answer(collector: &mut Parts, rows: Vec<Vec<Cell>>) -> Step {
    let answer = Answer { rows: &Table(rows), took: Duration::ZERO };
    collector.answer(&clickhouse(), answer).expect("an answer that is understood")
}

fn asks(step: &Step, sql: &str) -> bool {
    matches!(step, Step::Ask(query) if *query.sql == *sql)
}

/// A run at minute `at` in which detached parts are not counted and definitions only if `overridden`.
fn run(
    collector: &mut Parts,
    at: i64,
    tables: Vec<Vec<Cell>>,
    parts: Vec<Vec<Cell>>,
    overridden: bool,
) -> Collected {
    collector.begin(&clickhouse()).expect("a question");
    assert!(asks(&answer(collector, limits(at * MINUTE_MS)), TABLES));
    let mut step = answer(collector, tables);
    assert_eq!(asks(&step, OVERRIDES), overridden, "{step:?}");
    if overridden {
        let definition = "MergeTree ORDER BY a SETTINGS parts_to_throw_insert = 50";
        step = answer(collector, vec![vec![text("one"), text("shop"), text("orders"), text(definition)]]);
    }
    assert!(asks(&step, PARTS), "{step:?}");
    step = answer(collector, parts);
    if asks(&step, DETACHED) {
        let refusal = CollectError::StatementTimeout;
        step = collector.refused(&clickhouse(), refusal).expect("the rest is known");
    }
    let Step::Done(collected) = step else { panic!("not done: {step:?}") };
    *collected
}

fn table(collected: &Collected, name: &str) -> StoredTable {
    let snapshot = collected.snapshots[0].get::<PartsSnapshot>().expect("what it saw");
    snapshot.tables.iter().find(|table| *table.table == *name).expect("the table").clone()
}

#[test]
fn tables_with_and_without_parts_are_joined() {
    let tables = vec![
        listed("orders", "MergeTree", 1),
        listed("empty", "ReplicatedMergeTree", 1),
        listed("notes", "Log", 1),
        listed("shown", "View", 1),
    ];
    let seen = run(&mut Parts::new(), 1, tables, vec![counted("orders", 3), counted("young", 1)], true);
    let orders = table(&seen, "orders");
    assert_eq!((orders.rows, orders.bytes), (Some(30), Some(300)));
    let parts = orders.parts.expect("parts");
    assert_eq!((parts.active_parts, parts.max_parts_in_partition), (3, 3));
    assert_eq!((parts.parts_to_delay_insert, parts.parts_to_throw_insert), (Some(1000), Some(50)));
    assert_eq!((parts.detached_parts, parts.fullest_partition.as_deref()), (None, Some("202611")));
    let empty = table(&seen, "empty");
    let parts = empty.parts.expect("it may have parts");
    assert_eq!((empty.rows, parts.active_parts, parts.parts_to_delay_insert), (Some(0), 0, Some(150)));
    let notes = table(&seen, "notes");
    assert_eq!((notes.rows, notes.bytes, notes.parts), (Some(7), Some(70), None));
    assert_eq!((table(&seen, "shown").rows, table(&seen, "shown").parts), (None, None));
    assert!(table(&seen, "young").parts.is_some(), "made between the questions");
    let notice = seen.notice.expect("detached parts were not counted");
    assert!(notice.reason.starts_with("detached parts are not counted"), "{notice:?}");
}

#[test]
fn changed_tables_are_stored_at_once_and_all_once_an_hour() {
    let mut collector = Parts::new();
    let tables = |changed_at| vec![listed("orders", "MergeTree", changed_at), listed("notes", "Log", 1)];
    let first = run(&mut collector, 1, tables(1), vec![counted("orders", 3)], true);
    assert_eq!((first.records[0].series.len(), first.gaps.len()), (2, 1));
    let same = run(&mut collector, 2, tables(1), vec![counted("orders", 3)], false);
    assert!(same.records.is_empty() && same.gaps.is_empty(), "{same:?}");
    let more = run(&mut collector, 3, tables(1), vec![counted("orders", 4)], false);
    let record = &more.records[0];
    assert_eq!((record.from.as_millis(), record.at.as_millis()), (2 * MINUTE_MS, 3 * MINUTE_MS));
    let cells: Vec<i64> = record.columns.iter().take(4).map(|column| column[0]).collect();
    assert_eq!((record.series.len(), cells), (1, vec![40, 400, 4, 4]));
    // definitions are read again when a table was altered, and once an hour
    run(&mut collector, 4, tables(2), vec![counted("orders", 4)], true);
    let late = run(&mut collector, 64, tables(2), vec![counted("orders", 4)], true);
    assert_eq!((late.records[0].series.len(), late.gaps.len()), (2, 1), "{late:?}");
    assert!(late.records[0].columns[2].contains(&NULL), "a log has no parts");
    // two runs within a second of the server's clock
    let again = run(&mut collector, 64, tables(2), vec![counted("orders", 5)], false);
    assert!(again.records[0].from < again.records[0].at);
}

#[test]
fn a_definition_that_may_change_again_within_its_second_is_read_again() {
    let mut collector = Parts::new();
    let tables = || vec![listed("orders", "MergeTree", MINUTE_MS - 1000)];
    run(&mut collector, 1, tables(), vec![], true);
    run(&mut collector, 2, tables(), vec![], true);
    run(&mut collector, 3, tables(), vec![], false);
}
