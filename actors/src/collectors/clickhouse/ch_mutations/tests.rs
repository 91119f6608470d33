//! A server played by hand.

use std::time::Duration;

use super::{Mutations, RUNNING};
use crate::collect::fixture::{Cell, Table, server};
use crate::collect::{Answer, CollectError, Collector as _, Server, Step};
use crate::model::{Mutation, MutationSnapshot};

const MINUTE: i64 = 60;

fn clickhouse() -> Server {
    Server { major: 2607, ..server() }
}

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

/// A row: how old the mutation is, how many parts are left, what is known of its end, and why it fails.
fn row(age_seconds: i64, parts: i64, done: bool, killed: Option<bool>, reason: &str) -> Vec<Cell> {
    let failed_part = if reason.is_empty() { "" } else { "all_1_1_0" };
    vec![
        text("one"),
        text("shop"),
        text("orders"),
        text("mutation_2.txt"),
        text("(DELETE WHERE name = 'hunter2')"),
        Cell::At(60_000),
        Cell::Int(age_seconds),
        Cell::Int(parts),
        Cell::Bool(done),
        killed.map_or(Cell::Null, Cell::Bool),
        text(failed_part),
        Cell::At(0),
        text(reason),
        text(""),
    ]
}

/// One look; `merges` are the tables whose parts are being rewritten, if that is asked for.
fn look(collector: &mut Mutations, rows: Vec<Vec<Cell>>, merges: Option<Vec<Vec<Cell>>>) -> Vec<Mutation> {
    let server = clickhouse();
    collector.begin(&server).expect("a question");
    let mut step = answer(collector, rows);
    if let Some(merges) = merges {
        assert!(matches!(&step, Step::Ask(query) if *query.sql == *RUNNING), "{step:?}");
        step = answer(collector, merges);
    }
    mutations(step)
}

fn answer(collector: &mut Mutations, rows: Vec<Vec<Cell>>) -> Step {
    let answer = Answer { rows: &Table(rows), took: Duration::ZERO };
    collector.answer(&clickhouse(), answer).expect("an answer that is understood")
}

fn mutations(step: Step) -> Vec<Mutation> {
    let Step::Done(collected) = step else { panic!("not done: {step:?}") };
    let snapshot = collected.snapshots[0].get::<MutationSnapshot>().expect("what it saw");
    snapshot.mutations.clone()
}

#[test]
fn a_failing_mutation_is_stuck_until_it_ends() {
    let reason =
        "Code: 6. DB::Exception: Cannot parse string 'hunter2' as UInt64 (CANNOT_PARSE_TEXT) (version 1)";
    let cases = [
        (row(1, 1, false, Some(false), reason), true),
        (row(1, 1, false, None, reason), true),
        (row(1, 1, false, Some(true), reason), false),
        (row(1, 0, true, Some(false), reason), false),
        (row(1, 1, false, Some(false), ""), false),
    ];
    for (row, stuck) in cases {
        let shown = &look(&mut Mutations::default(), vec![row.clone()], None)[0];
        assert_eq!(shown.stuck, stuck, "{row:?}");
        assert_eq!(shown.command, "(DELETE WHERE name = $1)");
        assert!(!format!("{shown:?}").contains("hunter2"), "{shown:?}");
        assert_eq!((shown.latest_fail_time, shown.latest_fail_error_code_name.as_ref()), (None, None));
    }
}

#[test]
fn a_mutation_without_progress_is_stuck() {
    let mut collector = Mutations::default();
    let open = |age, parts| vec![row(age, parts, false, Some(false), "")];
    let stuck = |collector: &mut Mutations, age, parts| look(collector, open(age, parts), None)[0].stuck;
    // an old one may be getting on well: nobody looked before
    assert!(!stuck(&mut collector, 100 * MINUTE, 5));
    assert!(!stuck(&mut collector, 114 * MINUTE, 4), "a part is done");
    assert!(!stuck(&mut collector, 128 * MINUTE, 4));
    assert!(look(&mut collector, open(129 * MINUTE, 4), Some(vec![]))[0].stuck);
    let of = |table: &str| vec![vec![text("one"), text("shop"), text(table)]];
    assert!(look(&mut collector, open(130 * MINUTE, 4), Some(of("others")))[0].stuck);
    assert!(!look(&mut collector, open(131 * MINUTE, 4), Some(of("orders")))[0].stuck, "its part is large");
    assert!(!stuck(&mut collector, 132 * MINUTE, 3), "another part is done");
    assert!(!stuck(&mut collector, 190 * MINUTE, 0), "it waits for an insert");
    // gone, and another of the same name: a table that was recreated
    assert!(look(&mut collector, vec![], None).is_empty());
    assert!(!stuck(&mut collector, 20 * MINUTE, 3));
}

#[test]
fn mutations_are_shown_when_running_merges_cannot_be_read() {
    let mut collector = Mutations::default();
    let open = |age: i64| vec![row(age, 5, false, Some(false), "")];
    look(&mut collector, open(0), None);
    collector.begin(&clickhouse()).expect("a question");
    answer(&mut collector, open(20 * MINUTE));
    let step = collector.refused(&clickhouse(), CollectError::StatementTimeout).expect("enough is known");
    assert!(mutations(step)[0].stuck);
    collector.begin(&clickhouse()).expect("a question");
    collector.refused(&clickhouse(), CollectError::StatementTimeout).expect_err("nothing is known");
}
