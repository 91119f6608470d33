//! A server played by hand: what the collector makes of waits, holders, prepared transactions and hidden sessions.

use super::*;
use crate::collect::FoundGap;
use crate::collect::fixture::{self, Cell, Table};
use crate::model::{GapReason, Lock};

const AT: i64 = 100_000;

fn text(text: &str) -> Cell {
    if text.is_empty() { Cell::Null } else { Cell::Text(text.to_owned()) }
}

/// One lock: who, what of which target, since when it is waited for (0: it is held), and who blocks.
fn lock(pid: i64, mode: &str, target: &str, since: i64, blocking: &[i64], query: &str) -> Vec<Cell> {
    let granted = since == 0;
    vec![
        Cell::Int(pid),
        Cell::At(AT),
        Cell::Int(7),
        text(target.split('/').next().unwrap_or_default()),
        text(mode),
        Cell::Bool(granted),
        if granted { Cell::Null } else { Cell::At(since) },
        text(target),
        text("public"),
        text("orders"),
        if granted { Cell::Null } else { Cell::Ints(blocking.to_vec()) },
        Cell::Null,
        text("ann"),
        text("shop"),
        text("till"),
        text(if pid == 0 { "prepared" } else { "active" }),
        Cell::At(AT - 60_000),
        text(if pid == 0 { "gid" } else { "" }),
        text(query),
    ]
}

fn server() -> Server {
    Server { raw_query_text: true, ..fixture::server() }
}

fn look(collector: &mut Locks, rows: Vec<Vec<Cell>>) -> Collected {
    let answer = Answer { rows: &Table(rows), took: Duration::ZERO };
    match collector.answer(&server(), answer).expect("the answer is understood") {
        Step::Done(collected) => *collected,
        other => panic!("not done: {other:?}"),
    }
}

fn locks(collected: &Collected) -> Vec<Lock> {
    collected.snapshots[0].get::<LockSnapshot>().expect("locks").locks.clone()
}

#[test]
fn waiting_locks_come_first_then_blocking_ones_and_only_these_are_stored() {
    let rows = vec![
        lock(3, "AccessExclusiveLock", "relation/5/1", AT - 900, &[2, 1, 2], "lock table orders"),
        lock(2, "RowExclusiveLock", "relation/5/1", AT - 500, &[1], "update orders set note = 'secret'"),
        lock(1, "ShareLock", "relation/5/1", 0, &[], "select 'secret'"),
        lock(1, "AccessShareLock", "relation/5/2", 0, &[], "select 'secret'"),
        lock(4, "AccessShareLock", "relation/5/1", 0, &[], ""),
    ];
    let collected = look(&mut Locks::default(), rows);
    let locks = locks(&collected);
    let shown: Vec<_> = locks.iter().map(|lock| (lock.pid, lock.duration_ms, lock.blocks_others)).collect();
    assert_eq!(
        shown,
        [
            (3, Some(900), false),
            (2, Some(500), false),
            (1, Some(60_000), true),
            (4, Some(60_000), true),
            (1, Some(60_000), false)
        ]
    );
    assert_eq!((locks[0].blocked_by_pid, &locks[0].blocking_pids[..]), (Some(1), &[2, 1][..]));
    assert!(!format!("{locks:?} {:?}", collected.dictionary).contains("secret"), "a literal got out");
    let series = &collected.records[0].series;
    assert_eq!(series[..], [0, 2 * 16, 3 * 16, 4 * 16, 5 * 16]);
    assert_eq!(collected.snapshots[0].get::<LockSnapshot>().expect("locks").total, 7);
}

#[test]
fn the_lock_awaited_longest_comes_first() {
    let rows = vec![
        lock(3, "ShareLock", "transactionid/7", AT - 900, &[1], "update a set b = 1"),
        lock(2, "AccessExclusiveLock", "relation/5/1", AT - 500, &[1], "lock table a"),
        lock(1, "RowExclusiveLock", "relation/5/1", 0, &[], ""),
        lock(1, "ExclusiveLock", "transactionid/7", 0, &[], ""),
    ];
    let locks = locks(&look(&mut Locks::default(), rows));
    assert_eq!(locks[2].mode.as_deref(), Some("ExclusiveLock"));
    let tree = crate::analysis::lock_tree(&locks);
    assert_eq!((tree[0].pid, tree[0].mode.as_deref()), (1, Some("ExclusiveLock")));
}

#[test]
fn a_prepared_transaction_has_pid_0() {
    let rows = vec![
        lock(9, "ShareLock", "transactionid/7", AT - 5, &[0], "update a set b = 1"),
        lock(0, "ExclusiveLock", "transactionid/7", 0, &[], ""),
    ];
    let collected = look(&mut Locks::default(), rows);
    assert_eq!(locks(&collected)[1].prepared_transaction.as_deref(), Some("gid"));
    assert_eq!(collected.records[0].series[..], [0, 16, 160]);
}

#[test]
fn an_empty_sample_is_stored_and_a_late_one_leaves_a_gap() {
    let mut collector = Locks::default();
    let nothing = |at| {
        let mut row = vec![Cell::Null; COLUMNS.len()];
        row[1] = Cell::At(at);
        vec![row]
    };
    let first = look(&mut collector, nothing(AT));
    assert_eq!((first.records[0].series.len(), first.rows), (1, 0));
    assert_eq!(first.gaps, [FoundGap { from: None, to: Timestamp(AT), reason: GapReason::NotWatched }]);
    assert!(look(&mut collector, nothing(AT + 5_000)).gaps.is_empty());
    let late = look(&mut collector, nothing(AT + 25_000));
    let gap = FoundGap {
        from: Some(Timestamp(AT + 5_000)),
        to: Timestamp(AT + 25_000),
        reason: GapReason::Unreachable,
    };
    assert_eq!(late.gaps, [gap]);
}

#[test]
fn hidden_sessions_are_reported_with_the_fix() {
    let hidden = |pid| lock(pid, "ShareLock", "relation/5/1", 0, &[], "<insufficient privilege>");
    let collected = look(&mut Locks::default(), vec![hidden(1), hidden(1), hidden(2)]);
    let notice = collected.notice.as_ref().expect("a notice");
    assert!(notice.reason.contains("2 sessions") && notice.fix.contains("pg_monitor"), "{notice:?}");
    assert_eq!(locks(&collected)[0].query_text, None);
}
